"""What a run says of a session, slot by slot: a table and a page; nobody's labels are looked at."""

from __future__ import annotations

import contextlib
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec
import numpy as np

from taver.core import atomic
from taver.core.errors import DataError, NotFoundError, TaverError
from taver.core.private import make_private_folder
from taver.core.progress import Silent
from taver.core.storage import explained
from taver.dataset import read as datasets
from taver.training import engine, evaluate, judging, runs
from taver.training.attention import write as attending
from taver.training.training import check_fits

if TYPE_CHECKING:
    from collections.abc import Iterator

    from taver.core.progress import Progress
    from taver.core.study import Study
    from taver.dataset.read import Dataset, Recording
    from taver.training.config import Device
    from taver.training.postprocess import How

FOLDER: Final = "predictions"


class Predicted(NamedTuple):
    """Where the predictions of a session are, and what has to be known about them."""

    table: Path
    page: Path
    slots: int
    interpolated: int  # of them: no face was found there
    notes: tuple[str, ...]
    attention: tuple[Path, ...] = ()  # pages that show where was looked


def predict(
    folder: Path,
    session: str,
    *,
    study: Study | None = None,
    store: Any = None,
    post: How | None = None,
    attention: bool = False,
    device: Device | None = None,
    progress: Progress | None = None,
) -> Predicted:
    """Write predictions of a session into the run's folder.

    Its pictures are those in `store`, or, without one, cut anew from the study's recordings: the
    stretches that were rated, or all of a session that nobody rated. It is computed on `device`;
    without one where the run was trained, if there is such a device.
    """
    run = runs.finished(folder)
    if attention:
        attending.check(run.config)
    how: How = run.config.protocol.post if post is None else post
    fitted = evaluate.posts_of(run, "frame", how, given=post is not None)
    told = progress or Silent()
    machine = engine.here(run.config.machine, device)
    with _pictures(run, session, study, store, told) as (data, recordings):
        check_fits(data, run.config)
        with engine.threads(machine):
            model, where = judging.loaded(folder, run, machine)
            told.begin(f"predicting {session}", sum(one.slots for one in recordings))
            said = judging.say(model, recordings, run.config, "frame", where, told=told.advance)
            simulated = data.simulated or any(one.simulated for one in recordings)
            seen: tuple[Path, ...] = ()
            if attention:
                seen = attending.write(
                    _folder(folder), recordings, model, run.config, where,
                    simulated=simulated or run.about.simulated, progress=told,
                )  # fmt: skip
        notes = tuple(_notes(run, recordings, fitted=bool(fitted), cut_anew=store is None))
        rate = judging.rate_hz(recordings, run.config, "frame")
    if not said:
        raise DataError(
            f"No face of session {session} can be seen in what the model looks at",
            fix="look at faces.html of the session; a face that was not found cannot be judged",
        )
    targets = run.config.targets
    processed = [evaluate.processed_by(one, fitted, targets, rate) for one in said]
    columns, rows = evaluate.table_of(said, processed, targets)
    kept = [place for place, name in enumerate(columns) if not name.endswith("_true")]
    table = _folder(folder) / f"{session}.csv"
    columns, rows = [columns[p] for p in kept], [[row[p] for p in kept] for row in rows]
    runs.write_table(table, columns, rows)
    page = folder / FOLDER / f"{session}.html"
    atomic.write_bytes(page, _page(session, columns, rows, run, simulated, notes).encode())
    return Predicted(
        table=table,
        page=page,
        slots=len(rows),
        interpolated=int(sum(one.interpolated.sum() for one in said)),
        notes=notes,
        attention=seen,
    )


def _folder(run: Path) -> Path:
    """Return where the run's predictions go."""
    with explained(run):
        if not (run / FOLDER).exists():
            make_private_folder(run / FOLDER)
    return run / FOLDER


def _page(
    session: str,
    columns: list[str],
    rows: list[list[Any]],
    run: runs.Run,
    simulated: bool,
    notes: tuple[str, ...],
) -> str:
    import pandas as pd

    from taver.training.report import session as report

    table = pd.DataFrame(rows, columns=columns)
    for name in ("time_s", *run.config.targets):
        table[name] = table[name].replace("", np.nan).astype(float)
    return report.page_of(
        session, table, run.config.targets, simulated=simulated or run.about.simulated, notes=notes
    )


def _notes(
    run: runs.Run, recordings: tuple[Recording, ...], *, fitted: bool, cut_anew: bool
) -> Iterator[str]:
    parts = {person: part for part, people in run.about.people.items() for person in people}
    for person in sorted({one.participant for one in recordings}):
        if person in parts:
            yield f"{person} was seen in training (part {parts[person]})"
    if run.about.simulated and not all(one.simulated for one in recordings):
        yield "The run was trained on simulated people"
    if "thermal" in run.config.modalities:
        without = sorted(one.name for one in recordings if one.relaxing_face_k is None)
        if without and run.config.scaling.thermal == "relaxing":
            yield f"Without a relaxing phase, so their heat is absolute: {', '.join(without)}"
    if cut_anew and not run.about.cut:
        yield (
            "How the pictures of the run's dataset were cut is not known: this session's are cut "
            "as the study's build.toml says now"
        )
    if not fitted:
        yield "No post-processing"


@contextlib.contextmanager
def _pictures(
    run: runs.Run, session: str, study: Study | None, store: Any, progress: Progress
) -> Iterator[tuple[Dataset, tuple[Recording, ...]]]:
    """Give a dataset with all of the session in it; one that is made for it is deleted again."""
    if store is not None:
        data = datasets.open(store)
        yield data, _of_session(data, session)
        return
    if study is None:
        raise NotFoundError(
            f"There is no study here in which session {session} could be",
            fix="change to the study's folder, or give --data DATASET",
        )
    with tempfile.TemporaryDirectory(prefix="taver-predict-") as folder:
        made = Path(folder) / "session.zarr"
        _build(study, session, run, made, progress)
        data = datasets.open(made)
        yield data, _of_session(data, session)


def _of_session(data: Dataset, session: str) -> tuple[Recording, ...]:
    found = tuple(one for one in data.recordings.values() if one.session == session)
    if not found:
        known = sorted({one.session for one in data.recordings.values() if one.session})
        raise NotFoundError(
            f"{data.where} has no session {session!r}",
            fix=f"choose one of: {', '.join(known) or 'none: it names no sessions'}",
        )
    return found


def _build(study: Study, session: str, run: runs.Run, made: Path, progress: Progress) -> None:
    """Cut the session's pictures as those of the run's dataset, whatever build.toml says now."""
    from taver.core.consent import Audience
    from taver.core.frames import Modality
    from taver.core.session.folder import find
    from taver.dataset import config as building
    from taver.dataset.build.run import build
    from taver.dataset.select import ClipOptions

    find(study, session)  # a name that is mistyped is told before anything is made
    own, cut = study.folder / building.FILE, run.about.cut
    if cut:
        base = msgspec.convert(cut, building.BuildConfig)
    else:
        base = building.load(own) if own.is_file() else building.BuildConfig()
    seen = [Modality(name) for name in run.config.modalities]
    if base.crop == "frame" and Modality.THERMAL in seen:
        seen.append(Modality.DEPTH)  # by which heat is laid over colour
    wanted = msgspec.structs.replace(
        base,
        sessions=(),
        modalities=tuple(seen),
        size_px=run.config.model.size_px,
        unlabelled="keep",
        raters=0,
        clips=ClipOptions(length=1),  # one face is enough to say something
    )
    try:
        build(
            study, str(made), wanted, audience=Audience.LAB, names=[session],
            receipts=False, progress=progress,
        )  # fmt: skip
    except TaverError as error:
        raise type(error)(
            f"The pictures of session {session} cannot be cut: {error.what}",
            fix=error.fix,
            problems=error.problems,
        ) from None
