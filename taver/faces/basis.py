"""What the faces of a session are made of, and whether those that are there are of the same."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from calibration import store as rigs
from taver.core import receipt
from taver.core.errors import DataError, TaverError
from taver.core.frames import Modality
from taver.core.receipt import Stage
from taver.faces import store

if TYPE_CHECKING:
    from collections.abc import Mapping

    from calibration.rig import Rig
    from taver.core.session.folder import Session
    from taver.core.session.footage import Footage
    from taver.core.study import Study
    from taver.faces.options import Options
    from taver.faces.streams import Streams


class Basis(NamedTuple):
    """All that decides what a run finds."""

    rig: Rig | None
    inputs: list[Path]
    settings: dict[str, Any]


def basis_of(study: Study, streams: Streams, options: Options, models: Mapping[str, str]) -> Basis:
    """Return what a run of today would be made of; `models` are fingerprints by name."""
    rig = _rig(study, streams, options)
    settings = {
        **options.told(),
        "models": dict(models),
        "streams": [modality.value for modality, footage in _open(streams) if footage is not None],
    }
    return Basis(rig, [*streams.files(), *([study.rig_file] if rig is not None else [])], settings)


def same(study: Study, session: Session, basis: Basis) -> Any | None:
    """Return the open faces.zarr of the session if it is whole and of this basis, or None.

    The receipt is written last. A run that was killed before may have left its faces beside the
    receipt of another one: so both have to say the same.
    """
    try:
        before = receipt.progressed(study, session, Stage.FACES)
        if before.receipt is None or before.stale_because:
            return None
        told = before.receipt
        if told.settings != basis.settings or len(told.inputs) != len(basis.inputs):
            return None
        root = store.open_faces(session)
    except TaverError:
        return None  # what cannot be read is made again
    inputs = {Path(name).name: mark for name, mark in told.inputs.items()}
    is_its = (root.attrs["settings"], root.attrs["inputs"]) == (told.settings, inputs)
    return root if is_its else None


def _rig(study: Study, streams: Streams, options: Options) -> Rig | None:
    """Return the calibration, if there is one; another camera's is refused."""
    if not study.rig_file.is_file() or options.thermal_box is not None:
        return None
    serials: dict[Modality, str] = {
        modality: stream.pieces[0].serial
        for modality, stream in streams.session.manifest.streams.items()
        if modality in {Modality.COLOR, Modality.DEPTH, Modality.THERMAL} and stream.pieces
    }
    rig = rigs.read(study.rig_file, serials)
    _refuse_other_sizes(rig, streams)
    return rig


def _refuse_other_sizes(rig: Rig, streams: Streams) -> None:
    """Raise DataError if a calibrated camera takes pictures of another size than the recorded."""
    problems = []
    for modality, footage in _open(streams):
        camera = rig.cameras.get(modality)
        if footage is None or camera is None:
            continue
        size = (footage.header.width_px, footage.header.height_px)
        if size != (camera.width_px, camera.height_px):
            problems.append(
                f"{modality}: calibrated {camera.width_px} x {camera.height_px} px, "
                f"recorded {size[0]} x {size[1]} px"
            )
    if problems:
        raise DataError(
            "The calibration is of another rig: its pictures have other sizes",
            fix="take the rig.json of these cameras, or calibrate them: "
            "taver calibrate --session NAME",
            problems=problems,
        )


def _open(streams: Streams) -> tuple[tuple[Modality, Footage | None], ...]:
    return (
        (Modality.COLOR, streams.color),
        (Modality.DEPTH, streams.depth),
        (Modality.THERMAL, streams.thermal),
    )
