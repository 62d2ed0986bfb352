"""What the dataset will consist of: who, which stretches, which modalities, and what is wrong."""

from __future__ import annotations

import collections
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec
import numpy as np

from calibration import store as rigs
from taver.core.consent import SCOPE_OF, Audience, Scope
from taver.core.errors import ConsentError, DataError, InputError, NotFoundError, TaverError
from taver.core.frames import Modality
from taver.core.session import agreed
from taver.core.session.folder import Session, find, folders
from taver.core.session.footage import Footage
from taver.core.session.manifest import State
from taver.dataset import share
from taver.dataset.build import rated
from taver.dataset.build.rated import Rated
from taver.dataset.build.recordings import Opened, opened, planned

if TYPE_CHECKING:
    from collections.abc import Sequence

    from taver.core.study import Study
    from taver.dataset.build.recordings import Planned
    from taver.dataset.config import BuildConfig
    from taver.dataset.share import Share

_SHORTEST: Final = 2  # frames; less has no length


class Chosen(NamedTuple):
    """A session that takes part, with what of it may go to the audience."""

    session: Session
    share: Share
    modalities: tuple[Modality, ...]


class Plan(NamedTuple):
    """The recordings to be, and what was left out and why."""

    recordings: list[Planned]
    notes: list[str]

    @property
    def simulated(self) -> bool:
        """Whether anything in it is."""
        return any(one.attributes["simulated"] for one in self.recordings)


def chosen(
    study: Study, names: Sequence[str], config: BuildConfig, audience: Audience
) -> tuple[list[Chosen], list[str]]:
    """Return the sessions that take part, and why the others do not.

    A session that is asked for by name has to; of all sessions those that cannot are told of.
    """
    _refuse_heat_alone(config)
    wanted = list(dict.fromkeys(names or config.sessions))
    sessions = [find(study, name) for name in wanted] or [Session(f) for f in folders(study)]
    taken, notes = [], []
    for session in sessions:
        try:
            one = _chosen(study, session, config, audience)
        except TaverError as error:
            if wanted:
                raise
            notes.append(f"{session.name}: left out, {error.what}")
            continue
        notes += [f"{session.name}: without {name}: {why}" for name, why in
                  one.share.withheld.items()]  # fmt: skip
        taken.append(one)
    if not taken:
        raise NotFoundError(
            "There is no session to build a dataset from",
            fix="record one of a person who agreed (taver capture, taver simulate), or name it "
            "with --session to see why it does not do",
            problems=notes,
        )
    return taken, notes


def _chosen(study: Study, session: Session, config: BuildConfig, audience: Audience) -> Chosen:
    manifest = session.manifest
    if manifest.participant is None:
        raise InputError(f"nobody is recorded in {session.name}", fix="name another session")
    if manifest.state is State.RECORDING:
        raise DataError(
            f"the recording of {session.name} is not finished",
            fix=f"wait for it, or: taver session recover {session.name}",
        )
    if Modality.COLOR not in manifest.streams:
        raise DataError(
            f"{session.name} has no color stream, and faces are found in colour",
            fix="name another session",
        )
    there = [modality for modality in config.wanted if modality in manifest.streams]
    shared = share.of_session(study, manifest, there, audience)
    if config.crop == "frame" and Modality.DEPTH not in shared.modalities:
        shared = _without_heat(shared, "whole pictures show heat by depth, which is not taken")
    if not shared.anything:
        raise ConsentError(
            f"of {session.name} nothing may go to {audience.value}: "
            + "; ".join(f"{name}: {why}" for name, why in shared.withheld.items()),
            fix="leave it out, or choose an audience that this person agreed to",
        )
    # Faces are found in the lab, whoever gets the pictures.
    agreed.require(study, manifest, (Modality.COLOR,), scopes=(Scope.LANDMARKS,))
    return Chosen(session, shared, shared.modalities)


def _refuse_heat_alone(config: BuildConfig) -> None:
    if config.crop != "frame" or Modality.THERMAL not in config.wanted:
        return
    if Modality.DEPTH not in config.wanted:
        raise InputError(
            'crop = "frame" lays heat over colour by depth, and depth is not among the modalities',
            fix='add "depth" to modalities in build.toml, or take "thermal" out, or leave crop = '
            '"face"',
        )


def _without_heat(shared: Share, why: str) -> Share:
    """Return what is left where heat cannot be brought to the other pictures."""
    if Modality.THERMAL not in shared.modalities:
        return shared
    return msgspec.structs.replace(
        shared,
        modalities=tuple(m for m in shared.modalities if m is not Modality.THERMAL),
        withheld={**shared.withheld, Modality.THERMAL.value: why},
    )


def refuse_rigs(study: Study, sessions: Sequence[Chosen], config: BuildConfig) -> None:
    """Raise DataError unless the study's calibration is there, and of all these cameras."""
    needing = [one for one in sessions if _needs_rig(one, config)]
    if not needing:
        return
    if not study.rig_file.is_file():
        raise NotFoundError(
            f"There is no calibration at {study.rig_file}, so depth cannot be brought onto colour",
            fix="record a board, then: taver calibrate --session NAME; or leave depth out: "
            'modalities = ["color", "thermal"] in build.toml',
        )
    found = []
    for one in needing:
        serials = {
            modality: stream.pieces[0].serial
            for modality, stream in one.session.manifest.streams.items()
            if stream.pieces
        }
        try:
            rig = rigs.read(study.rig_file, serials)
        except DataError as error:
            found += [f"{one.session.name}: {what}" for what in error.problems or (error.what,)]
            continue
        found += [f"{one.session.name}: {what}" for what in _other_sizes(rig, one)]
    if found:
        raise DataError(
            f"{study.rig_file} is not of every session's cameras",
            fix="build the sessions of each rig by themselves: --session NAME, with the rig.json "
            "of their cameras",
            problems=found,
        )


def _needs_rig(one: Chosen, config: BuildConfig) -> bool:
    return Modality.DEPTH in one.modalities or (
        config.crop == "frame" and Modality.THERMAL in one.modalities
    )


def _other_sizes(rig: Any, one: Chosen) -> list[str]:
    found = []
    for modality in {Modality.COLOR, *one.modalities}:
        camera = rig.cameras.get(modality)
        if camera is None:
            continue
        with Footage(one.session, modality) as footage:
            size = (footage.header.width_px, footage.header.height_px)
        if size != (camera.width_px, camera.height_px):
            found.append(
                f"{modality}: calibrated {camera.width_px} x {camera.height_px} px, recorded "
                f"{size[0]} x {size[1]} px"
            )
    return found


def plan(study: Study, sessions: Sequence[Chosen], config: BuildConfig, audience: Audience) -> Plan:
    """Return the recordings that these sessions become, or raise with everything wrong."""
    recordings: list[Planned] = []
    notes: list[str] = []
    wrong: list[str] = []
    numbers: dict[str, int] = {}
    for one in sorted(sessions, key=lambda chosen_: chosen_.session.manifest.epoch.unix_ns):
        about = opened(study, one.session, one.share, one.modalities, config.crop)
        if _heat_was_not_found(about, config) and not _depth_is_looked_at(study, one.session):
            # Nobody can find it there, and other people's is not to be missed for that.
            less = _without_heat(one.share, "it is found by depth, which may not be looked at")
            if not less.modalities:
                notes.append(f"{one.session.name}: left out, {less.withheld['thermal']}")
                continue
            notes.append(f"{one.session.name}: without thermal: {less.withheld['thermal']}")
            about = opened(study, one.session, less, less.modalities, config.crop)
        stretches = rated.rated_of(one.session)
        wrong += [f"{one.session.name}: {what}" for what in _wrong(about, stretches, config)]
        if wrong:
            continue
        if not stretches:
            if config.unlabelled == "leave-out":
                notes.append(f"{one.session.name}: left out, nobody rated it")
                continue
            notes.append(f"{one.session.name}: nobody rated it; its labels are NaN")
            stretches = [_all_of_it()]
        who = one.session.manifest.participant or ""
        for stretch in stretches:
            made = planned(about, stretch, config, audience, numbers.get(who, 0) + 1)
            if not made.seen and config.crop == "face":
                notes.append(f"{made.name}: left out, no face in any of {made.cut.slots} slots")
                continue
            numbers[who] = numbers.get(who, 0) + 1
            recordings.append(made)
            notes += _told(made, stretch)
    if wrong:
        raise DataError(
            "These sessions do not fit their labels",
            fix="make the labels again (taver labels --session NAME --again), correct them, or "
            "leave the session out; what was built before is as it was",
            problems=wrong,
        )
    _refuse_namesakes(recordings)
    if not recordings:
        raise DataError(
            "There is no usable clip: in none of these sessions is there a face"
            if any("no face" in note for note in notes)
            else "There is no usable clip: nobody rated any of these sessions",
            fix="look at faces.html of a session, or allow unlabelled ones in build.toml: "
            'unlabelled = "keep"',
            problems=notes,
        )
    return Plan(sorted(recordings, key=lambda made: made.name), notes)


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


def _wrong(about: Opened, stretches: list[Rated], config: BuildConfig) -> list[str]:
    if len(about.color_ns) < _SHORTEST:
        return [f"it has {len(about.color_ns)} colour frames"]
    found = rated.problems(stretches, about.color_ns, about.rate_hz)
    if not stretches and config.unlabelled == "refuse":
        found.append('nobody rated it, and build.toml says unlabelled = "refuse"')
    found += [
        f"{one.clip} was rated by {len(one.raters)} ({', '.join(one.raters) or 'nobody'}), "
        f"build.toml asks for {config.raters}"
        for one in stretches
        if len(one.raters) < config.raters
    ]
    if _heat_was_not_found(about, config):
        found.append(
            "its face was never found in heat: there was no calibration when its faces were "
            "looked for (taver faces --again), or leave thermal out in build.toml: modalities "
            '= ["color", "depth"]'
        )
    return found


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
