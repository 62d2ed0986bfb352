"""Simulated people with their faces found and labels planted: what datasets are built from."""

from __future__ import annotations

import json
import shutil

import msgspec
import numpy as np
import rigged
import studies

from capture.sim.scenario import Cameras, Part, Person, Scenario, Walk
from capture.simulation import simulate
from taver.core import receipt
from taver.core.frames import Modality
from taver.core.recording.writer import StreamWriter
from taver.core.session.folder import find
from taver.core.session.footage import Footage
from taver.core.study import Study
from taver.dataset.build.rated import rated_of
from taver.faces import schema as faces_schema
from taver.faces import store as faces
from taver.labels import store
from taver.labels.schema import SCHEMA
from taver.labels.store import Labelled

IDENTITIES = (12, 31, 50, 7, 110)


def study_of(folder, *, people=1, seconds=6.0, rate_hz=10.0, calibrated=True):
    """Return a study with a session a person: s01 of P01, s02 of P02, ..."""
    study = Study.create(folder / studies.STRANGE_NAME, "datasets")
    if calibrated:
        rigged.calibrated().write(study.rig_file)
    for number in range(people):
        person = Person(
            identity=IDENTITIES[number % len(IDENTITIES)],
            participant=f"P{number + 1:02d}",
            valence=Walk(mean=0.2, spread=0.5, time_constant_s=3),
            arousal=Walk(spread=0.5, time_constant_s=3),
        )
        scenario = Scenario(
            seconds=seconds, seed=number + 5, people=(person,), parts=(Part(name="interview"),),
            cameras=Cameras(kinect_hz=rate_hz, thermal_hz=rate_hz),
        )  # fmt: skip
        simulate(study, scenario, f"s{number + 1:02d}")
    return study


def twin(study, name, other, participant):
    """Copy a recorded session as another person's: drawing one takes longer."""
    folder = study.sessions_folder / other
    shutil.copytree(study.sessions_folder / name, folder)
    told = json.loads((folder / "session.json").read_text())
    told |= {"name": other, "participant": participant}
    (folder / "session.json").write_text(json.dumps(told))
    for made in ("faces.zarr", "labels.zarr", "stages"):
        shutil.rmtree(folder / made, ignore_errors=True)
    if participant not in study.participants.names():
        studies.add_person(study, participant)


def color_ns(study, name="s01"):
    """Return when the colour frames of a session were taken."""
    with Footage(find(study, name), Modality.COLOR) as color:
        return color.unix_ns.copy()


def label(study, name="s01", *, clips=None, raters=("a1", "a2", "a3"), excluded=None, shift=0.0):
    """Write labels.zarr: `clips` maps names to the times of the pictures that were rated."""
    session = find(study, name)
    clips = {"interview": color_ns(study, name)} if clips is None else clips
    made = [
        Labelled(clip, columns(times, raters, shift), attributes(raters, excluded or {}))
        for clip, times in clips.items()
    ]
    told = {"session": name, "simulated": True, "settings": {}, "software": {}}
    store.write(session, made, told)


def attributes(raters, excluded):
    """Return what is said of a rated clip."""
    return {
        "raters": list(raters),
        "fusions": [{"name": "mean"}, {"name": "median"}],
        "fusion": "mean",
        "excluded": excluded,
        "phase": None,
    }


def planted(dimension, times, shift=0.0):
    """Return the value, -10 to 10, that was given at these times since the first."""
    seconds = (times - times[0]) / 1e9
    turned = 0.0 if dimension == "valence" else 1.0
    return 8.0 * np.sin(seconds + turned) + shift


def columns(times, raters, shift):
    """Return every column of a rated clip."""
    made = {"frame_unix_ns": times}
    spread = np.arange(len(raters)) - (len(raters) - 1) / 2
    for dimension in ("arousal", "valence"):
        truth = planted(dimension, times, shift)
        given = truth[:, None] + spread / 10
        made |= {
            f"{dimension}_raw": given,
            f"{dimension}_filled": np.zeros(given.shape, bool),
            dimension: given,
            f"{dimension}_fused": np.stack([truth, truth + 0.5], axis=-1),
        }
    return {name: made[name].astype(SCHEMA[name].dtype) for name in SCHEMA}


def clips_of(study, name="s01"):
    """Return the clips as the builder sees them."""
    return rated_of(find(study, name))


def with_faces(study, *names):
    """Find the faces of these sessions."""
    from taver.faces.jobs import run
    from taver.faces.options import Options

    for outcome in run(study, names, Options()):
        assert outcome.error is None, outcome.error
    return study


def longer(study, name, other, times, *, with_faces, participant="P09"):
    """Write a session that shows another one again and again, so many times."""
    twin(study, name, other, participant)
    base, made = find(study, name), find(study, other)
    length_ns = 0
    for modality in base.manifest.streams:
        (file,) = made.stream_files(modality)
        file.unlink()
        with Footage(base, modality) as footage:
            header = footage.header
            period_ns = round(1e9 / header.rate_hz)
            length_ns = len(footage) * period_ns
            with StreamWriter(file, msgspec.structs.replace(header, session=other)) as writer:
                for turn in range(times):
                    for stored in footage:
                        stamp = msgspec.structs.replace(
                            stored.stamp, host_ns=stored.stamp.host_ns + turn * length_ns,
                            number=stored.stamp.number + turn * len(footage),
                        )  # fmt: skip
                        writer.write(stored.unix_ns + turn * length_ns, stamp, stored.data)
                writer.finish()
    if with_faces:
        _longer_faces(study, base, made, times, length_ns)
    return made


def _longer_faces(study, base, made, times, length_ns):
    rows = faces.open_faces(base)
    columns = {name: np.concatenate([rows[name][...]] * times) for name in faces_schema.SCHEMA}
    frames = rows["state"].shape[0]
    turn = np.repeat(np.arange(times), frames)
    columns["unix_ns"] += turn * length_ns
    for name in ("number", "depth_frame", "thermal_frame"):
        columns[name] += turn * frames
    inputs = [path for modality in made.manifest.streams for path in made.stream_files(modality)]
    inputs.append(study.rig_file)
    marks = {path.name: receipt.fingerprint(path) for path in inputs}
    faces.write(made, columns, {**dict(rows.attrs), "session": made.name, "inputs": marks})
    receipt.write(
        study, made, receipt.Stage.FACES, inputs=inputs,
        outputs=[made.folder / faces_schema.FILE], settings=dict(rows.attrs["settings"]),
    )  # fmt: skip
