"""What a dataset needs and is not there yet: faces and labels, made on the way.

They are made the way they were made before, if they were: by the settings that stand in them.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any, Final

import msgspec

from taver.core import receipt
from taver.core.errors import NotFoundError, TaverError
from taver.core.frames import Modality
from taver.core.receipt import Stage
from taver.core.session import manifest
from taver.core.session.footage import Footage
from taver.faces import store
from taver.faces.jobs import run as find_faces
from taver.faces.options import Options
from taver.labels.options import Options as LabelOptions
from taver.labels.store import open_labels

if TYPE_CHECKING:
    from collections.abc import Sequence

    from taver.core.progress import Progress
    from taver.core.study import Study
    from taver.dataset.build.plan import Chosen
    from taver.dataset.config import BuildConfig

# How long a step takes against another, so that the time left is right: a frame followed and then
# carried to depth and heat, a slot cut.
_FACES: Final = 4
_CUT: Final = 2
_STEPS_OF_FACES: Final = 2


class Bar:
    """One bar for all that is done; a stage inside of it counts its own steps."""

    def __init__(self, progress: Progress, title: str, faces: int, slots: int) -> None:
        self._progress = progress
        self._left = faces * _FACES * _STEPS_OF_FACES + slots * _CUT
        self._weight = _FACES
        progress.begin(title, max(self._left, 1))

    def begin(self, title: str, total: int) -> None:
        """Say nothing: the bar counts everything together."""

    def advance(self, steps: int = 1) -> None:
        """Say that steps of what is under way are done."""
        self._step(steps * self._weight)

    def cutting(self, slots: int) -> None:
        """Say that so many slots are still to be cut, and nothing else."""
        self._weight = _CUT
        self._step(self._left - slots * _CUT)

    def _step(self, count: int) -> None:
        count = min(count, self._left)
        if count > 0:
            self._left -= count
            self._progress.advance(count)


def bar_of(
    study: Study,
    sessions: Sequence[Chosen],
    config: BuildConfig,
    name: str,
    progress: Progress,
) -> Bar:
    """Return the bar of a whole build."""
    frames = {one.session.name: _frames(one) for one in sessions}
    faces = sum(frames[one.session.name] for one in without_faces(study, sessions))
    slots = sum(
        round(one.session.manifest.length_s * config.rate_hz) if frames[one.session.name] else 0
        for one in sessions
    )
    return Bar(progress, f"building {name}", faces, slots)


def without_faces(study: Study, sessions: Sequence[Chosen]) -> list[Chosen]:
    """Return the sessions whose faces were not looked for, or not since something changed."""
    return [one for one in sessions if not _current(study, one)]


def run_missing(study: Study, sessions: Sequence[Chosen], *, jobs: int, bar: Bar) -> list[str]:
    """Find the faces that are missing; return what was done, in words."""
    notes = []
    for options, names in _by_options(without_faces(study, sessions)).items():
        for outcome in find_faces(study, names, options, jobs=jobs, progress=bar):
            if outcome.error is not None:
                raise outcome.error
            notes.append(f"{outcome.session}: its faces were found on the way")
    return [*notes, *_label(study, sessions)]


def _label(study: Study, sessions: Sequence[Chosen]) -> list[str]:
    """Make the labels that the study's annotations give by now; return what was done, in words."""
    try:
        from annotate_web.labelling import run as make_labels
    except ImportError:
        return []  # without that extra there are no annotations here; labels.zarr may be there
    notes = []
    for options, names in _by_label_options(sessions).items():
        try:
            outcomes = make_labels(study, names, options)
        except NotFoundError:
            return []  # nobody annotates in this study
        for outcome in outcomes:
            if outcome.error is not None and not outcome.unrated:
                raise outcome.error
            if outcome.made is not None and not outcome.made.skipped:
                notes.append(f"{outcome.session}: its labels were made on the way")
    return notes


def _by_label_options(sessions: Sequence[Chosen]) -> dict[LabelOptions, list[str]]:
    """Return the names by how their labels were made before; those with a reference stay."""
    found: dict[LabelOptions, list[str]] = {}
    for one in sessions:
        told: dict[str, Any] = {}
        with contextlib.suppress(TaverError):
            told = dict(open_labels(one.session).attrs["settings"])
        if "reference" in told:
            continue
        known = {field.name for field in msgspec.structs.fields(LabelOptions)}
        told = {name: value for name, value in told.items() if name in known}
        if isinstance(told.get("gap_s"), str):
            told["gap_s"] = float("inf")
        found.setdefault(msgspec.convert(told, LabelOptions), []).append(one.session.name)
    return found


def software() -> dict[str, str]:
    """Return what decides how bytes come out; not the machine, on which nothing depends."""
    import numcodecs
    import zarr

    return {
        "taver": manifest.software()["taver"],
        "zarr": zarr.__version__,
        "numcodecs": numcodecs.__version__,
    }


def _current(study: Study, one: Chosen) -> bool:
    try:
        before = receipt.progressed(study, one.session, Stage.FACES)
        if before.receipt is None or before.stale_because:
            return False
        store.open_faces(one.session)
    except TaverError:
        return False  # what cannot be read is made again
    return True


def _by_options(sessions: Sequence[Chosen]) -> dict[Options, list[str]]:
    """Return the names by how their faces were looked for before: it is done the same way again."""
    found: dict[Options, list[str]] = {}
    for one in sessions:
        found.setdefault(_options(one), []).append(one.session.name)
    return found


def _options(one: Chosen) -> Options:
    try:
        told: dict[str, Any] = dict(store.open_faces(one.session).attrs["settings"])
    except TaverError:
        return Options()
    known = {field.name for field in msgspec.structs.fields(Options)}
    return msgspec.convert({k: v for k, v in told.items() if k in known}, Options)


def _frames(one: Chosen) -> int:
    with contextlib.suppress(TaverError), Footage(one.session, Modality.COLOR) as color:
        return len(color)
    return 0
