"""Writes a folder with all annotations: all of it or nothing."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from annotate_web.exchange import formats, table
from annotate_web.exchange.gather import Gathered, gather
from annotate_web.lead.rated import in_use
from taver.core import atomic
from taver.core.errors import AlreadyThereError, NotFoundError
from taver.core.storage import explained

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from annotate_web.db.open import Database
    from annotate_web.exchange.formats import Format


def export(
    database: Database, folder: Path, *, sessions: Sequence[str] = (), endings: Sequence[str] = ()
) -> list[Path]:
    """Write the clips of these sessions (of all, without) in these formats; return the files."""
    with explained(folder):
        if folder.exists():
            raise AlreadyThereError(f"{folder} exists already", fix="choose another folder")
        if not folder.parent.is_dir():
            raise NotFoundError(f"There is no folder {folder.parent}", fix="make it first")
    wanted = [formats.called(ending) for ending in endings] or list(formats.usable())
    with database.reading() as connection:
        gathered = gather(connection, _clips(connection, sessions))
    files = dict(_files(gathered, wanted))
    with atomic.replacing_folder(folder) as beside:
        for name, data in files.items():
            path = beside / name
            with explained(folder / name):
                path.parent.mkdir(exist_ok=True)
                path.write_bytes(data)
    return [folder / name for name in files]


def _clips(connection: Any, sessions: Sequence[str]) -> list[Any]:
    rows = list(in_use(connection))
    known = {row.session for row in rows}
    unknown = [name for name in sessions if name not in known]
    if unknown or not rows:
        raise NotFoundError(
            f"There are no clips of {', '.join(unknown)}" if unknown else "There are no clips yet",
            fix=f"clips there are of: {', '.join(sorted(known))}"
            if known
            else "taver annotate add --session NAME",
        )
    return [row for row in rows if not sessions or row.session in sessions]


def _files(gathered: Gathered, wanted: Sequence[Format]) -> Iterator[tuple[str, bytes]]:
    yield "provenance.json", json.dumps(gathered.provenance, ensure_ascii=False, indent=1).encode()
    yield "events.csv", table.events_csv(gathered)
    for one in wanted:
        if one.whole:
            stem = "annotations" if one.ending == "json" else "tracks"
            yield f"{stem}.{one.ending}", one.write(gathered)
            continue
        for clip in gathered.clips:
            alone = gathered._replace(clips=[clip])
            yield f"elan/{clip.clip.name}.{one.ending}", one.write(alone)
