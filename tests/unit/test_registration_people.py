"""Depth of simulated people on the colour picture, against what is true there."""

from __future__ import annotations

import numpy as np
import pytest
import rigged

from calibration.registration.box import Box
from calibration.registration.engine import Registration
from calibration.registration.picture import Cutter
from calibration.rig import Crop
from capture.sim.render.renderer import Renderer
from capture.sim.rig import rig_by_seed, standard_rig
from taver.core.errors import InputError
from taver.core.frames import Modality


@pytest.fixture(scope="module", params=["standard", "another"])
def rig(request):
    """Two devices; no two are alike."""
    return standard_rig() if request.param == "standard" else rig_by_seed(3)


@pytest.fixture(scope="module")
def renderer(rig):
    return Renderer(rig)


@pytest.mark.parametrize(("onto", "number"), [("undistorted", 1), ("original", 3)])
def test_clean_depth_comes_to_lie_where_the_person_is(rig, renderer, onto, number):
    registration = Registration.from_rig(rigged.calibrated(rig), onto=onto)
    scene = rigged.scene(number)
    truth = rigged.truth(renderer, scene, registration.camera)
    depth = rigged.clean_depth(renderer, scene)
    dense = rigged.judged(registration.register(depth).depth_mm, truth)
    assert dense.coverage > 0.995
    assert dense.mae_mm < 0.5
    assert dense.through == 0
    fast = rigged.judged(registration.register(depth, mode="fast").depth_mm, truth)
    assert fast.coverage > 0.98
    assert fast.mae_mm < 1.2
    assert fast.through < 1e-3


@pytest.mark.parametrize("number", [2, 4])  # four has dark hair with holes
def test_what_a_kinect_gives_does_not_let_the_wall_through_the_face(rig, renderer, number):
    registration = Registration.from_rig(rigged.calibrated(rig))
    scene = rigged.scene(number)
    truth = rigged.truth(renderer, scene, registration.camera)
    depth = rigged.noisy_depth(renderer, scene, number)
    told = registration.register(depth)
    dense = rigged.judged(told.depth_mm, truth)
    assert dense.coverage > 0.97
    assert dense.mae_mm < 1.2  # the darker the hair, the noisier
    assert dense.through <= 1e-4
    # A wrong calibration would be seen: the same depth without its shift is 24 mm off.
    plain = Registration.from_rig(rigged.calibrated(rig))
    plain.depth_shift_mm = 0.0
    assert rigged.judged(plain.register(depth).depth_mm, truth).mae_mm > 10


def test_a_face_box_is_the_same_cut_out(rig, renderer):
    registration = Registration.from_rig(rigged.calibrated(rig))
    depth = rigged.noisy_depth(renderer, rigged.scene(2))
    for mode in ("dense", "fast"):
        whole = registration.register(depth, mode=mode)
        part = registration.register(depth, mode=mode, box=Box(470, 160, 480, 480))
        np.testing.assert_array_equal(part.depth_mm, whole.depth_mm[160:640, 470:950])


def test_the_cut_colour_picture_fits_the_camera_depth_was_registered_for(rig, renderer):
    scene = rigged.scene(2)
    picture = renderer.render(scene, [Modality.COLOR]).color
    marks = renderer.landmarks(scene)[0]
    calibrated = rigged.calibrated(rig)
    marked = picture.copy()
    spots = marks.pixels[Modality.COLOR][[30, 36, 45, 48, 54]]
    for u, v in np.rint(spots).astype(int):
        marked[v - 1 : v + 2, u - 1 : u + 2] = (0, 255, 0)
    for onto in ("undistorted", "original"):
        registration = Registration.from_rig(calibrated, onto=onto)
        cutter = Cutter(calibrated.color, calibrated.crop, registration)
        cut = cutter.cut(marked)
        assert cut.shape == (792, 1408, 3)
        green = (cut[..., 1].astype(int) - cut[..., 0]) - (cut[..., 2] > 60) * 255
        for u, v in registration.camera.project(marks.world_mm[[30, 36, 45, 48, 54]]):
            column, row = round(u), round(v)
            around = green[row - 4 : row + 5, column - 4 : column + 5].clip(0)
            y, x = np.mgrid[-4:5, -4:5]
            middle = np.array([(x * around).sum(), (y * around).sum()]) / around.sum()
            off = middle + np.array([column - u, row - v])
            assert np.abs(off).max() < 0.8, onto
    with pytest.raises(InputError, match="A colour picture of 640 x 480"):
        cutter.cut(np.zeros((480, 640, 3), np.uint8))


def test_a_crop_elsewhere_shows_the_same_there(rig, renderer):
    calibrated = rigged.calibrated(rig)
    depth = rigged.clean_depth(renderer, rigged.scene(1))
    usual = Registration.from_rig(calibrated).register(depth).depth_mm
    other = Registration(
        ir=calibrated.ir,
        color=calibrated.color,
        ir_to_color=calibrated.ir_to_color,
        depth_shift_mm=calibrated.depth_shift_mm,
        crop=Crop(left_px=656, top_px=344, width_px=600, height_px=500),
    )
    there = other.register(depth).depth_mm
    same = there == usual[200:700, 400:1000]
    assert same.mean() > 0.999  # the same pixels in another frame of numbers round otherwise
