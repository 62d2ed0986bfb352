"""truth.zarr: what a simulated session's sensors should have measured, frame by frame.

It is plain Zarr v3, one group a modality, one row a recorded frame, aligned by the frame's stamp:
see `capture.sim.truth_schema`.
"""

from __future__ import annotations

import contextlib
import secrets
import shutil
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from capture.sim.head.emotion import unit_names
from capture.sim.truth_schema import FILE, FORMAT, PICTURES, SCHEMA, VERSION
from capture.sim.voice import RATE_HZ
from taver import __version__
from taver.core.atomic import sync_folder
from taver.core.clock import NS_PER_S
from taver.core.errors import AlreadyThereError
from taver.core.frames import Modality
from taver.core.private import make_private_folder
from taver.core.progress import Silent
from taver.core.session.footage import Footage
from taver.core.storage import explained

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import numpy.typing as npt

    from capture.sim.timing import Shot
    from capture.sim.world import World
    from taver.core.frames import Stamp
    from taver.core.progress import Progress
    from taver.core.session.folder import Session


def write(
    session: Session,
    world: World,
    start_host_ns: int,
    *,
    pictures: bool = False,
    progress: Progress | None = None,
) -> Path:
    """Write truth.zarr beside the recordings of `session`, all at once or not at all.

    `start_host_ns` is the host's time at the scenario's start.
    """
    path = session.folder / FILE
    if path.exists():
        raise AlreadyThereError(f"{path} exists already", fix="delete it first, if it is outdated")
    for leftover in session.folder.glob(f".{FILE}.*.tmp"):  # of a program that was killed
        shutil.rmtree(leftover, ignore_errors=True)
    beside = session.folder / f".{FILE}.{secrets.token_hex(4)}.tmp"
    with explained(path):
        try:
            make_private_folder(beside)
            attributes = {**_attributes(session, world), "start_host_ns": start_host_ns}
            _fill(beside, attributes, session, world, progress or Silent(), pictures=pictures)
            beside.rename(path)
            sync_folder(session.folder)
        finally:
            with contextlib.suppress(OSError):
                shutil.rmtree(beside)
    return path


def _fill(
    folder: Path,
    attributes: dict[str, Any],
    session: Session,
    world: World,
    progress: Progress,
    *,
    pictures: bool,
) -> None:
    import zarr

    root = zarr.create_group(folder, zarr_format=3, attributes=attributes)
    streams = session.manifest.streams
    progress.begin(f"truth of {session.name}", sum(s.frames for s in streams.values()))
    last_ns = 0
    for modality in streams:
        stored = _stored(session, modality)
        shots = [world.sensor(modality).shot(stamp.number) for stamp, _ in stored]
        group = root.create_group(modality.value)
        _write_rows(group, modality, stored, shots, world, progress)
        _write_events(group, modality, shots, world)
        if pictures and modality in PICTURES:
            _write_pictures(group, modality, shots, world)
        last_ns = max([last_ns, *(shot.taken_ns for shot in shots)])
    if world.scenario.people:
        _write_sound(root, world, last_ns)


def _attributes(session: Session, world: World) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "version": VERSION,
        "simulated": True,
        "session": session.name,
        "scenario": msgspec.to_builtins(world.scenario),
        "scenario_sha256": world.scenario.sha256,
        "rig": msgspec.to_builtins(world.rig),
        "software": f"taver {__version__}",
    }


def _stored(session: Session, modality: Modality) -> list[tuple[Stamp, int]]:
    """Return each recorded frame's stamp and time."""
    with Footage(session, modality) as footage:
        times = footage.unix_ns.tolist()
        return [(footage.stamp(number), unix_ns) for number, unix_ns in enumerate(times)]


def _write_rows(
    group: Any,
    modality: Modality,
    stored: list[tuple[Stamp, int]],
    shots: list[Shot],
    world: World,
    progress: Progress,
) -> None:
    names = list(unit_names())
    rows: dict[str, npt.NDArray[Any]] = {}
    for name, row in SCHEMA.items():
        shape = (len(shots), *(len(names) if part == "units" else int(part) for part in row.shape))
        fill: Any = np.nan if row.dtype.startswith("float") else 0
        rows[name] = np.full(shape, fill, row.dtype)
    for place, ((stamp, unix_ns), shot) in enumerate(zip(stored, shots, strict=True)):
        for name, value in _row(modality, stamp, unix_ns, shot, world, names):
            rows[name][place] = value
        progress.advance()
    for name, values in rows.items():
        row = SCHEMA[name]
        dims = ["frame", *(str(part) for part in row.shape)]
        array = group.create_array(name, data=values, dimension_names=_unlike(dims))
        array.attrs.update({"unit": row.unit, "meaning": row.meaning})
    group.attrs["units"] = names


def _row(
    modality: Modality, stamp: Stamp, unix_ns: int, shot: Shot, world: World, names: list[str]
) -> Iterator[tuple[str, Any]]:
    """Yield the truth of one frame; what is not there is not yielded."""
    shown = world.sensor(modality).shot(shot.shows)
    yield "number", stamp.number
    yield "unix_ns", unix_ns
    yield "host_ns", stamp.host_ns
    yield "taken_ns", shot.taken_ns
    yield "shown_ns", shown.taken_ns
    mood = world.mood(shot.taken_ns / NS_PER_S)
    if mood is not None:
        yield "valence", mood.valence
        yield "arousal", mood.arousal
    shown_s = shown.taken_ns / NS_PER_S
    performance = world.first(shown_s)
    if performance is None:
        return
    yield "present", True
    yield "head_rotation", performance.head.rotation_matrix
    yield "head_mm", performance.head.translation_mm
    yield "units", [performance.units.get(name, 0.0) for name in names]
    skin = performance.skin
    yield "skin_k", (skin.nose_k, skin.cheeks_k, skin.forehead_k)
    landmarks = world.landmarks(world.scene(shown_s), (modality,))[0]
    yield "landmarks_mm", landmarks.world_mm
    yield "landmarks_px", landmarks.pixels[modality]
    yield "visible", landmarks.visible[modality]


def _write_events(group: Any, modality: Modality, shots: list[Shot], world: World) -> None:
    """Write which frames were lost before the last one, and when the shutter was closed."""
    sensor = world.sensor(modality)
    last = shots[-1].number if shots else -1
    lost = [shot for shot in map(sensor.shot, range(last + 1)) if shot.lost]
    group.create_array("lost_number", data=np.array([s.number for s in lost], np.int64))
    group.create_array("lost_taken_ns", data=np.array([s.taken_ns for s in lost], np.int64))
    shut = sensor.shutter_events(shots[-1].taken_ns if shots else 0)
    times = np.array([(event.closed_ns, event.opened_ns) for event in shut], np.int64)
    group.create_array("shutter_ns", data=times.reshape(-1, 2))


def _write_pictures(group: Any, modality: Modality, shots: list[Shot], world: World) -> None:
    name, shape, meaning = PICTURES[modality]
    array = group.create_array(
        name,
        shape=(len(shots), *shape),
        chunks=(1, *shape),
        dtype="float32",
        dimension_names=("frame", "y", "x"),
    )
    array.attrs["meaning"] = meaning
    for place, shot in enumerate(shots):
        shown = world.sensor(modality).shot(shot.shows)
        ideal = world.ideal(shown.taken_ns / NS_PER_S, (modality,))
        array[place] = ideal.depth_mm if modality is Modality.DEPTH else ideal.thermal_k


def _write_sound(root: Any, world: World, last_ns: int) -> None:
    """Write the first person's voice from the scenario's start to the last frame."""
    count = -(-last_ns * RATE_HZ // NS_PER_S)
    array = root.create_array("voice", data=world.voice(0, count), chunks=(60 * RATE_HZ,))
    array.attrs.update({"rate_hz": RATE_HZ, "meaning": "the microphone, from the start on"})


def _unlike(names: list[str]) -> list[str]:
    """Give each dimension a name of its own."""
    return [
        f"{name}_{place}" if names.index(name) != place else name
        for place, name in enumerate(names)
    ]
