"""The labels of one session: what raters said of its clips becomes labels.zarr and two tables."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from taver.core import atomic, lock, receipt
from taver.core.errors import DataError, InputError, NotFoundError, TaverError
from taver.core.frames import Modality
from taver.core.receipt import Stage
from taver.core.session import agreed
from taver.core.session.folder import find
from taver.core.session.manifest import software
from taver.labels import figures, make, store, table
from taver.labels.reference import Reference
from taver.labels.trace import Dimension

if TYPE_CHECKING:
    from collections.abc import Sequence

    from taver.core.session.folder import Session
    from taver.core.study import Study
    from taver.labels.make import Clipped
    from taver.labels.options import Options
    from taver.labels.trace import Rated


class Made(NamedTuple):
    """What came of a session."""

    session: str
    clips: int
    frames: int
    raters: int  # ratings that count, over all clips
    wanted: int
    notes: tuple[str, ...] = ()
    skipped: bool = False  # nothing had changed since it was made


def label(
    study: Study,
    name: str,
    rated: Sequence[Rated],
    options: Options,
    *,
    source: str,
    again: bool = False,
) -> Made:
    """Write the labels and figures of a session, unless they are there and nothing changed.

    `source` says where the ratings were read from.
    """
    session = find(study, name)
    _refuse_others(session, rated)
    agreed.require(study, session.manifest, (Modality.COLOR,))  # what raters were shown
    if not any(one.ratings for one in rated):
        raise NotFoundError(
            f"Nobody has rated anything of session {name} yet ({source})",
            fix="when raters are done: taver labels --session "
            f"{name}; clips are given out with taver annotate",
        )
    ratings = {"source": source, "ratings": digest(rated)}
    for one in rated:
        make.refuse_impossible(one)
    settings, inputs = options.told(), list[Path]()
    reference = Reference(options.reference) if options.reference is not None else None
    if options.reference is not None and reference is not None:
        if len(rated) > 1:
            reference.refuse_several(f"{len(rated)} clips of session {name}")
        inputs.append(options.reference)
        settings["reference"] = receipt.fingerprint(options.reference)
    with lock.held(session.folder, f"Session {name}"):
        if not again:
            before = _unchanged(study, session, ratings, settings)
            if before is not None:
                return before
        clips = [
            clip
            for one in sorted(rated, key=lambda one: int(one.clip.frame_unix_ns[0]))
            if (clip := make.made(one, options, reference.of(one.clip) if reference else {}))
        ]
        if not clips:
            raise NotFoundError(
                f"No rating of session {name} counts",
                fix="each was left out by a lead, or says nothing: see the dashboard",
                problems=[f"{one.clip.name}: {why}" for one in rated for why in _whys(one)],
            )
        if reference is not None:
            _refuse_useless(options, rated, reference)
        made = _made(session, clips, rated)
        _write(study, session, clips, made, ratings, settings, inputs)
    return made


def digest(rated: Sequence[Rated]) -> str:
    """Return what tells these ratings from any others."""
    whole = hashlib.sha256()
    for one in sorted(rated, key=lambda one: one.clip.name):
        times = np.asarray(one.clip.frame_unix_ns, dtype="<i8")
        _add(whole, one.clip.name, one.wanted, one.phase, times.tobytes())
        for rating in sorted(one.ratings, key=lambda rating: rating.rater):
            _add(whole, rating.rater, rating.excluded)
            for dimension in Dimension:
                trace = rating.traces.get(dimension)
                if trace is not None:
                    _add(
                        whole,
                        dimension.value,
                        trace.unix_ns.astype("<i8").tobytes(),
                        trace.values.astype("<f8").tobytes(),
                    )
    return f"sha256:{whole.hexdigest()}"


def _add(whole: Any, *parts: object) -> None:
    for part in parts:
        data = part if isinstance(part, bytes) else str(part).encode()
        whole.update(len(data).to_bytes(8, "little") + data)


def _refuse_others(session: Session, rated: Sequence[Rated]) -> None:
    others = sorted({one.clip.session for one in rated} - {session.name})
    if others:
        raise InputError(
            f"These clips are of {', '.join(others)}, not of {session.name}",
            fix="give each session its own clips",
        )
    called = [one.clip.name for one in rated]
    twice = sorted({name for name in called if called.count(name) > 1})
    if twice:
        raise DataError(
            f"Session {session.name} has two clips called {', '.join(twice)}",
            fix="rename one: a clip is a group of labels.zarr",
        )


def _refuse_useless(options: Options, rated: Sequence[Rated], reference: Reference) -> None:
    if not any(reference.of(one.clip) for one in rated):
        raise InputError(
            f"{options.reference} tells of no clip of this session",
            fix="its column clip has to name one of: "
            + ", ".join(sorted(one.clip.name for one in rated))
            + "; times are unix_ns, or seconds from the clip's first frame",
        )


def _whys(rated: Rated) -> list[str]:
    return [f"{rating.rater}: {rating.excluded or 'said nothing'}" for rating in rated.ratings]


def _write(
    study: Study,
    session: Session,
    clips: Sequence[Clipped],
    made: Made,
    ratings: dict[str, Any],
    settings: dict[str, Any],
    inputs: list[Path],
) -> None:
    receipt.write(
        study,
        session,
        Stage.RATERS,
        inputs=(),
        outputs=(),
        settings=ratings,
        done=made.raters,
        wanted=made.wanted,
    )
    simulated = session.manifest.simulated
    attributes = {
        "session": session.name,
        "simulated": simulated,
        "settings": settings,
        "software": software(),
        "source": ratings["source"],
        "notes": list(made.notes),
    }
    labelled = [clip.labelled for clip in clips]
    path = store.write(session, labelled, attributes)
    sheet = session.folder / table.FILE
    atomic.write_bytes(sheet, table.table_of(session.name, labelled, simulated))
    figures_sheet = session.folder / figures.FILE
    atomic.write_bytes(figures_sheet, figures.table_of(session.name, labelled, simulated))
    receipt.write(
        study,
        session,
        Stage.FUSED,
        inputs=[receipt.path_of(session, Stage.RATERS), *inputs],
        outputs=[path, sheet, figures_sheet],
        settings=settings,
    )


def _made(session: Session, clips: Sequence[Clipped], rated: Sequence[Rated]) -> Made:
    done = sum(len(clip.raters) for clip in clips)
    unrated = sorted({one.clip.name for one in rated} - {clip.labelled.name for clip in clips})
    notes = [f"{clip.labelled.name}: {note}" for clip in clips for note in clip.notes]
    notes += [f"{name}: nobody has rated it yet" for name in unrated]
    return Made(
        session.name,
        len(clips),
        sum(len(clip.labelled.columns["frame_unix_ns"]) for clip in clips),
        done,
        max(sum(one.wanted for one in rated), done),
        tuple(notes),
    )


def _unchanged(
    study: Study, session: Session, ratings: dict[str, Any], settings: dict[str, Any]
) -> Made | None:
    """Return what was made before, if it is whole and would be the same again."""
    try:
        raters = receipt.progressed(study, session, Stage.RATERS)
        fused = receipt.progressed(study, session, Stage.FUSED)
        if raters.receipt is None or fused.receipt is None or fused.stale_because:
            return None
        same = raters.receipt.settings == ratings and fused.receipt.settings == settings
        sheets = [session.folder / name for name in (table.FILE, figures.FILE)]
        if not same or not all(sheet.is_file() for sheet in sheets):
            return None
        root = store.open_labels(session)
    except TaverError:
        return None  # what cannot be read is made again
    frames = [clip["frame_unix_ns"].shape[0] for _, clip in root.groups()]
    return Made(
        session.name,
        len(frames),
        sum(frames),
        raters.receipt.done or 0,
        raters.receipt.wanted or 0,
        tuple(root.attrs.get("notes", ())),
        skipped=True,
    )
