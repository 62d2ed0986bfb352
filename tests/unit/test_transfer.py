"""Points of the colour picture in depth and heat: where, whether seen, and how sure."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest
import rigged
from hypothesis import given, settings
from hypothesis import strategies as st

from calibration.registration.engine import Registration
from calibration.rig import Crop, Uncertainty
from calibration.transfer.engine import State, Transfer
from calibration.transfer.sample import sample
from capture.sim.render.renderer import Renderer
from capture.sim.rig import rig_by_seed, standard_rig
from taver.core.camera import Camera
from taver.core.errors import InputError
from taver.core.frames import Modality
from taver.core.pose import Pose

RIG = rigged.calibrated()
TRANSFER = Transfer.from_rig(RIG)
INNER = np.arange(68) >= 17  # the others lie on the edge of the face, where depth jumps
CORNER = np.array([RIG.crop.left_px, RIG.crop.top_px])
MODALITY = {"depth": Modality.DEPTH, "thermal": Modality.THERMAL}


def wall(z_mm):
    """Return what the depth camera tells of a wall so far from it."""
    return np.full((424, 512), round(z_mm - RIG.depth_shift_mm), np.uint16)


def grid(step=110):
    v, u = np.mgrid[300:600:step, 400:1000:step]
    return np.stack([u, v], axis=-1).reshape(-1, 2).astype(float)


def on_wall(pixels, z_mm):
    """Return the points of the wall at these pixels, in the colour camera's frame."""
    rays = TRANSFER.registration.camera.rays(pixels)
    to_ir = RIG.ir_to_color.inverse()
    forward = rays @ to_ir.rotation_matrix[2]
    return rays * ((z_mm - to_ir.translation_mm[2]) / forward)[:, None]


@pytest.mark.parametrize("onto", ["original", "undistorted"])
@pytest.mark.parametrize("z_mm", [700.0, 1000.0, 2500.0])
def test_points_on_a_wall_are_found_where_geometry_puts_them(z_mm, onto):
    transfer = Transfer.from_rig(RIG, onto=onto)
    pixels = grid() + 0.3
    rays = transfer.registration.camera.rays(pixels)
    to_ir = RIG.ir_to_color.inverse()
    scale = (z_mm - to_ir.translation_mm[2]) / (rays @ to_ir.rotation_matrix[2])
    points = rays * scale[:, None]
    for to, camera, pose in (
        ("depth", RIG.ir, to_ir),
        ("thermal", RIG.thermal, RIG.color_to_thermal),
    ):
        found = transfer.points(pixels, wall(z_mm), to=to)
        truth = camera.project(pose.apply(points))
        inside = camera.contains(truth)
        assert inside.sum() > 3
        assert (found.visible == inside).all()
        assert (found.state[~inside] == State.OUTSIDE).all()
        # Whole millimetres: half of one moves a point by this much.
        allowed = 0.02 + 0.5 * 144 * camera.fx_px / z_mm**2
        assert np.abs(found.pixels - truth)[inside].max() < allowed
        np.testing.assert_allclose(found.points_mm, points, atol=1.0)


def test_there_and_back_again():
    pixels = grid(37) + 0.25
    depth = wall(900)
    found = TRANSFER.points(pixels, depth, to="depth")
    z = 900.0
    back = TRANSFER.registration.camera.project(
        RIG.ir_to_color.apply(RIG.ir.unproject(found.pixels, z))
    )
    assert found.visible.all()
    assert np.abs(back - pixels).max() < 0.05


@pytest.fixture(scope="module", params=["standard", "another"])
def device(request):
    sim = standard_rig() if request.param == "standard" else rig_by_seed(11)
    return Renderer(sim), Transfer.from_rig(rigged.calibrated(sim))


@pytest.mark.parametrize("to", ["depth", "thermal"])
@pytest.mark.parametrize("sensor", ["clean", "noisy"])
def test_a_face_s_landmarks_are_found_in_the_other_cameras(device, to, sensor):
    renderer, transfer = device
    off, kept, sure = [], [], []
    for number in (1, 3, 6):
        scene = rigged.scene(number)
        take = rigged.clean_depth if sensor == "clean" else rigged.noisy_depth
        truth = renderer.landmarks(scene)[0]
        found = transfer.points(truth.pixels[Modality.COLOR] - CORNER, take(renderer, scene), to=to)
        seen = truth.visible[Modality.COLOR] & truth.visible[MODALITY[to]] & INNER
        error = np.linalg.norm(found.pixels - truth.pixels[MODALITY[to]], axis=1)
        kept.append(found.visible[seen].mean())
        off.append(error[seen & found.visible])
        sure.append((error / np.sqrt(2) <= 2 * found.sigma_px)[seen & found.visible])
    assert np.mean(kept) > 0.97
    assert np.median(np.concatenate(off)) < (0.03 if to == "depth" else 0.1)
    assert np.percentile(np.concatenate(off), 90) < (0.1 if to == "depth" else 0.4)
    assert np.concatenate(sure).mean() > 0.85


def test_what_stands_before_a_point_in_the_target_hides_it():
    depth = wall(2000)
    depth[100:330, 150:260] = 900  # a plate before the wall
    v, u = np.mgrid[250:560:20, 200:1200:10]
    pixels = np.stack([u, v], axis=-1).reshape(-1, 2).astype(float)
    found = TRANSFER.points(pixels, depth, to="thermal")
    far = found.points_mm[:, 2] > 1500
    # The thermal camera stands to the left: seen from there the plate covers other parts of the
    # wall than seen from the colour camera.
    to_ir = RIG.ir_to_color.inverse()
    thermal_in_ir = to_ir.apply(RIG.color_to_thermal.inverse().apply((0.0, 0.0, 0.0)))
    wall_points = to_ir.apply(found.points_mm)
    share = (876.0 - thermal_in_ir[2]) / (wall_points[:, 2] - thermal_in_ir[2])
    crossing = thermal_in_ir + (wall_points - thermal_in_ir) * share[:, None]
    at = RIG.ir.project(crossing)
    low, high = np.array([150, 100]), np.array([259, 329])
    hidden = far & ((at > low + 1) & (at < high - 1)).all(axis=1)
    free = far & ~((at > low - 3) & (at < high + 3)).all(axis=1)
    assert hidden.sum() > 20
    assert (found.state[hidden] != State.VISIBLE).all()
    inside = free & (found.state != State.OUTSIDE)
    assert inside.sum() > 200
    assert (found.state[inside] == State.VISIBLE).mean() > 0.98


def test_a_point_gets_the_depth_of_its_own_side_of_an_edge():
    picture = np.full((40, 40), 2000, np.uint16)
    picture[:, 20:] = 1000
    for x, z in ((19.0, 2000), (19.4, 2000), (19.6, 1000), (20.0, 1000), (17.0, 2000)):
        told = sample(picture, np.array([[x, 20.0]]), 3)
        assert told.z_mm[0] == z
        assert told.doubt_mm[0] == 1000
    far_off = sample(picture, np.array([[10.0, 20.0]]), 3)
    assert (far_off.z_mm[0], far_off.doubt_mm[0], far_off.spread_mm[0]) == (2000, 0, 0)


def test_in_a_hole_the_nearest_surface_counts_and_far_from_any_there_is_none():
    picture = np.zeros((40, 40), np.uint16)
    picture[:, :10] = 2000
    picture[:, 13:20] = 1000
    told = sample(picture, np.array([[10.6, 20.0], [11.6, 20.0], [30.0, 20.0], [60, 20]]), 3)
    np.testing.assert_array_equal(told.z_mm, [2000, 1000, np.nan, np.nan])


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=25, deadline=None)
def test_a_sampled_depth_is_one_that_is_there(seed):
    rng = np.random.default_rng(seed)
    picture = rng.choice([0, 800, 1500, 3000], (12, 12)).astype(np.uint16)
    points = rng.uniform(-2, 14, (20, 2))
    told = sample(picture, points, 2)
    assert set(told.z_mm[np.isfinite(told.z_mm)]) <= {800.0, 1500.0, 3000.0}


def test_points_without_depth_or_outside_the_crop_say_so():
    depth = wall(1000)
    depth[150:250, 200:300] = 0
    hole = TRANSFER.registration.camera.project(
        RIG.ir_to_color.apply(RIG.ir.unproject((250.0, 200.0), 1000.0))
    )
    pixels = np.array([hole, (np.nan, 3.0), (-50.0, 40.0), (700.0, 650.0)])
    found = TRANSFER.points(pixels, depth, to="thermal")
    assert found.state.tolist() == [State.NO_DEPTH, State.NO_DEPTH, State.NO_DEPTH, State.VISIBLE]
    assert np.isnan(found.pixels[:3]).all()
    assert np.isnan(found.sigma_px[:3]).all()
    assert np.isfinite(found.sigma_px[3])
    nothing = TRANSFER.points(pixels[1:3], depth, to="depth")
    assert (nothing.state == State.NO_DEPTH).all()
    empty = TRANSFER.points(np.zeros((0, 2)), depth, to="depth")
    assert empty.pixels.shape == (0, 2)


# --- how sure


def known_to(**sigmas):
    names = tuple(sigmas)
    return Uncertainty.from_matrix(names, np.diag([sigmas[name] ** 2 for name in names]))


def with_uncertainty(uncertainty):
    return Transfer.from_rig(msgspec.structs.replace(RIG, uncertainty=uncertainty))


def test_a_worse_calibration_is_less_sure_of_its_points():
    pixels, depth = grid(), wall(1000)
    plain = TRANSFER.points(pixels, depth, to="thermal").sigma_px
    some = with_uncertainty(known_to(**{"color_to_thermal.tx_mm": 1.0}))
    sigma = some.points(pixels, depth, to="thermal").sigma_px
    # A millimetre at a metre is 0.76 px along x, so over both coordinates 0.54.
    np.testing.assert_allclose(np.sqrt(sigma**2 - plain**2), 0.76 / np.sqrt(2), rtol=0.05)
    depth_side = some.points(pixels, depth, to="depth").sigma_px
    np.testing.assert_allclose(depth_side, TRANSFER.points(pixels, depth, to="depth").sigma_px)


def test_what_is_told_of_doubt_is_what_other_calibrations_would_have_found():
    sigmas = {
        "color.fx_px": 2.0, "color.cx_px": 1.0, "color.k1": 0.003,
        "thermal.fy_px": 2.0, "thermal.cy_px": 1.5, "thermal.k1": 0.004,
        "ir_to_color.ry_rad": 0.002, "ir_to_color.tz_mm": 1.5,
        "color_to_thermal.rx_rad": 0.001, "color_to_thermal.tx_mm": 0.8,
        "depth_shift_mm": 3.0,
    }  # fmt: skip
    pixels, depth = grid(), wall(900)
    transfer = with_uncertainty(known_to(**sigmas))
    found = transfer.points(pixels, depth, to="thermal")
    # In the undistorted picture the same points are as sure.
    rig = msgspec.structs.replace(RIG, uncertainty=known_to(**sigmas))
    plain = Transfer.from_rig(rig, onto="undistorted")
    seen = plain.registration.camera.project(transfer.registration.camera.rays(pixels))
    again = plain.points(seen, depth, to="thermal")
    np.testing.assert_allclose(again.sigma_px[found.visible], found.sigma_px[found.visible], 0.02)
    noise = TRANSFER.points(pixels, depth, to="thermal").sigma_px
    told = np.sqrt(found.sigma_px**2 - noise**2)[found.visible]
    rng = np.random.default_rng(3)
    others = []
    for _ in range(16):
        off = {name: rng.normal(0, sigma) for name, sigma in sigmas.items()}
        others.append(Transfer.from_rig(_changed(off)).points(pixels, depth, to="thermal").pixels)
    spread = np.std(others, axis=0)[found.visible]
    measured = np.sqrt((spread**2).mean(axis=1))
    assert np.abs(np.median(told / measured) - 1) < 0.3


def _changed(off):
    """Return the rig with these parameters off by so much, built without the code under test."""

    def lens(camera, name):
        k = list(camera.distortion.coefficients)
        k[0] += off.get(f"{name}.k1", 0.0)
        return Camera(
            width_px=camera.width_px,
            height_px=camera.height_px,
            fx_px=camera.fx_px + off.get(f"{name}.fx_px", 0.0),
            fy_px=camera.fy_px + off.get(f"{name}.fy_px", 0.0),
            cx_px=camera.cx_px + off.get(f"{name}.cx_px", 0.0),
            cy_px=camera.cy_px + off.get(f"{name}.cy_px", 0.0),
            distortion=msgspec.structs.replace(camera.distortion, coefficients=tuple(k)),
        )

    def turned(pose, name):
        turn = [off.get(f"{name}.r{axis}_rad", 0.0) for axis in "xyz"]
        move = [off.get(f"{name}.t{axis}_mm", 0.0) for axis in "xyz"]
        spun = Pose.from_rotation_vector(turn).rotation_matrix @ pose.rotation_matrix
        return Pose.from_matrix(spun, np.array(pose.translation_mm) + move)

    return msgspec.structs.replace(
        RIG,
        color=lens(RIG.color, "color"),
        thermal=lens(RIG.thermal, "thermal"),
        ir_to_color=turned(RIG.ir_to_color, "ir_to_color"),
        color_to_thermal=turned(RIG.color_to_thermal, "color_to_thermal"),
        depth_shift_mm=RIG.depth_shift_mm + off.get("depth_shift_mm", 0.0),
    )


def test_a_pose_may_be_told_from_either_end():
    pixels, depth = grid(), wall(1000)
    forwards = with_uncertainty(known_to(**{"ir_to_color.tx_mm": 1.0}))
    backwards = with_uncertainty(known_to(**{"color_to_ir.tx_mm": 1.0}))
    one = forwards.points(pixels, depth, to="depth").sigma_px
    other = backwards.points(pixels, depth, to="depth").sigma_px
    np.testing.assert_allclose(one, other, rtol=0.02)


def test_an_edge_within_reach_makes_a_point_less_sure():
    depth = wall(2000)
    depth[100:330, 150:260] = 900
    edge = TRANSFER.registration.camera.project(
        RIG.ir_to_color.apply(RIG.ir.unproject((259.0, 200.0), 876.0))  # the wall is beside it here
    )
    pixels = np.stack([edge - np.array([1, 0]), edge - np.array([40, 0])])
    found = TRANSFER.points(pixels, depth, to="thermal")
    assert (found.points_mm[:, 2] < 1000).all()
    assert found.sigma_px[0] > 3 * found.sigma_px[1]


# --- what is refused


def test_a_rig_without_a_thermal_camera_has_no_thermal_points():
    blind = msgspec.structs.replace(RIG, thermal=None, color_to_thermal=None)
    transfer = Transfer.from_rig(blind)
    assert transfer.points(grid(), wall(1000), to="depth").visible.all()
    with pytest.raises(InputError) as refused:
        transfer.points(grid(), wall(1000), to="thermal")
    assert "without a thermal camera" in refused.value.what
    assert "calibrate" in refused.value.fix


def test_points_and_pictures_of_other_shapes_are_refused():
    with pytest.raises(InputError, match="points have the shape"):
        TRANSFER.points(np.zeros((4, 3)), wall(1000), to="depth")
    with pytest.raises(InputError, match="Points of the shape"):
        TRANSFER.points(np.zeros((2, 4, 2)), wall(1000), to="depth")
    with pytest.raises(InputError, match="in metres"):
        TRANSFER.points(grid(), np.full((424, 512), 1.0), to="depth")
    with pytest.raises(InputError, match="in metres"):
        TRANSFER.points(grid() - 5000, np.full((424, 512), 1.0), to="depth")
    with pytest.raises(InputError, match="mirrored left to right"):
        TRANSFER.points(grid(), wall(1000), to="depth", mirrored=True)
    with pytest.raises(InputError, match="No target 'colour'"):
        TRANSFER.points(grid(), wall(1000), to="colour")


def test_a_transfer_can_be_made_without_a_rig_file():
    registration = Registration(
        ir=RIG.ir,
        color=RIG.color,
        ir_to_color=RIG.ir_to_color,
        depth_shift_mm=RIG.depth_shift_mm,
        crop=Crop(),
        onto="original",
    )
    transfer = Transfer(registration, thermal=RIG.thermal, color_to_thermal=RIG.color_to_thermal)
    one = transfer.points(grid(), wall(1000), to="thermal").pixels
    np.testing.assert_array_equal(one, TRANSFER.points(grid(), wall(1000), to="thermal").pixels)


@pytest.mark.parametrize("to", ["depth", "thermal"])
def test_rows_that_are_not_asked_for_may_hold_anything(to):
    depth = np.random.default_rng(4).integers(880, 900, (424, 512)).astype(np.uint16)
    asked = []

    def read(rows):
        asked.append(rows)
        told = np.full_like(depth, 700)
        told[rows] = depth[rows]
        return told

    here, there = grid(40)[:6], grid(40)[-6:]
    packed = TRANSFER.pictured(read)
    for pixels in (here, there):  # the second lie elsewhere in the same picture
        found, whole = (TRANSFER.points(pixels, one, to=to) for one in (packed, depth))
        assert whole.visible.any()
        for name in ("pixels", "state", "sigma_px", "points_mm"):
            np.testing.assert_array_equal(getattr(found, name), getattr(whole, name))
    assert asked[0].stop - asked[0].start < len(depth) / 2
