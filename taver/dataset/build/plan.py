"""What the dataset will consist of: which stretches of whom, and what is wrong with them."""

from __future__ import annotations

import collections
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from taver.core.consent import SCOPE_OF, Audience
from taver.core.errors import DataError, InputError
from taver.core.frames import Modality
from taver.core.session import agreed
from taver.dataset.build import rated
from taver.dataset.build.chosen import without_heat
from taver.dataset.build.leaving import OF_A_SESSION, people_of
from taver.dataset.build.rated import Rated
from taver.dataset.build.recordings import Opened, opened, planned

if TYPE_CHECKING:
    from taver.core.errors import TaverError
    from taver.core.session.folder import Session
    from taver.core.study import Study
    from taver.dataset.build.chosen import Chosen
    from taver.dataset.build.leaving import Leaving
    from taver.dataset.build.recordings import Planned
    from taver.dataset.config import BuildConfig

_SHORTEST: Final = 2  # frames; less has no length


class Plan(NamedTuple):
    """The recordings to be, and what was left out and why."""

    recordings: list[Planned]
    notes: list[str]

    @property
    def simulated(self) -> bool:
        """Whether anything in it is."""
        return any(one.attributes["simulated"] for one in self.recordings)


def plan(
    study: Study,
    sessions: list[Chosen],
    config: BuildConfig,
    audience: Audience,
    leaving: Leaving,
) -> Plan:
    """Return the recordings that these sessions become, or raise with everything wrong."""
    recordings: list[Planned] = []
    notes: list[str] = []
    wrong: dict[str, TaverError] = {}
    unmet: list[str] = []
    numbers: collections.Counter[str] = collections.Counter()
    for one in sorted(sessions, key=lambda chosen_: chosen_.session.manifest.epoch.unix_ns):
        who = one.session.manifest.participant or ""
        try:
            some, told, asked = _of_session(study, one, config, audience, numbers[who])
        except OF_A_SESSION as error:
            wrong[one.session.name] = error
            continue
        numbers[who] += len(some)
        recordings += some
        notes += told
        unmet += [f"{one.session.name}: {what}" for what in asked]
    notes += leaving.out(wrong, people_of(sessions), "sessions cannot be used")
    if unmet:
        raise DataError(
            "These sessions are not rated as build.toml asks for",
            fix="have them rated: taver annotate add --session NAME; or ask for less in build.toml "
            '(unlabelled = "keep", raters = 0), or leave them out by naming the others: '
            "--session NAME. What was built before is as it was",
            problems=unmet,
        )
    _refuse_namesakes(recordings)
    if not recordings:
        why, fix = _why_nothing(notes)
        raise DataError(
            f"There is no usable clip: {why}",
            fix=fix,
            problems=notes,
        )
    return Plan(sorted(recordings, key=lambda made: made.name), notes)


def _of_session(
    study: Study, one: Chosen, config: BuildConfig, audience: Audience, before: int
) -> tuple[list[Planned], list[str], list[str]]:
    """Return what a session becomes, what to say of it, and what build.toml asks for in vain.

    Its person has so many recordings `before` it. Raises what is wrong with it.
    """
    name = one.session.name
    recordings: list[Planned] = []
    notes: list[str] = []
    about = opened(study, one.session, one.share, one.modalities, config.crop)
    if _heat_was_not_found(about, config) and not _depth_is_looked_at(study, one.session):
        # Nobody can find it there, and other people's is not to be missed for that.
        less = without_heat(one.share, "it is found by depth, which may not be looked at")
        if not less.modalities:
            return [], [f"{name}: left out, {less.withheld['thermal']}"], []
        notes.append(f"{name}: without thermal: {less.withheld['thermal']}")
        about = opened(study, one.session, less, less.modalities, config.crop)
    stretches = rated.rated_of(one.session)
    _refuse_unfit(about, stretches, config)
    unmet = _unmet(stretches, config)
    if not stretches:
        if config.unlabelled == "leave-out":
            return [], [*notes, f"{name}: left out, nobody rated it"], unmet
        notes.append(f"{name}: nobody rated it; its labels are NaN")
        stretches = [_all_of_it()]
    for stretch in stretches:
        made = planned(about, stretch, config, audience, before + len(recordings) + 1)
        if not made.seen and config.crop == "face":
            notes.append(f"{made.name}: left out, no face in any of {made.cut.slots} slots")
            continue
        recordings.append(made)
        notes += _told(made, stretch)
    return recordings, notes, unmet


def _why_nothing(notes: list[str]) -> tuple[str, str]:
    """Return why all of the sessions are left out, and what to do."""
    if any("no face" in note for note in notes):
        return (
            "in none of these sessions is there a face",
            "see in faces.html of a session why, or name others: --session NAME",
        )
    if any("nobody rated" in note for note in notes):
        return (
            "nobody rated any of these sessions",
            'have them rated, or keep them in build.toml: unlabelled = "keep"',
        )
    return "all of these sessions are left out", "name others: --session NAME"


def _refuse_namesakes(recordings: list[Planned]) -> None:
    """Raise InputError where recordings have one name, on a disk that knows no capitals either."""
    named = collections.defaultdict(list)
    for one in recordings:
        told = f"{one.cut.session}, clip {one.clip}" if one.clip else one.cut.session
        named[one.name.casefold()].append(f"{told}: {one.name}")
    wrong = [told for several in named.values() if len(several) > 1 for told in several]
    if wrong:
        raise InputError(
            "Several recordings would have one name",
            fix="call a session or a clip otherwise, or build them apart: --session NAME --out "
            "ANOTHER.zarr",
            problems=wrong,
        )


def _refuse_unfit(about: Opened, stretches: list[Rated], config: BuildConfig) -> None:
    """Raise DataError where the labels are not of this session, or it shows nothing."""
    name, frames = about.session.name, len(about.color_ns)
    if frames < _SHORTEST:
        raise DataError(
            f"{name} has {frames} colour frames, which is no stretch of time",
            fix="name other sessions: --session NAME",
        )
    wrong = rated.problems(stretches, about.color_ns, about.rate_hz)
    if wrong:
        raise DataError(
            f"{name} and its labels do not fit",
            fix="make the labels again: taver labels --session NAME --again; or correct them",
            problems=[f"{name}: {what}" for what in wrong],
        )
    if _heat_was_not_found(about, config):
        raise _without_heat(about)


def _without_heat(about: Opened) -> DataError:
    """Return what to do where a face was found in colour alone."""
    if about.study.rig_file.is_file():
        return DataError(
            f"The face of {about.session.name} was never found in heat",
            fix="see in its faces.html why, then: taver faces --session NAME --again; or leave "
            'heat out in build.toml: modalities = ["color", "depth"]',
        )
    return DataError(
        f"The face of {about.session.name} was not found in heat, for there is no calibration",
        fix="record a board, then: taver calibrate --session NAME; or say where it is in one "
        "picture: taver faces --session NAME --thermal-box LEFT,TOP,WIDTH,HEIGHT; "
        'or leave heat out in build.toml: modalities = ["color"]',
    )


def _unmet(stretches: list[Rated], config: BuildConfig) -> list[str]:
    """Return what build.toml asks for and nobody has done, in words."""
    if not stretches and config.unlabelled == "refuse":
        return ['nobody rated it, and build.toml says unlabelled = "refuse"']
    return [
        f"{one.clip} was rated by {len(one.raters)} ({', '.join(one.raters) or 'nobody'}), "
        f"build.toml asks for {config.raters}"
        for one in stretches
        if len(one.raters) < config.raters
    ]


def _heat_was_not_found(about: Opened, config: BuildConfig) -> bool:
    """Tell whether there is a face, in colour alone, though heat was recorded."""
    if Modality.THERMAL not in about.modalities or config.crop != "face":
        return False
    there = np.isfinite(about.rows["thermal_similarity"]).all(axis=(1, 2))
    return bool(not there.any() and (about.rows["state"] > 0).any())


def _depth_is_looked_at(study: Study, session: Session) -> bool:
    """Tell whether depth was recorded, and the lab may use it."""
    if Modality.DEPTH not in session.manifest.streams:
        return False
    form = agreed.in_force(study, session.manifest)
    return form is not None and form.allows(SCOPE_OF[Modality.DEPTH], Audience.LAB)


def _all_of_it() -> Rated:
    """Return the stretch that a session is which nobody rated."""
    nothing = np.empty(0, np.int64)
    return Rated("", nothing, (), (), None, {})


def _told(made: Planned, stretch: Rated) -> list[str]:
    """Return what a person should know of a recording."""
    notes = []
    lost = made.cut.slots - made.seen
    if lost:
        notes.append(f"{made.name}: no face in {lost} of {made.cut.slots} slots")
    if stretch.clip and made.rated < made.cut.slots:
        notes.append(f"{made.name}: no label in {made.cut.slots - made.rated} slots")
    if stretch.excluded:
        notes.append(f"{made.name}: without excluded raters {', '.join(stretch.excluded)}")
    return notes
