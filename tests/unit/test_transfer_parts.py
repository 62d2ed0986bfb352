"""What makes transfer quick gives the same numbers: compiled lenses, samples, shared parts."""

from __future__ import annotations

import numpy as np
import pytest
import rigged
from hypothesis import given, settings
from hypothesis import strategies as st

from calibration.registration.box import Box
from calibration.registration.engine import Registration
from calibration.transfer.engine import Transfer
from calibration.transfer.lens import Lens, Way
from calibration.transfer.sample import SAME, sample
from taver.core.camera import Camera
from taver.core.distortion import Distortion

RIG = rigged.calibrated()
SIZE = {"width_px": 640, "height_px": 480, "cx_px": 320.0, "cy_px": 240.0}
LENSES = {
    "color": RIG.color,
    "ir": RIG.ir,
    "thermal": RIG.thermal,
    "pinhole": Camera(fx_px=500, fy_px=510, **SIZE),
    "rational": Camera(
        fx_px=400, fy_px=390, **SIZE,
        distortion=Distortion(coefficients=(0.3, -0.2, 1e-3, -2e-3, 0.05, 0.2, -0.1, 0.02)),
    ),
}  # fmt: skip


def places(rng, count=3000):
    """Return places inside and far outside a picture, and some that are none."""
    at = rng.uniform(-800, 2600, (count, 2))
    at[:3] = [(np.nan, 3.0), (3.0, np.inf), (1e200, 1e200)]
    return at


@pytest.mark.parametrize("name", LENSES)
def test_a_compiled_lens_sees_what_the_camera_sees(name):
    rng = np.random.default_rng(3)
    camera, lens = LENSES[name], Lens(LENSES[name])
    at = places(rng)
    np.testing.assert_allclose(lens.rays(at), camera.rays(at), rtol=0, atol=1e-10)
    points = rng.uniform(-1500, 1500, (3000, 3))
    points[:4] = [(np.nan, 1, 1), (1, 1, np.inf), (1, 1, 0), (1e300, 1, 1e-300)]
    np.testing.assert_allclose(lens.project(points), camera.project(points), rtol=1e-12, atol=1e-8)


def test_a_way_is_the_pose_and_then_the_camera():
    points = np.random.default_rng(4).uniform((-300, -300, 600), (300, 300, 2000), (200, 3))
    way = Way(RIG.color_to_thermal, RIG.thermal)
    there = RIG.color_to_thermal.apply(points)
    np.testing.assert_allclose(way.moved(points), there, atol=1e-9)
    np.testing.assert_allclose(way.seen(points), RIG.thermal.project(there), atol=1e-8)


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=25, deadline=None)
def test_samples_are_what_their_words_say(seed):
    rng = np.random.default_rng(seed)
    picture = rng.choice([0, 800, 808, 815, 1500, 3000], (14, 15)).astype(np.uint16)
    pixels = rng.uniform(-2, 16, (20, 2))
    told = sample(picture, pixels, 2)
    for (x, y), z_mm, spread_mm, doubt_mm in zip(pixels, *told, strict=True):
        column, row = int(np.rint(x)), int(np.rint(y))
        near = []
        if 0 <= column < 15 and 0 <= row < 14:
            near = [
                (down**2 + right**2, down, right, float(picture[row + down, column + right]))
                for down in range(-2, 3) for right in range(-2, 3)
                if 0 <= row + down < 14 and 0 <= column + right < 15
            ]  # fmt: skip
        found = [z for *_, z in sorted(near) if z > 0]
        if not found:
            assert np.isnan([z_mm, spread_mm]).all()
            assert doubt_mm == 0
            continue
        mine = [z for z in found if abs(z - found[0]) <= SAME * found[0]]
        others = [abs(z - np.median(mine)) for z in found if abs(z - found[0]) > SAME * found[0]]
        assert z_mm == np.median(mine)
        assert spread_mm == pytest.approx(np.std(mine), abs=1e-9)
        assert doubt_mm == min(others, default=0)


def scene(seed):
    """Return a face-like hill before a wall, with noise and holes."""
    rng = np.random.default_rng(seed)
    v, u = np.mgrid[:424, :512]
    depth = np.where((u - 260) ** 2 + (v - 210) ** 2 < 60**2, 900 + abs(u - 260), 1800)
    depth = depth + rng.normal(0, 3, depth.shape)
    depth[rng.random(depth.shape) < 0.03] = 0
    return np.rint(depth).astype(np.uint16)


def test_points_of_several_calls_are_those_of_each_alone():
    depth, rng = scene(1), np.random.default_rng(2)
    transfer = Transfer.from_rig(RIG, onto="original")
    middle = transfer.registration.camera.project(
        RIG.ir_to_color.apply(RIG.ir.unproject((260.0, 210.0), 900.0))
    )
    pictured = transfer.pictured(depth)
    # Near by, a little beside it, and far away: from what is there, and from what is not.
    for off in (0.0, 3.0, -6.0, 150.0, 0.0):
        pixels = middle + off + rng.uniform(-120, 120, (68, 2))
        for to in ("depth", "thermal"):
            shared = transfer.points(pixels, pictured, to=to)
            alone = transfer.points(pixels, depth, to=to)
            np.testing.assert_array_equal(shared.pixels, alone.pixels)
            np.testing.assert_array_equal(shared.state, alone.state)
            np.testing.assert_array_equal(shared.sigma_px, alone.sigma_px)


@pytest.mark.parametrize(
    "box", [Box(0, 0, 512, 424), Box(0, 0, 1, 1), Box(200, 150, 120, 90), Box(500, 400, 12, 24)]
)
def test_a_part_is_cleaned_as_in_the_whole(box):
    registration, depth = Registration.from_rig(RIG), scene(5)
    left, top, wide, high = box
    whole = registration.cleaned(depth)
    part = registration.cleaned(depth, box=box)
    np.testing.assert_array_equal(part, whole[top : top + high, left : left + wide])


def test_a_box_tells_whether_it_lies_in_another():
    inner, outer = Box(10, 10, 5, 5), Box(8, 8, 10, 10)
    assert inner.lies_in(outer)
    assert inner.lies_in(inner)
    assert not outer.lies_in(inner)
    assert not inner.grown(3).lies_in(outer)
    assert inner.grown(2) == Box(8, 8, 9, 9)
