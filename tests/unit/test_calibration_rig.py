"""rig.json and iai_kinect2's files: what is written is read, what does not fit is refused."""

import json

import numpy as np
import pytest

from calibration import iai, store
from calibration.keep import keep
from calibration.rig import Crop, Rig, Uncertainty
from capture.sim.rig import standard_rig
from taver.core.errors import AlreadyThereError, DataError, InputError, NotFoundError
from taver.core.frames import Modality
from taver.core.pose import Pose

SIM = standard_rig()


@pytest.fixture
def rig():
    return Rig(
        color=SIM.color.camera,
        ir=SIM.ir.camera,
        thermal=SIM.thermal.camera,
        ir_to_color=SIM.ir.from_color.inverse(),
        color_to_thermal=SIM.thermal.from_color,
        depth_shift_mm=-24.0,
        uncertainty=Uncertainty.from_matrix(("a", "b"), [[4.0, 1.0], [1.0, 9.0]]),
        serials={Modality.COLOR: "K1", Modality.IR: "K1", Modality.THERMAL: "T1"},
        made="2026-11-21T08:00:00+00:00",
    )


def test_what_is_written_is_read(rig, tmp_path):
    path = tmp_path / "räg 1.json"
    store.write(rig, path)
    assert store.read(path) == rig
    assert store.read(path).uncertainty.matrix.tolist() == [[4, 1], [1, 9]]
    assert store.read(path).uncertainty.sigma == {"a": 2.0, "b": 3.0}


def test_poses_from_colour_to_every_camera(rig):
    point = np.array([10.0, 20.0, 900.0])
    for modality in (Modality.COLOR, Modality.IR, Modality.DEPTH, Modality.THERMAL):
        there = SIM.of(modality).from_color.apply(point)
        assert np.allclose(rig.from_color(modality).apply(point), there)


def test_other_cameras_are_refused_and_named(rig, tmp_path):
    path = tmp_path / "rig.json"
    store.write(rig, path)
    same = {Modality.COLOR: "K1", Modality.THERMAL: "T1"}
    assert store.read(path, same) == rig
    with pytest.raises(DataError, match="made with another camera") as caught:
        store.read(path, {**same, Modality.THERMAL: "T2"})
    assert caught.value.problems == ("thermal: calibrated 'T1', recorded 'T2'",)
    assert "calibrate" in caught.value.fix


def test_a_camera_without_a_serial_passes(rig, tmp_path):
    path = tmp_path / "rig.json"
    store.write(rig, path)
    assert store.read(path, {Modality.DEPTH: "K9", Modality.COLOR: ""}) == rig


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        ("version", 2, "is version 2"),
        ("format", "taver-session", "says it is 'taver-session'"),
        ("mirrored", "perhaps", "mirrored"),
        ("depth_shift_mm", 5000.0, "depth_shift_mm is 5000"),
        ("thermal", None, "belong together"),
        ("units", {"length": "m"}, "units are not taver's"),
        ("nonsense", 1, "nonsense"),
    ],
)
def test_what_is_not_understood_is_refused(rig, tmp_path, key, value, told):
    path = tmp_path / "rig.json"
    store.write(rig, path)
    tree = json.loads(path.read_text())
    tree[key] = value
    path.write_text(json.dumps(tree))
    with pytest.raises(DataError, match=told):
        store.read(path)


def test_no_calibration_says_how_to_get_one(tmp_path):
    with pytest.raises(NotFoundError, match="no calibration") as caught:
        store.read(tmp_path / "rig.json")
    assert "taver calibrate --session" in caught.value.fix


def test_a_crop_outside_the_picture_is_refused(rig):
    with pytest.raises(InputError, match="crop reaches out"):
        Rig(
            color=SIM.color.camera,
            ir=SIM.ir.camera,
            ir_to_color=Pose(),
            crop=Crop(left_px=1000, top_px=0, width_px=1408, height_px=792),
        )


def test_an_older_rig_is_kept_beside_the_new_one(rig, tmp_path):
    path = tmp_path / "rig.json"
    assert keep(rig, path).before is None
    first = path.read_bytes()
    kept = keep(rig, path)
    assert kept.before.read_bytes() == first
    assert "2026-11-21" in kept.before.name
    path.write_bytes(b"scribbled over")
    assert keep(rig, path).before.read_bytes() == b"scribbled over"
    assert len(list(tmp_path.iterdir())) == 3


def test_iai_files_lose_nothing_of_what_they_hold(rig, tmp_path):
    folder = tmp_path / "00ä 7" / "501234567"
    iai.write(rig, folder)
    back = iai.read(folder)
    assert (back.color, back.ir) == (rig.color, rig.ir)
    assert back.ir_to_color.rotation == rig.ir_to_color.rotation
    assert back.ir_to_color.translation_mm == pytest.approx(
        rig.ir_to_color.translation_mm, abs=1e-12
    )
    assert back.depth_shift_mm == rig.depth_shift_mm
    assert back.serials[Modality.IR] == "501234567"
    iai.write(back, tmp_path / "again")
    for name in iai.FILES:
        assert (tmp_path / "again" / name).read_bytes() == (folder / name).read_bytes()


def test_iai_files_are_opened_by_opencv(rig, tmp_path):
    cv2 = pytest.importorskip("cv2")
    iai.write(rig, tmp_path / "k")
    storage = cv2.FileStorage(
        (tmp_path / "k" / iai.POSE).read_text(), cv2.FILE_STORAGE_READ | cv2.FILE_STORAGE_MEMORY
    )
    essential = storage.getNode("essential").mat()
    ray_ir, point = np.array([0.1, -0.05, 1.0]), np.array([100.0, -50.0, 1000.0])
    seen = rig.ir_to_color.apply(point)
    assert abs(seen @ essential @ ray_ir) < 1e-9


def test_iai_files_are_never_written_over_others(rig, tmp_path):
    iai.write(rig, tmp_path / "k")
    with pytest.raises(AlreadyThereError):
        iai.write(rig, tmp_path / "k")


@pytest.mark.parametrize(
    "junk",
    [b"", b"hello", b"\xff\xfe", b"%YAML:1.0\n---\ncameraMatrix: 3\n", b"%YAML:1.0\n---\nx: [1\n"],
)
def test_iai_files_that_are_damaged_are_refused(rig, tmp_path, junk):
    iai.write(rig, tmp_path / "k")
    (tmp_path / "k" / iai.COLOR).write_bytes(junk)
    with pytest.raises(DataError, match=r"calib_color\.yaml"):
        iai.read(tmp_path / "k")


def test_missing_iai_files_are_named(tmp_path):
    with pytest.raises(NotFoundError, match=r"calib_color\.yaml, .*calib_depth\.yaml"):
        iai.read(tmp_path)
