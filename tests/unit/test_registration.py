"""What holds for any rig: planes stay planes, the nearest wins, holes stay, boxes are cuts."""

from __future__ import annotations

import pickle
import subprocess
import sys
import threading

import msgspec
import numpy as np
import pytest
import slowly
from hypothesis import given, settings
from hypothesis import strategies as st
from registering import BESIDE, COLOR, CROP, IR, MODES, made, wall

from calibration.registration.box import Box
from calibration.registration.engine import Registration
from calibration.rig import Crop, Rig
from taver.core.distortion import Distortion
from taver.core.pose import Pose

REGISTRATION = made()


def plane(registration, normal, offset_mm):
    """Return what the depth camera tells of the plane normal * X = offset in its frame."""
    ir = registration.ir
    v, u = np.mgrid[: ir.height_px, : ir.width_px]
    z = offset_mm / (ir.rays(np.stack([u, v], axis=-1)) @ np.asarray(normal))
    return np.rint(z - registration.depth_shift_mm).astype(np.uint16)


def plane_in_color(registration, normal, offset_mm):
    """Return the plane's z at every pixel of the crop."""
    pose = registration.ir_to_color
    turned = pose.rotation_matrix @ np.asarray(normal)
    offset = offset_mm + turned @ np.asarray(pose.translation_mm)
    camera = registration.camera
    v, u = np.mgrid[: camera.height_px, : camera.width_px]
    return offset / (camera.rays(np.stack([u, v], axis=-1)) @ turned)


# --- what the equations say


@st.composite
def scenes(draw, camera=IR):
    """Draw a wall, plates before it, holes and stray pixels."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    depth = wall(draw(st.integers(1500, 4000)), camera).astype(float)
    depth += rng.uniform(-2, 2) * np.arange(camera.width_px)
    for _ in range(draw(st.integers(0, 3))):
        top, left = rng.integers(0, camera.height_px - 4), rng.integers(0, camera.width_px - 4)
        high, wide = rng.integers(3, 30, 2)
        depth[top : top + high, left : left + wide] = rng.uniform(600, 1400)
    depth += rng.normal(0, draw(st.sampled_from([0.0, 2.0])), depth.shape)
    depth[rng.random(depth.shape) < draw(st.sampled_from([0.0, 0.02, 0.3]))] = 0
    stray = rng.random(depth.shape) < draw(st.sampled_from([0.0, 0.02]))
    depth[stray] = rng.uniform(400, 5000, stray.sum())
    return np.rint(depth).astype(np.uint16)


@given(scenes())
@settings(max_examples=15, deadline=None)
def test_cleaning_is_what_its_equations_say(depth):
    z = REGISTRATION.cleaned(depth)
    np.testing.assert_allclose(z, slowly.cleaned(depth, -24.0, 500.0, 7000.0), rtol=1e-6)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("onto", ["undistorted", "original"])
@given(depth=scenes())
@settings(max_examples=6, deadline=None)
def test_compiled_and_slow_registration_agree(mode, onto, depth):
    registration = made(onto=onto)
    z = slowly.cleaned(depth, -24.0, 500.0, 7000.0)
    slow = getattr(slowly, mode)(z, IR, BESIDE, registration.camera)
    quick = registration.register(depth, mode=mode).depth_mm
    # Single precision may see a border on the other side of a pixel's centre, and round otherwise.
    alike = np.abs(slow.astype(int) - quick) <= 1
    assert alike.mean() > 0.998


# --- laws


@pytest.mark.parametrize("mode", MODES)
@given(st.integers(500, 7000), st.integers(0, 2**32 - 1))
@settings(max_examples=10, deadline=None)
def test_a_rig_of_one_camera_copies(mode, z_mm, seed):
    whole = Crop(left_px=0, top_px=0, width_px=48, height_px=40)
    registration = made(
        color=IR, ir_to_color=Pose(), crop=whole, depth_shift_mm=0.0, onto="original"
    )
    depth = wall(z_mm)
    rng = np.random.default_rng(seed)
    depth += rng.integers(0, z_mm // 200 + 1, depth.shape).astype(np.uint16)
    depth = np.minimum(depth, 7000)
    registered = registration.register(depth, mode=mode)
    np.testing.assert_array_equal(registered.depth_mm, depth)
    assert registered.camera == registration.camera


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("onto", ["undistorted", "original"])
@given(tilt=st.tuples(st.floats(-0.25, 0.25), st.floats(-0.25, 0.25)), z_mm=st.floats(800, 3000))
@settings(max_examples=10, deadline=None)
def test_a_plane_stays_that_plane(mode, onto, tilt, z_mm):
    registration = made(onto=onto)
    normal = np.array([*tilt, 1.0]) / np.linalg.norm([*tilt, 1.0])
    told = registration.register(plane(registration, normal, z_mm), mode=mode)
    truth = plane_in_color(registration, normal, z_mm)
    inner = np.s_[12:-12, 12:-12]  # beyond, the plane may end: half a depth pixel is made level
    off = np.abs(told.depth_mm - truth)[inner][told.valid[inner]]
    # This rig's depth pixels are a 36th of the distance wide: that much a square makes level.
    allowed = 1.5 if mode == "dense" else 3 + 0.05 * z_mm * np.abs(tilt).max()
    assert told.valid[inner].mean() > 0.5
    assert off.max() < allowed * max(z_mm / 1000, 1)


def test_the_shift_is_added_to_what_was_measured_and_to_nothing_else():
    whole = Crop(left_px=0, top_px=0, width_px=48, height_px=40)
    registration = made(
        color=IR, ir_to_color=Pose(), crop=whole, depth_shift_mm=-24.0, onto="original"
    )
    depth = wall(1000)
    depth[10:20, 10:20] = 0
    told = registration.register(depth).depth_mm
    assert set(np.unique(told)) == {0, 976}
    assert (told[11:19, 11:19] == 0).all()


@pytest.mark.parametrize("mode", MODES)
def test_the_nearest_wins_and_nothing_behind_shows_through(mode):
    depth = wall(3000)
    depth[8:32, 14:34] = 1000
    told = REGISTRATION.register(depth, mode=mode).depth_mm
    v, u = np.mgrid[8:32, 14:34]
    plate = REGISTRATION.camera.project(
        BESIDE.apply(IR.unproject(np.stack([u, v], axis=-1), 976.0))
    )
    left, top = np.ceil(plate[:, 0, 0].max()), np.ceil(plate[0, :, 1].max())
    right, bottom = np.floor(plate[:, -1, 0].min()), np.floor(plate[-1, :, 1].min())
    inside = told[int(top) : int(bottom), int(left) : int(right)]
    assert inside.size > 2000
    assert np.abs(inside.astype(int) - 976).max() < 12


@pytest.mark.parametrize("mode", MODES)
def test_the_wall_does_not_show_through_holes_in_what_is_before_it(mode):
    rng = np.random.default_rng(4)
    depth = wall(3000)
    plate = np.full((24, 20), 1000)
    plate[rng.random(plate.shape) < 0.35] = 0
    plate[10:14, -3:] = 0  # open to the side
    depth[8:32, 14:34] = plate
    told = REGISTRATION.register(depth, mode=mode).depth_mm
    v, u = np.mgrid[8:32, 14:34]
    there = REGISTRATION.camera.project(
        BESIDE.apply(IR.unproject(np.stack([u, v], axis=-1), 976.0))
    )
    middle = np.rint(there[1:-1, 1:-1].reshape(-1, 2)).astype(int)
    seen = told[middle[:, 1], middle[:, 0]]
    assert (seen < 2000).all()
    assert (seen > 0).mean() > 0.6


def test_a_hole_of_one_pixel_is_filled_and_a_wider_one_stays():
    depth = wall(1000)
    depth[10, 10] = 0
    depth[20:35, 40] = 0
    depth[25:28, 20:23] = 0
    z = REGISTRATION.cleaned(depth)
    assert z[10, 10] == pytest.approx(976)
    assert (z[20:35, 40] == 976).all()
    assert (z[25:28, 20:23] == 0).all()
    assert (z == 0).sum() == 9


def test_flying_pixels_are_dropped_and_thin_things_are_not():
    depth = wall(2000)
    depth[:, 20] = 1000  # a pole, one pixel wide: two neighbours agree, not three
    depth[:, 30:32] = 1000  # two wide
    depth[5, 5] = 1500
    z = REGISTRATION.cleaned(depth)
    assert z[5, 5] == 0  # and not filled: something was measured, so it is not known what is there
    assert (z[1:-1, 20] == 0).all()
    assert z[1:-1, 30:32] == pytest.approx(976)


def test_what_is_nearer_or_farther_than_the_range_is_missing():
    for z_mm, there in ((520, False), (525, True), (7023, True), (7026, False)):
        assert REGISTRATION.register(wall(z_mm)).valid.any() == there, z_mm
    near = made(nearest_mm=300.0, farthest_mm=900.0)
    assert near.register(wall(400)).valid.any()
    assert not near.register(wall(1000)).valid.any()


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("onto", ["undistorted", "original"])
@given(data=st.data())
@settings(max_examples=12, deadline=None)
def test_a_box_is_a_cut_of_the_whole(mode, onto, data):
    depth = data.draw(scenes())
    left, top = data.draw(st.integers(0, 110)), data.draw(st.integers(0, 80))
    box = Box(left, top, data.draw(st.integers(1, 118 - left)), data.draw(st.integers(1, 90 - top)))
    registration = made(onto=onto)
    whole = registration.register(depth, mode=mode)
    part = registration.register(depth, mode=mode, box=box)
    cut = whole.depth_mm[top : top + box.height_px, left : left + box.width_px]
    np.testing.assert_array_equal(part.depth_mm, cut)
    rows = registration.rows_of(box)
    blank = np.zeros_like(depth)
    blank[rows] = depth[rows]
    without = registration.register(blank, mode=mode, box=box)
    np.testing.assert_array_equal(without.depth_mm, part.depth_mm)
    # The part's own camera sees its pixels in the same directions.
    ray = part.camera.rays((0.0, 0.0))
    np.testing.assert_allclose(ray, whole.camera.rays((float(left), float(top))), atol=1e-12)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("onto", ["undistorted", "original"])
@given(depth=scenes())
@settings(max_examples=6, deadline=None)
def test_a_mirrored_rig_gives_the_mirrored_picture(mode, onto, depth):
    mirror = np.diag([-1.0, 1.0, 1.0])
    pose = Pose.from_matrix(
        mirror @ BESIDE.rotation_matrix @ mirror, mirror @ np.array(BESIDE.translation_mm)
    )
    wide = COLOR.width_px
    flipped = made(
        ir=mirrored(IR),
        color=mirrored(COLOR),
        ir_to_color=pose,
        crop=msgspec.structs.replace(CROP, left_px=wide - CROP.left_px - CROP.width_px),
        onto=onto,
        mirrored=True,
    )
    told = flipped.register(np.ascontiguousarray(depth[:, ::-1]), mode=mode, mirrored=True)
    usual = made(onto=onto).register(depth, mode=mode)
    alike = np.abs(told.depth_mm[:, ::-1].astype(int) - usual.depth_mm) <= 1
    # Halves of a pixel are rounded up, so to the other side in a mirrored picture.
    assert alike.mean() > (0.995 if mode == "dense" else 0.9)


def mirrored(camera):
    k1, k2, p1, p2, k3 = camera.distortion.coefficients
    return msgspec.structs.replace(
        camera,
        cx_px=camera.width_px - 1 - camera.cx_px,
        distortion=Distortion(coefficients=(k1, k2, p1, -p2, k3)),
    )


@given(scenes())
@settings(max_examples=5, deadline=None)
def test_the_original_picture_shows_the_same_depth_elsewhere(depth):
    plain, original = made(), made(onto="original")
    told = original.register(depth)
    at = np.argwhere(told.valid)[:, ::-1].astype(float)
    pixels = plain.camera.project(original.camera.rays(at))
    inside = plain.camera.contains(pixels)
    column, row = np.rint(pixels[inside]).astype(int).T
    there = plain.register(depth).depth_mm[row, column].astype(int)
    here = told.depth_mm[told.valid][inside].astype(int)
    assert (np.abs(here - there) <= np.maximum(0.02 * here, 3)).mean() > 0.85


def test_a_second_picture_changes_neither_the_first_nor_what_was_given():
    depth = wall(1000)
    depth.flags.writeable = False
    first = REGISTRATION.register(depth).depth_mm
    kept = first.copy()
    REGISTRATION.register(wall(2500))
    np.testing.assert_array_equal(first, kept)
    assert (depth == 1000).all()


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("turned", [0.0, 0.8, 1.6, 3.0])
def test_a_camera_that_looks_elsewhere_sees_less_or_nothing(mode, turned):
    pose = Pose.from_rotation_vector((0.0, turned, 0.0), (-52.0, 0.0, 0.0))
    told = made(ir_to_color=pose).register(wall(1000), mode=mode)
    assert told.valid.any() == (turned < 1.0)
    part = made(ir_to_color=pose).register(wall(1000), mode=mode, box=Box(30, 20, 40, 30))
    np.testing.assert_array_equal(part.depth_mm, told.depth_mm[20:50, 30:70])


def test_without_numba_the_extra_is_named():
    code = (
        "import sys; sys.modules['numba'] = None\n"
        "from taver.core.errors import MissingExtraError\n"
        "try:\n    import calibration.registration.engine\n"
        "except MissingExtraError as error:\n    print(error.what, '|', error.fix)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout
    assert "needs the package 'numba'" in done
    assert "calibrate" in done


def test_threads_may_share_one_registration():
    rng = np.random.default_rng(7)
    pictures = [wall(z) + rng.integers(0, 9, (40, 48)).astype(np.uint16) for z in (900, 1600, 2400)]
    alone = [[REGISTRATION.register(p, mode=m).depth_mm for m in MODES] for p in pictures]
    wrong = []

    def work(number):
        for _ in range(40):
            for at, mode in enumerate(MODES):
                told = REGISTRATION.register(pictures[number], mode=mode).depth_mm
                if not np.array_equal(told, alone[number][at]):
                    wrong.append(number)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_another_process_can_be_handed_one():
    depth = wall(1100)
    copy = pickle.loads(pickle.dumps(REGISTRATION))
    told = REGISTRATION.register(depth).depth_mm
    np.testing.assert_array_equal(copy.register(depth).depth_mm, told)


def test_a_rig_file_says_all_that_is_needed():
    rig = Rig(color=COLOR, ir=IR, ir_to_color=BESIDE, depth_shift_mm=-24.0, crop=CROP)
    depth = wall(1200)
    told = Registration.from_rig(rig).register(depth).depth_mm
    np.testing.assert_array_equal(told, REGISTRATION.register(depth).depth_mm)


def test_a_finer_colour_camera_gets_larger_squares():
    fine = COLOR.scaled(320, 240)
    crop = Crop(left_px=40, top_px=28, width_px=236, height_px=180)
    registration = made(color=fine, crop=crop)
    normal = (0.0, 0.0, 1.0)
    for mode in MODES:
        told = registration.register(plane(registration, normal, 1500.0), mode=mode)
        truth = plane_in_color(registration, normal, 1500.0)
        assert told.valid[60:120, 80:160].all(), mode
        assert np.abs(told.depth_mm - truth)[told.valid].max() < 15
