from __future__ import annotations

import math

import msgspec
import numpy as np
import pytest

from capture.sim.rig import Rig, RigCamera, rig_by_seed, standard_rig
from taver.core.camera import Camera
from taver.core.distortion import Distortion
from taver.core.errors import InputError
from taver.core.frames import Modality
from taver.core.pose import Pose

CAMERAS = ("color", "ir", "thermal")


def field_deg(size_px: int, f_px: float) -> float:
    return math.degrees(2 * math.atan(size_px / (2 * f_px)))


def changed(name: str, *, pose: Pose | None = None, **camera: object) -> Rig:
    rig = standard_rig()
    one = getattr(rig, name)
    new = RigCamera(
        camera=msgspec.structs.replace(one.camera, **camera),
        from_color=one.from_color if pose is None else pose,
    )
    return msgspec.structs.replace(rig, **{name: new})


def test_the_standard_rig_is_a_kinect_v2_beside_an_a65():
    rig = standard_rig()
    sizes = {name: getattr(rig, name).camera for name in CAMERAS}
    assert [(c.width_px, c.height_px) for c in sizes.values()] == [
        (1920, 1080), (512, 424), (640, 512),
    ]  # fmt: skip
    assert field_deg(640, rig.thermal.camera.fx_px) == pytest.approx(45.4, abs=0.1)
    assert field_deg(512, rig.thermal.camera.fy_px) == pytest.approx(37.0, abs=0.1)
    assert rig.ir.from_color.inverse().translation_mm[0] == pytest.approx(52)
    assert rig.of(Modality.DEPTH) == rig.of(Modality.IR) == rig.ir
    assert standard_rig() == rig


def test_a_pose_brings_the_camera_s_own_place_to_its_origin():
    thermal = standard_rig().thermal
    np.testing.assert_allclose(thermal.from_color.apply((-92, 31, 6)), 0, atol=1e-9)


def test_all_cameras_look_at_a_person_a_metre_away():
    for rig in (standard_rig(), *map(rig_by_seed, range(50))):
        for name in CAMERAS:
            one = getattr(rig, name)
            pixel = one.camera.project(one.from_color.apply((0, 0, 1000)))
            size = (one.camera.width_px, one.camera.height_px)
            assert (np.abs(pixel / size - 0.5) < 0.12).all(), name


def test_every_device_is_different_and_the_same_again():
    rigs = [rig_by_seed(seed) for seed in range(20)]
    assert rigs == [rig_by_seed(seed) for seed in range(20)]
    for name in CAMERAS:
        assert len({getattr(rig, name).camera.fx_px for rig in rigs}) == 20
        assert len({getattr(rig, name).camera.distortion for rig in rigs}) == 20
    shifts = [rig.depth_shift_mm for rig in rigs]
    assert len(set(shifts)) == 20
    assert -36 <= min(shifts) < max(shifts) <= -12
    assert {rig.color.from_color for rig in rigs} == {Pose()}
    baselines = [abs(rig.ir.from_color.inverse().translation_mm[0]) for rig in rigs]
    assert 51 <= min(baselines) < max(baselines) <= 53


def test_a_rig_survives_a_file():
    rig = rig_by_seed(7)
    assert msgspec.json.decode(msgspec.json.encode(rig), type=Rig) == rig


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: changed("color", fx_px=50.0), "color: fx_px = 50 sees 174 degrees"),
        (lambda: changed("thermal", fy_px=9000.0), "thermal: fy_px = 9000 sees 3.26 degrees"),
        (lambda: changed("ir", cx_px=600.0), "ir: cx_px = 600 lies outside the 512 px"),
        (lambda: changed("ir", width_px=9000), "ir: 9000 x 424 pixels"),
        (
            lambda: changed("color", distortion=Distortion(coefficients=(-1.5, 0, 0, 0, 0))),
            "color: the distortion folds",
        ),
        (
            lambda: changed("thermal", pose=Pose(translation_mm=(3000.0, 0, 0))),
            "thermal: it stands 3000 mm from the colour camera",
        ),
        (
            lambda: changed("thermal", pose=Pose.from_rotation_vector((0, math.pi, 0))),
            "thermal: it does not see the place a metre before",
        ),
        (
            lambda: changed("color", pose=Pose(translation_mm=(1.0, 0, 0))),
            "color: the world is this camera's frame",
        ),
        (
            lambda: msgspec.structs.replace(standard_rig(), depth_shift_mm=math.nan),
            "depth_shift_mm is nan",
        ),
    ],
)
def test_an_impossible_camera_is_refused_by_name(make, told):
    with pytest.raises(InputError) as refused:
        make()
    assert told in refused.value.what
    assert refused.value.fix


def test_all_that_is_wrong_is_told_at_once():
    rig = standard_rig()
    wide = RigCamera(
        camera=Camera(width_px=640, height_px=512, fx_px=20, fy_px=20, cx_px=-5, cy_px=255),
        from_color=rig.thermal.from_color,
    )
    with pytest.raises(InputError) as refused:
        msgspec.structs.replace(rig, thermal=wide, depth_shift_mm=500.0)
    assert len(refused.value.problems) == 5
