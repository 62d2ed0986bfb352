"""Counts as temperatures, and temperatures on the colour picture."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest
import rigged
from hypothesis import given
from hypothesis import strategies as st

from calibration.registration.box import Box
from calibration.thermal.emission import Surface
from calibration.thermal.scale import Scale
from calibration.thermal.warp import ThermalWarp
from capture.sim.render.renderer import Renderer
from capture.sim.rig import rig_by_seed, standard_rig
from capture.sim.sensors.suite import SensorSuite
from capture.units import UNIT
from taver.core.errors import InputError
from taver.core.frames import PICTURES, Modality

RIG = rigged.calibrated()
WARP = ThermalWarp.from_rig(RIG)
FACE = Box(470, 160, 480, 480)


def counts(kelvin):
    return np.full((512, 640), round(kelvin / 0.04), np.uint16)


def wall(z_mm):
    return np.full((424, 512), round(z_mm - RIG.depth_shift_mm), np.uint16)


# --- counts


@pytest.mark.parametrize(
    ("unit", "per_count", "offset"),
    [
        ("0.04 K", 0.04, 0.0),
        ("0.4 K", 0.4, 0.0),
        (" 0.01K ", 0.01, 0.0),
        ("1e-2 K", 0.01, 0.0),
        ("0.01 K + 173.15", 0.01, 173.15),
        ("0.1 K - 20 K", 0.1, -20.0),
        (".04 K", 0.04, 0.0),
    ],
)
def test_a_stream_s_unit_is_a_scale(unit, per_count, offset):
    scale = Scale.from_unit(unit)
    assert (scale.kelvin_per_count, scale.offset_k) == (per_count, offset)


@pytest.mark.parametrize(
    ("unit", "bits"), [("0.04 K", 14), ("0.4 K", 14), ("0.01 K", 16), ("0.1 K - 20 K", 16)]
)
def test_a_stream_s_unit_tells_how_many_bits_its_camera_has(unit, bits):
    scale = Scale.from_unit(unit)
    assert scale.bits == bits
    assert scale.holds(np.array([[1 << bits]], np.uint32) - 1)
    assert not scale.holds(np.array([[1 << bits]], np.uint32))
    assert Scale.from_unit(unit, bits=12).bits == 12


def test_the_simulated_camera_s_unit_is_read():
    assert Scale.from_unit(UNIT[Modality.THERMAL]) == Scale()


@given(st.integers(1, 16382), st.sampled_from([0.04, 0.4, 0.01]), st.sampled_from([0.0, 173.15]))
def test_counts_are_kelvin_by_the_scale(count, per_count, offset):
    scale = Scale(kelvin_per_count=per_count, offset_k=offset)
    kelvin = scale.kelvin(np.array([[count]], np.uint16))
    assert kelvin[0, 0] == pytest.approx(count * per_count + offset, rel=1e-6)


def test_the_lowest_and_the_highest_count_are_no_temperature():
    kelvin = Scale().kelvin(np.array([[0, 1, 16382, 16383]], np.uint16))
    assert np.isnan(kelvin).tolist() == [[True, False, False, True]]
    wide = Scale(bits=16).kelvin(np.array([[16383, 65535]], np.uint16))
    assert np.isnan(wide).tolist() == [[False, True]]


@pytest.mark.parametrize(
    ("picture", "what", "fix"),
    [
        (np.zeros((4, 4), np.uint8), "uint8", "8 bits are a picture to look at"),
        (np.zeros((4, 4)), "float64", "temperatures already"),
        (np.zeros((4, 4), np.int32), "int32", "unsigned 16 bit"),
        (np.full((4, 4), 20000, np.uint16), "20000, more than 14 bits", "bits=16"),
    ],
)
def test_pictures_that_are_no_counts_are_refused(picture, what, fix):
    with pytest.raises(InputError) as refused:
        Scale().kelvin(picture)
    assert what in refused.value.what
    assert fix in refused.value.fix


@pytest.mark.parametrize("unit", ["counts", "0.04 C", "", "K", "0.04 mK", "signal", "-0.04 K"])
def test_a_unit_that_is_no_temperature_is_refused(unit):
    with pytest.raises(InputError) as refused:
        Scale.from_unit(unit)
    assert "temperature-linear" in refused.value.fix


def test_all_that_is_wrong_with_a_scale_is_told_at_once():
    with pytest.raises(InputError) as refused:
        Scale(kelvin_per_count=0.0, offset_k=5000.0, bits=7)
    assert len(refused.value.problems) == 3


# --- emissivity


def test_a_black_body_is_as_warm_as_it_seems():
    seen = np.linspace(260, 400, 50, dtype=np.float32)
    told = Surface(emissivity=1.0, reflected_k=295.0).true_kelvin(seen)
    np.testing.assert_allclose(told, seen, atol=1e-3)


@given(st.floats(250, 400), st.floats(0.3, 1.0))
def test_what_is_as_warm_as_its_surroundings_seems_so_whatever_its_emissivity(kelvin, emissivity):
    surface = Surface(emissivity=emissivity, reflected_k=kelvin)
    assert surface.true_kelvin(np.float32([kelvin]))[0] == pytest.approx(kelvin, abs=2e-3)


def band(kelvin):
    """Return what a black body sends between 7.5 and 13 um, by Planck's law, integrated."""
    um = np.linspace(7.5, 13.0, 400)
    spectrum = um**-5 / np.expm1(14_387.77 / (um * kelvin))
    return np.trapezoid(spectrum, um)


@pytest.mark.parametrize("emissivity", [0.90, 0.95, 0.98])
@pytest.mark.parametrize("room_k", [288.15, 295.15, 303.15])
def test_the_correction_is_that_of_the_whole_band(emissivity, room_k):
    for kelvin in (298.15, 305.15, 309.15):
        sent = emissivity * band(kelvin) + (1 - emissivity) * band(room_k)
        low, high = 250.0, 350.0
        for _ in range(50):
            middle = (low + high) / 2
            low, high = (middle, high) if band(middle) < sent else (low, middle)
        surface = Surface(emissivity=emissivity, reflected_k=room_k)
        told = surface.true_kelvin(np.float32([low]))[0]
        assert told == pytest.approx(kelvin, abs=0.02)
        assert abs(low - kelvin) > 0.02 or abs(kelvin - room_k) < 5


def test_less_than_what_the_room_mirrors_is_no_temperature():
    told = Surface(emissivity=0.2, reflected_k=350.0).true_kelvin(np.float32([290.0, np.nan, 360]))
    assert np.isnan(told).tolist() == [True, True, False]


def test_all_that_is_wrong_with_a_surface_is_told_at_once():
    with pytest.raises(InputError) as refused:
        Surface(emissivity=98.0, reflected_k=22.0, wavelength_um=0.0)
    assert len(refused.value.problems) == 3
    assert "295.15 K" in refused.value.fix


# --- on the colour picture


@pytest.mark.parametrize("onto", ["undistorted", "original"])
@pytest.mark.parametrize("box", [None, FACE])
def test_each_pixel_gets_the_heat_of_its_own_point(onto, box):
    warp = ThermalWarp.from_rig(RIG, onto=onto)
    v, u = np.mgrid[:512, :640]
    ramp = (5000 + 4 * u + 2 * v).astype(np.uint16)
    told = warp.warp(ramp, wall(1000), box=box)
    high, wide = told.kelvin.shape
    row, column = np.mgrid[:high, :wide]
    pixels = np.stack([column, row], axis=-1).astype(float)
    points = told.camera.unproject(pixels, told.depth_mm)
    at = RIG.thermal.project(RIG.color_to_thermal.apply(points))
    truth = 0.04 * (5000 + 4 * at[..., 0] + 2 * at[..., 1])
    # The depth is told in whole millimetres, so the truth is of the same point.
    assert np.nanmax(np.abs(told.kelvin - truth)) < 0.01  # a sixteenth of a pixel
    inside = (at >= 0).all(axis=-1) & (at <= (639, 511)).all(axis=-1)
    assert told.valid[inside].mean() > 0.999
    assert not told.valid[~inside].any()


def test_a_box_is_a_cut_of_the_whole():
    renderer = Renderer(standard_rig())
    scene = rigged.scene(1)
    depth = rigged.noisy_depth(renderer, scene)
    heat = np.rint(renderer.render(scene, [Modality.THERMAL]).thermal_k / 0.04).astype(np.uint16)
    whole = WARP.warp(heat, depth).kelvin
    for box in (FACE, Box(0, 0, 300, 200), Box(1300, 700, 108, 92)):
        part = WARP.warp(heat, depth, box=box).kelvin
        rows = np.s_[box.top_px : box.top_px + box.height_px]
        columns = np.s_[box.left_px : box.left_px + box.width_px]
        np.testing.assert_array_equal(part, whole[rows, columns])


def test_without_depth_there_is_no_heat():
    told = WARP.warp(counts(300), np.zeros((424, 512), np.uint16), box=FACE)
    assert not told.valid.any()
    depth = wall(1000)
    depth[180:220, 230:270] = 0
    told = WARP.warp(counts(300), depth, box=FACE)
    assert (told.valid == (told.depth_mm > 0)).all()
    assert 0.02 < (~told.valid).mean() < 0.2
    assert told.kelvin[told.valid] == pytest.approx(300.0, abs=0.021)


def test_what_is_saturated_is_missing():
    heat = counts(300)
    heat[200:300, 250:350] = 16383
    told = WARP.warp(heat, wall(1000), box=FACE)
    assert 0.01 < (~told.valid).mean() < 0.6
    assert np.nanmax(told.kelvin) < 301


def test_what_the_thermal_camera_does_not_see_is_missing():
    depth = wall(2000)
    depth[100:330, 200:300] = 900
    told = WARP.warp(counts(300), depth)
    wall_seen = told.depth_mm > 1500
    hidden = wall_seen & ~told.valid
    # Beside the plate, on the side away from the thermal camera.
    middle = np.flatnonzero((told.depth_mm[396] > 0) & (told.depth_mm[396] < 1000))
    right = hidden[396, middle[-1] + 2 : middle[-1] + 60]
    left = told.valid[396, max(middle[0] - 140, 0) : middle[0] - 80]
    assert right.mean() > 0.9
    assert left.mean() > 0.9


@pytest.mark.parametrize("seed", [None, 5])
def test_a_face_s_heat_comes_to_lie_on_the_face(seed):
    sim = standard_rig() if seed is None else rig_by_seed(seed)
    renderer, rig = Renderer(sim), rigged.calibrated(sim)
    warp = ThermalWarp.from_rig(rig)
    scene = rigged.scene(2)
    truth = rigged.truth(renderer, scene, warp.registration.camera)
    ideal = renderer.render(scene, PICTURES)
    taken = SensorSuite(sim, 1).take(ideal, scene.room, 0, 0).pixels
    told = warp.warp(taken[Modality.THERMAL], taken[Modality.DEPTH])
    v, u = np.mgrid[:792, :1408]
    points = told.camera.unproject(np.stack([u, v], axis=-1), truth.z_mm)
    mine = rig.color_to_thermal.apply(points)
    at = rig.thermal.project(mine)
    nearest = rigged.view(renderer, scene, rig.thermal, rig.color_to_thermal).z_mm
    seen = np.abs(rigged.bilinear(nearest, at) - mine[..., 2]) < 6
    off = np.abs(told.kelvin - rigged.bilinear(ideal.thermal_k, at))
    judged = truth.inside & seen
    assert told.valid[judged].mean() > 0.98
    assert np.nanmedian(off[judged]) < 0.03  # the sensor's own noise is 0.035 a pixel
    assert np.nanpercentile(off[judged & truth.face], 95) < 0.15
    hidden = truth.inside & ~seen
    assert told.valid[hidden].mean() < 0.02


def test_emissivity_is_applied_before_the_warp():
    surface = Surface(emissivity=0.95, reflected_k=295.15)
    warp = ThermalWarp.from_rig(RIG, surface=surface)
    told = warp.warp(counts(305), wall(1000), box=FACE).kelvin
    wanted = surface.true_kelvin(np.float32([305.0]))[0]
    assert wanted > 305.3
    assert np.nanmax(np.abs(told - wanted)) < 0.02


def test_getting_ready_changes_nothing():
    warp = ThermalWarp.from_rig(RIG)
    warp.get_ready()
    told = warp.warp(counts(300), wall(1000), box=FACE).kelvin
    np.testing.assert_array_equal(told, WARP.warp(counts(300), wall(1000), box=FACE).kelvin)


# --- what is refused


def test_a_rig_without_a_thermal_camera_is_refused():
    with pytest.raises(InputError, match="without a thermal camera"):
        ThermalWarp.from_rig(msgspec.structs.replace(RIG, thermal=None, color_to_thermal=None))


def test_pictures_of_other_sizes_and_sides_are_refused():
    with pytest.raises(InputError, match="A thermal picture of 320 x 256"):
        WARP.warp(np.zeros((256, 320), np.uint16), wall(1000))
    with pytest.raises(InputError, match="A depth picture of 640 x 512"):
        WARP.warp(counts(300), np.zeros((512, 640), np.uint16))
    with pytest.raises(InputError, match="mirrored"):
        WARP.warp(counts(300), wall(1000), mirrored=True)
    with pytest.raises(InputError, match="part of the crop"):
        WARP.warp(counts(300), wall(1000), box=Box(1400, 0, 100, 100))
