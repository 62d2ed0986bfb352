"""Simulated sessions to find faces in, and the same with other pictures in them."""

from __future__ import annotations

import json

import msgspec
import rigged
import studies
import zarr

from capture import encode
from capture.sim.scenario import Cameras, Part, Person, Scenario
from capture.simulation import simulate
from taver.core.codec import decode
from taver.core.frames import Modality
from taver.core.recording.writer import StreamWriter
from taver.core.session.folder import find
from taver.core.session.footage import Footage
from taver.core.study import Study


def study_of(folder, *people, seconds, name="s01", calibrated=True, modalities=None, rate_hz=10.0):
    """Return a study with one simulated session of these people."""
    study = Study.create(folder / studies.STRANGE_NAME, "faces")
    if calibrated:
        rigged.calibrated().write(study.rig_file)
    scenario = Scenario(
        seconds=seconds, seed=5, people=people or (Person(identity=12),),
        parts=(Part(name="interview"),),
        cameras=Cameras(kinect_hz=rate_hz, thermal_hz=rate_hz),
    )  # fmt: skip
    more = {} if modalities is None else {"modalities": modalities}
    simulate(study, scenario, name, **more)
    return study


def truth(study, name="s01"):
    """Return what is true of the colour frames."""
    group = zarr.open_group(find(study, name).folder / "truth.zarr", mode="r")["color"]
    return {key: group[key][:] for key in ("landmarks_px", "visible", "present", "number")}


def repainted(study, change, *, frames=None, name="s01"):
    """Replace the colour pictures of a session by what `change` makes of them."""
    session = find(study, name)
    (file,) = session.stream_files(Modality.COLOR)
    with Footage(session, Modality.COLOR) as color:
        header = color.header
        stored = [color.read(n) for n in range(len(color) if frames is None else frames)]
    changed = []
    for one in stored:
        pixels = decode(Modality.COLOR, one.data, header.height_px, header.width_px)
        changed.append(change(pixels))
    high, wide = changed[0].shape[:2]
    file.unlink()
    header = msgspec.structs.replace(header, width_px=wide, height_px=high)
    with StreamWriter(file, header) as writer:
        for one, pixels in zip(stored, changed, strict=True):
            writer.write(one.unix_ns, one.stamp, encode.color(pixels))
        writer.finish()


def recounted(study, change, name="s01"):
    """Replace the thermal pictures of a session by what `change` makes of them and their number."""
    session = find(study, name)
    (file,) = session.stream_files(Modality.THERMAL)
    with Footage(session, Modality.THERMAL) as thermal:
        header = thermal.header
        stored = [thermal.read(number) for number in range(len(thermal))]
    file.unlink()
    with StreamWriter(file, header) as writer:
        for number, one in enumerate(stored):
            counts = decode(Modality.THERMAL, one.data, header.height_px, header.width_px)
            made = encode.frame(Modality.THERMAL, change(counts, number))
            writer.write(one.unix_ns, one.stamp, made)
        writer.finish()


def damage(file, at):
    """Change some bytes in the middle of a file."""
    data = bytearray(file.read_bytes())
    for place in range(at, at + 64):
        data[place] ^= 0xA5
    file.write_bytes(data)


def told(study, name="s01"):
    """Return the session's document as it stands there."""
    return json.loads((find(study, name).folder / "session.json").read_text())
