"""A dataset built of simulated sessions holds what was seen, said and allowed."""

from __future__ import annotations

import built
import faced
import making
import msgspec
import numpy as np
import pytest
import studies
import zarr

import taver.dataset
from calibration import store as rigs
from taver.core.consent import Audience, Scope
from taver.core.frames import Modality
from taver.core.session.folder import find
from taver.core.session.footage import Footage
from taver.dataset import schema
from taver.faces import similarity
from taver.faces import store as faces
from taver.faces.align import template


def test_each_rated_stretch_is_a_recording_with_everything_in_the_table(studied, data):
    assert schema.problems(data.root) == []
    assert set(data.recordings) == {"s01-interview", "s02-interview"}
    assert data.people == ("P01", "P02")
    assert data.simulated
    assert any("s02: its faces were found on the way" in note for note in studied.made.notes)
    one = data.recordings["s01-interview"]
    assert one.modalities == (Modality.COLOR, Modality.DEPTH, Modality.THERMAL)
    assert one.raters == ("a1", "a2", "a3")
    assert one.slots == round(making.SECONDS * 10)
    assert np.array_equal(np.diff(one.column("time_ns")), np.full(one.slots - 1, 100_000_000))
    assert abs(one.column("color_ns") - one.column("time_ns")).max() < 50_000_000


def test_the_face_stands_where_the_template_has_it_in_every_picture(studied, data):
    one = data.recordings["s01-interview"]
    points = one.column("landmarks")
    inner = slice(27, 68)
    assert abs(points[:, inner].mean(axis=0) - template()[inner]).mean() < 4
    for modality in one.modalities:
        assert one.column(f"{modality}_valid").mean() > 0.9
    depth = one.pictures("depth", np.arange(20))
    face = depth[:, 30:80, 30:66].astype(float)
    there = face > 0
    assert there.mean() > 0.9
    assert abs(np.median(face[there]) - making.distance_mm(studied)) < 25
    # A nose stands out of the cheeks beside it, in pixels that are the same ones in colour.
    nose = np.rint(points[:20, 30]).astype(int)
    tip = np.array([d[y, x] for d, (x, y) in zip(depth, nose, strict=True)], float)
    beside = np.array([d[y, x - 18] for d, (x, y) in zip(depth, nose, strict=True)], float)
    assert np.median((beside - tip)[(tip > 0) & (beside > 0)]) > 8
    factor, offset = one.thermal_kelvin
    kelvin = one.pictures("thermal", np.arange(20))[:, 40:80, 30:66] * factor + offset
    assert 300 < np.median(kelvin) < 312


def test_heat_is_aligned_with_colour_to_a_pixel(studied):
    rows = faces.open_faces(find(studied, "s01"))
    by_color = similarity.apply(rows["similarity"][:], rows["landmarks"][:].astype(float))
    warm = similarity.apply(
        rows["thermal_similarity"][:], rows["thermal_landmarks"][:].astype(float)
    )
    off = np.linalg.norm(by_color - warm, axis=-1)[:, 17:]
    assert np.nanmean(np.where(rows["thermal_visible"][:, 17:], off, np.nan)) < 1.0


def test_labels_are_those_of_the_picture_that_raters_saw(studied, data):
    times = built.color_ns(studied)
    one = data.recordings["s01-interview"]
    truth = built.planted("valence", times).astype(np.float32)
    assert np.allclose(one.column("valence"), truth[: one.slots] / 10, atol=1e-6)
    assert np.allclose(one.column("valence_raters")[:, 1], truth[: one.slots], atol=1e-5)
    assert abs(one.column("valence")).max() <= 1


def test_what_a_person_keeps_from_the_public_is_not_in_it(copy):
    to_all = studies.form(audience=Audience.PUBLIC)
    kept = {**to_all.scopes, Scope.DEPTH: Audience.LAB}
    for name in ("P01", "P02"):
        copy.participants.sign(name, msgspec.structs.replace(to_all, scopes=kept))
    made = making.make(copy, copy.folder / "public.zarr", audience=Audience.PUBLIC)
    shared = taver.dataset.open(copy.folder / "public.zarr")
    assert shared.modalities == (Modality.COLOR, Modality.THERMAL)
    for recording in shared.recordings.values():
        assert recording.session is None
        assert recording.attributes["start_unix_ns"] is None
        assert recording.raters == ("r1", "r2", "r3")
    everything = b"".join(making.tree(copy.folder / "public.zarr").values())
    for secret in (b"s01", b'"a1"', str(copy.folder).encode()):
        assert secret not in everything
    assert any("without depth" in note for note in made.notes)
    assert making.make(copy, copy.folder / "public.zarr", audience=Audience.PUBLIC).unchanged


def test_another_size_shows_the_same_face(copy, data):
    making.make(copy, copy.folder / "small.zarr", names=["s01"], size_px=48)
    small = taver.dataset.open(copy.folder / "small.zarr").recordings["s01-interview"]
    big = data.recordings["s01-interview"]
    assert small.pictures("color", np.arange(4)).shape == (4, 48, 48, 3)
    halved = big.pictures("color", np.arange(4)).reshape(4, 48, 2, 48, 2, 3).mean(axis=(2, 4))
    assert abs(halved - small.pictures("color", np.arange(4))).mean() < 4
    assert np.allclose((big.column("landmarks") + 0.5) / 2 - 0.5, small.column("landmarks"),
                       atol=1e-3)  # fmt: skip


def test_whole_pictures_are_laid_over_one_another(copy):
    making.make(copy, copy.folder / "whole.zarr", names=["s01"], crop="frame", size_px=128)
    one = taver.dataset.open(copy.folder / "whole.zarr").recordings["s01-interview"]
    # A face is as small in a whole picture as that has become.
    crop = rigs.read(copy.rig_file).crop
    shrunk = 128 / max(crop.width_px, crop.height_px)
    recorded = np.ptp(faces.open_faces(find(copy, "s01"))["landmarks"][:, :17], axis=1)
    jaw = np.ptp(one.column("landmarks")[:, :17], axis=1)
    assert np.allclose(jaw, recorded * shrunk, atol=0.01)
    assert all(one.column(f"{modality}_valid").mean() > 0.9 for modality in one.modalities)
    nose = np.rint(one.column("landmarks")[5, 30]).astype(int)
    assert (nose > 0).all()
    assert (nose < 128).all()
    z_mm = one.pictures("depth", np.array([5]))[0, nose[1], nose[0]]
    assert abs(float(z_mm) - making.distance_mm(copy)) < 40
    factor, offset = one.thermal_kelvin
    assert 300 < one.pictures("thermal", np.array([5]))[0, nose[1], nose[0]] * factor + offset < 312


def test_a_stretch_of_a_session_has_its_own_slots(copy):
    times = built.color_ns(copy)
    built.label(copy, "s01", clips={"a": times[5:25], "b": times[30:]})
    making.make(copy, copy.folder / "parts.zarr", names=["s01"])
    parts = taver.dataset.open(copy.folder / "parts.zarr").recordings
    assert {name: one.slots for name, one in parts.items()} == {"s01-a": 20, "s01-b": 22}
    assert parts["s01-b"].attributes["start_unix_ns"] - parts["s01-a"].attributes[
        "start_unix_ns"
    ] == pytest.approx(2.5e9, abs=2e6)
    whole = taver.dataset.open(copy.folder / "dataset.zarr").recordings["s01-interview"]
    assert np.array_equal(
        parts["s01-b"].pictures("color", np.arange(22)), whole.pictures("color", np.arange(30, 52))
    )


def test_a_frame_that_is_damaged_is_not_valid_and_holds_nothing(copy):
    session = find(copy, "s01")
    with Footage(session, Modality.COLOR) as color:
        spoilt = bytes(color.read(20).data)
    (file,) = session.stream_files(Modality.COLOR)
    data = file.read_bytes()
    faced.damage(file, data.index(spoilt) + 4)  # its head: no decoder reads on
    making.make(copy, copy.folder / "damaged.zarr", names=["s01"])
    one = taver.dataset.open(copy.folder / "damaged.zarr").recordings["s01-interview"]
    assert np.flatnonzero(~one.column("color_valid")).tolist() == [20]
    assert not one.pictures("color", np.array([20])).any()


def test_others_read_it_without_taver(studied):
    root = zarr.open_group(studied.folder / "dataset.zarr", mode="r")
    one = root["recordings/s01-interview"]
    assert one["color"].shape[1:] == (96, 96, 3)
    assert one["color"].shards == (256, 96, 96, 3)
    assert one["depth"].attrs["unit"] == "mm"
