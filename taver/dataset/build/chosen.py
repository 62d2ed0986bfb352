"""Who takes part and with what: by what was recorded, what was agreed to, and the calibration."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from calibration import store as rigs
from taver.core.consent import Scope
from taver.core.errors import ConsentError, DataError, InputError, NotFoundError, TaverError
from taver.core.frames import Modality
from taver.core.session import agreed
from taver.core.session.folder import Session, find, folders
from taver.core.session.footage import Footage
from taver.core.session.manifest import State
from taver.dataset import share
from taver.dataset.build.leaving import OF_A_SESSION, told

if TYPE_CHECKING:
    from collections.abc import Sequence

    from taver.core.consent import Audience
    from taver.core.study import Study
    from taver.dataset.build.leaving import Leaving
    from taver.dataset.config import BuildConfig
    from taver.dataset.share import Share


class Chosen(NamedTuple):
    """A session that takes part, with what of it may go to the audience."""

    session: Session
    share: Share
    modalities: tuple[Modality, ...]


def chosen(
    study: Study,
    names: Sequence[str],
    config: BuildConfig,
    audience: Audience,
    leaving: Leaving,
) -> tuple[list[Chosen], list[str]]:
    """Return the sessions that take part, and why the others do not.

    A session that is asked for by name has to; of all sessions those that cannot are told of.
    """
    _refuse_heat_alone(config)
    wanted = list(dict.fromkeys(names or config.sessions))
    taken, notes = [], []
    people: dict[str, str | None] = {}
    wrong: dict[str, TaverError] = {}
    for name in wanted or [folder.name for folder in folders(study)]:
        people[name] = None
        try:
            session = find(study, name)
            people[name] = session.manifest.participant
            one = _chosen(study, session, config, audience)
        except TaverError as error:
            if wanted:
                raise
            if isinstance(error, (DataError, NotFoundError)):
                wrong[name] = error
            else:
                notes.append(f"{name}: left out, {error.what}")
            continue
        notes += [f"{session.name}: without {name}: {why}" for name, why in
                  one.share.withheld.items()]  # fmt: skip
        taken.append(one)
    if not taken:
        raise NotFoundError(
            "There is no session to build a dataset from",
            fix="record one of a person who agreed (taver capture, taver simulate), or name it "
            "with --session to see why it does not do",
            problems=[*notes, *(told(name, error) for name, error in wrong.items())],
        )
    return taken, [*notes, *leaving.out(wrong, people, "sessions cannot be used")]


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
        shared = without_heat(shared, "whole pictures show heat by depth, which is not taken")
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


def without_heat(shared: Share, why: str) -> Share:
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
            fix="record a board (taver capture --session NAME --streams color,depth,ir,thermal), "
            "then: taver calibrate --session NAME; or leave out what needs it, in build.toml: "
            'modalities = ["color"], or ["color", "thermal"] once it is said where the face is in '
            "heat: taver faces --session NAME --thermal-box LEFT,TOP,WIDTH,HEIGHT",
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
            fix="build a dataset of each rig's sessions: --session NAME --out ANOTHER.zarr, with "
            "the rig.json of their cameras in the study",
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
        try:
            with Footage(one.session, modality) as footage:
                size = (footage.header.width_px, footage.header.height_px)
        except OF_A_SESSION:
            continue  # told of when its faces are looked for
        if size != (camera.width_px, camera.height_px):
            found.append(
                f"{modality}: calibrated {camera.width_px} x {camera.height_px} px, recorded "
                f"{size[0]} x {size[1]} px"
            )
    return found
