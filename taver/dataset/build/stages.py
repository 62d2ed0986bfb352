"""What a dataset needs and is not there yet: faces and labels, made on the way.

They are made the way they were made before, if they were: by the settings that stand in them.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any, Final

import msgspec

from taver.core.errors import NotFoundError, TaverError, together
from taver.core.frames import Modality
from taver.core.session import manifest
from taver.core.session.footage import Footage
from taver.dataset.build.leaving import OF_A_SESSION, people_of
from taver.faces import again
from taver.faces.jobs import run as find_faces
from taver.labels.options import Options as LabelOptions
from taver.labels.store import open_labels

if TYPE_CHECKING:
    from collections.abc import Sequence

    from taver.core.pool import Pool
    from taver.core.progress import Progress
    from taver.core.study import Study
    from taver.dataset.build.chosen import Chosen
    from taver.dataset.build.leaving import Leaving
    from taver.dataset.config import BuildConfig
    from taver.faces.options import Options

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
    return [one for one in sessions if not again.current(study, one.session)]


def run_missing(
    study: Study, sessions: list[Chosen], *, pool: Pool | None, bar: Bar, leaving: Leaving
) -> tuple[list[Chosen], list[str]]:
    """Make the faces and labels that are missing; return what has them now, and what was done.

    A session of which they cannot be made is left out where that is safe.
    """
    notes: list[str] = []
    wrong: dict[str, TaverError] = {}
    for options, names in _by_options(without_faces(study, sessions)).items():
        for outcome in find_faces(study, names, options, pool=pool, progress=bar):
            error = outcome.error
            if error is None:
                notes.append(f"{outcome.session}: its faces were found on the way")
            elif isinstance(error, OF_A_SESSION):
                wrong[outcome.session] = error
            else:
                raise error
    notes += leaving.out(wrong, people_of(sessions), "sessions have no faces")
    kept = [one for one in sessions if one.session.name not in wrong]
    done, wrong = _label(study, kept)
    notes += [
        *done,
        *leaving.out(wrong, people_of(kept), "sessions' labels cannot be made"),
    ]
    return [one for one in kept if one.session.name not in wrong], notes


def _label(study: Study, sessions: Sequence[Chosen]) -> tuple[list[str], dict[str, TaverError]]:
    """Make the labels that the study's annotations give by now.

    Returns what was done, in words, and what went wrong with which session.
    """
    notes: list[str] = []
    wrong: dict[str, TaverError] = {}
    try:
        from annotate_web.labelling import run as make_labels
    except ImportError:
        return notes, wrong  # without that extra there are no annotations; labels.zarr may be there
    for options, names in _by_label_options(sessions).items():
        try:
            outcomes = make_labels(study, names, options)
        except NotFoundError:
            return notes, wrong  # nobody annotates in this study
        for outcome in outcomes:
            if outcome.made is not None and not outcome.made.skipped:
                notes.append(f"{outcome.session}: its labels were made on the way")
            if outcome.error is None or outcome.unrated:
                continue
            if not isinstance(outcome.error, OF_A_SESSION):
                raise outcome.error
            wrong[outcome.session] = outcome.error
    return notes, wrong


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


def _by_options(sessions: Sequence[Chosen]) -> dict[Options, list[str]]:
    """Return the names by how their faces were looked for before: it is done the same way again.

    Raises what keeps any of them from that, and tells of all.
    """
    found: dict[Options, list[str]] = {}
    wrong: list[TaverError] = []
    for one in sessions:
        try:
            found.setdefault(again.options_of(one.session), []).append(one.session.name)
        except TaverError as error:
            wrong.append(error)
    if wrong:
        raise together(wrong, "sessions' faces cannot be found the way they were found before")
    return found


def _frames(one: Chosen) -> int:
    with contextlib.suppress(TaverError), Footage(one.session, Modality.COLOR) as color:
        return len(color)
    return 0
