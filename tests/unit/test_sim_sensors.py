from __future__ import annotations

import itertools

import numpy as np
import pytest

from capture.sim.rig import standard_rig
from capture.sim.sensors import color, depth, exposure, ir, pools, thermal
from capture.sim.sensors.exposure import AutoExposure
from capture.sim.sensors.shutter import Shutter
from taver.core.clock import NS_PER_MS, NS_PER_S
from taver.core.frames import FrameStatus

RIG = standard_rig()
FRAME_NS = 100 * NS_PER_MS
# Rounding to whole counts adds a twelfth to the variance.
ROUNDING = 1 / 12
F = np.float32


def wall(z_mm: float, reflectance: float = 0.6) -> tuple[np.ndarray, np.ndarray]:
    return np.full((424, 512), z_mm, F), np.full((424, 512), reflectance, F)


# --- the pools


def test_the_pools_have_the_mean_and_the_spread_they_promise():
    normal = pools.gaussian().astype(float)
    assert abs(normal.mean()) < 0.05
    assert normal.std() == pytest.approx(pools.SIGMA, rel=0.003)
    assert abs(np.mean((normal / normal.std()) ** 4) - 3) < 0.05
    counts = np.bincount(pools.uniform()[: 1 << 19], minlength=256)
    assert np.ptp(counts) == 0


def test_a_row_s_place_depends_on_seed_stream_and_number_and_is_anywhere():
    first = pools.places(1, "depth", 5, 424)
    np.testing.assert_array_equal(first, pools.places(1, "depth", 5, 424))
    for other in (("ir", 5, 1), ("depth", 6, 1), ("depth", 5, 2)):
        stream, number, seed = other
        assert (pools.places(seed, stream, number, 424) == first).mean() < 0.02
    many = np.concatenate([pools.places(3, "color", n, 1080) for n in range(100)])
    shares, _ = np.histogram(many, bins=16, range=(0, 1 << 19))
    assert np.abs(shares / shares.mean() - 1).max() < 0.1


# --- colour


def flat_color(level: int, light: float = 1.0, frames: int = 12):
    """Return the exposed level of the middle, and frames of an even picture."""
    sensor = color.ColorSensor(3, 192, 108)
    picture = np.full((108, 192, 3), level, np.uint8)
    taken = [sensor.take(picture, light, n, n * FRAME_NS) for n in range(frames)]
    return taken[-1][1], np.stack([pixels for pixels, _ in taken]).astype(float)


@pytest.mark.parametrize("level", [30, 90, 150, 190])
@pytest.mark.parametrize("light", [1.0, 0.2])
def test_the_noise_of_a_grey_level_is_as_large_as_the_model_says(level, light):
    exposed, stack = flat_color(level, light)
    middle = stack[:, 44:64, 76:116, 1]
    shown = level * exposed.level
    assert middle.mean() == pytest.approx(shown, abs=0.35)  # a little vignetting
    wanted = color.sigma(shown, exposed.gain) ** 2 + ROUNDING
    assert middle.var(axis=0, ddof=1).mean() == pytest.approx(wanted, rel=0.05)


def test_noise_does_not_move_the_mean():
    _, stack = flat_color(140, frames=30)
    off = stack[:, 50:58, 86:106, 1].mean() - exposure.MIDDLE
    assert abs(off) < 0.08


def test_bright_pixels_stop_at_255_and_dark_ones_at_0():
    picture = np.zeros((108, 192, 3), np.uint8)
    picture[40:68, 80:110] = 255
    taken, _ = color.ColorSensor(3, 192, 108).take(picture, 1.0, 0, 0)
    assert (taken[44:64, 84:106] == 255).all()
    assert taken.min() == 0
    assert taken[:30].max() < 10


def test_noise_differs_between_frames_rows_and_channels():
    _, stack = flat_color(140, frames=40)
    off = stack - stack.mean(axis=0)

    def alike(a, b):
        return abs(np.corrcoef(a.ravel(), b.ravel())[0, 1])

    assert alike(off[:-1], off[1:]) < 0.03  # the mean of 40 is part of both
    assert alike(off[:, :-1], off[:, 1:]) < 0.005
    assert alike(off[:, :, :-1], off[:, :, 1:]) < 0.005
    assert alike(off[..., 0], off[..., 1]) < 0.005


def test_white_balance_is_constant_and_corners_are_darker():
    _, stack = flat_color(150)
    red, green, blue = stack[:, 44:64, 76:116].mean(axis=(0, 1, 2))
    assert red / green == pytest.approx(color.WHITE_BALANCE[0], abs=0.004)
    assert blue / green == pytest.approx(color.WHITE_BALANCE[2], abs=0.004)
    corner, middle = stack[:, :8, :8, 1].mean(), stack[:, 50:58, 90:98, 1].mean()
    assert 0.92 < corner / middle < 0.96


def test_exposure_follows_a_change_of_light_with_its_time_constant():
    picture = np.full((108, 192, 3), 140, np.uint8)
    camera = AutoExposure()
    before = camera.see(picture, 1.0, 0)
    assert before.level == pytest.approx(1.0, abs=0.01)
    levels = [camera.see(picture, 0.4, FRAME_NS * n).level for n in range(1, 40)]
    assert 0.65 < levels[0] < 0.8  # suddenly dark
    assert levels == sorted(levels)
    assert levels[-1] == pytest.approx(1.0, abs=0.01)
    # After one time constant all but 1/e of the step, in stops, has been made good.
    missing = np.log(np.array(levels)) / np.log(0.4 ** (1 / exposure.GAMMA))
    assert missing[3] == pytest.approx(np.exp(-1), abs=0.01)


def test_the_first_picture_is_settled_and_a_white_one_is_taken_darker():
    white = np.full((108, 192, 3), 230, np.uint8)
    black = np.full((108, 192, 3), 30, np.uint8)
    assert AutoExposure().see(white, 1.0, 0).level < 0.85
    assert AutoExposure().see(black, 1.0, 0).level > 1.2


def test_dim_light_halves_the_frame_rate_and_lengthens_the_exposure():
    assert exposure.frame_interval_ns(1.0) == pytest.approx(NS_PER_S / 30, abs=1)
    assert exposure.frame_interval_ns(0.36) == pytest.approx(NS_PER_S / 30, abs=1)
    assert exposure.frame_interval_ns(0.34) == pytest.approx(NS_PER_S / 15, abs=1)
    opened = [exposure.open_ns(light) for light in (0.05, 0.2, 0.3, 0.5, 1.0, 2.0)]
    assert opened == sorted(opened, reverse=True)
    assert exposure.open_ns(0.05) == exposure.frame_interval_ns(0.05)
    noise = [flat_color(140, light)[1].std(axis=0).mean() for light in (0.1, 1.0)]
    assert noise[0] > 1.4 * noise[1]


# --- depth


def depth_frames(z_mm, reflectance, frames: int = 12, shift_mm: float = 0.0):
    sensor = depth.DepthSensor(5, 365.5, shift_mm)
    return np.stack([sensor.take(z_mm, reflectance, n) for n in range(frames)])


@pytest.mark.parametrize("z_mm", [600.0, 1000.0, 1600.0, 2500.0, 4000.0])
def test_depth_noise_grows_with_distance_as_the_model_says(z_mm):
    frames = depth_frames(*wall(z_mm))
    assert (frames > 0).all()
    wanted = depth.sigma_mm(z_mm) ** 2 + ROUNDING
    assert frames.var(axis=0, ddof=1).mean() == pytest.approx(wanted, rel=0.03)
    assert frames.mean() == pytest.approx(z_mm, abs=0.03)


def test_depth_is_good_to_about_a_millimetre_where_faces_are():
    assert 1.0 < depth.sigma_mm(1000) < 1.5
    assert depth.sigma_mm(4000) > 3 * depth.sigma_mm(1000)


@pytest.mark.parametrize("slope_deg", [30.0, 60.0, 75.0])
def test_depth_noise_grows_with_the_slope(slope_deg):
    # A plane that falls away to the right, seen near the axis: z = z0 / (1 - tan(a) u).
    u = (np.arange(512) - 255.5) / 365.5
    z = 1000.0 / (1.0 - np.tan(np.radians(slope_deg)) * u)
    columns = slice(252, 260)
    z_mm = np.broadcast_to(z.clip(600, 4000), (424, 512)).astype(F)
    frames = depth_frames(z_mm, np.full_like(z_mm, 0.9), 24)[:, :, columns]
    wanted = depth.sigma_mm(1000, slope_deg) ** 2 + ROUNDING
    assert frames.var(axis=0, ddof=1).mean() == pytest.approx(wanted, rel=0.06)


def test_dark_surfaces_are_noisier_and_then_not_measured_at_all():
    assert depth_frames(*wall(1000, 0.1)).std(axis=0).mean() > 1.5 * (
        depth_frames(*wall(1000, 0.6)).std(axis=0).mean()
    )
    assert (depth_frames(*wall(2500, 0.02)) == 0).all()
    half = depth_frames(*wall(1000, depth.WEAKEST))
    assert (half == 0).mean() == pytest.approx(0.5, abs=0.02)


@pytest.mark.parametrize(("z_mm", "share"), [(490.0, 0.0), (520.0, 1.0), (4400.0, 1.0), (4530, 0)])
def test_the_sensor_sees_from_half_a_metre_to_four_and_a_half(z_mm, share):
    assert (depth_frames(*wall(z_mm)) > 0).mean() == share


def test_a_flat_wall_gives_the_depth_shift_back():
    frames = depth_frames(*wall(1200.0), 4, RIG.depth_shift_mm)
    assert 1200.0 - frames.mean() == pytest.approx(RIG.depth_shift_mm, abs=0.03)


def test_pixels_at_an_edge_fly_or_are_lost_and_no_others():
    z_mm, bright = wall(2000.0)
    z_mm[:, 256:] = 1000.0
    frames = depth_frames(z_mm, bright, 24)
    edge = frames[:, :, 255:257]
    assert (edge == 0).mean() == pytest.approx(depth.LOST, abs=0.02)
    flying = (edge > 1030) & (edge < 1970)
    assert flying.mean() == pytest.approx(depth.FLYING * (1 - depth.LOST) * 0.94, abs=0.02)
    beside = np.delete(frames, [255, 256], axis=2)
    assert (beside > 0).all()
    assert (np.abs(beside - np.delete(z_mm, [255, 256], axis=1)) < 20).all()
    assert edge[edge > 0].min() > 980
    assert edge.max() < 2020


# --- infrared


@pytest.mark.parametrize(("z_mm", "reflectance"), [(700.0, 0.3), (1000.0, 0.6), (3000.0, 0.5)])
def test_infrared_falls_with_the_square_of_distance_and_its_noise_with_the_root(z_mm, reflectance):
    sensor = ir.InfraredSensor(5, 512, 424)
    z, bright = wall(z_mm, reflectance)
    frames = np.stack([sensor.take(bright, z, n) for n in range(16)]).astype(float)
    middle = frames[:, 200:224, 240:272]
    counts = ir.AT_A_METRE * reflectance / (z_mm / 1000) ** 2
    assert middle.mean() == pytest.approx(counts, rel=0.003)
    wanted = ir.sigma(counts) ** 2 + ROUNDING
    assert middle.var(axis=0, ddof=1).mean() == pytest.approx(wanted, rel=0.06)
    assert frames[:, :9, :9].mean() < 0.75 * middle.mean()


def test_infrared_saturates_close_by():
    z, bright = wall(500.0, 0.9)
    assert ir.InfraredSensor(5, 512, 424).take(bright, z, 0).max() == 65_535


# --- thermal


def heat_sensor(period_s: float = 180.0) -> thermal.ThermalSensor:
    return thermal.ThermalSensor(5, 640, 512, Shutter(5, period_s=period_s))


def to_kelvin(counts) -> np.ndarray:
    return np.asarray(counts, np.float64) * thermal.KELVIN_PER_COUNT


def test_counts_are_hundredths_of_four_kelvin_in_14_bits():
    counts = heat_sensor().take(np.full((512, 640), 310.0, F), 0, 0)[0]
    assert counts.dtype == np.uint16
    assert to_kelvin(counts).mean() == pytest.approx(310.0, abs=0.01)
    assert heat_sensor().take(np.full((512, 640), 1e4, F), 0, 0)[0].max() == 16_383
    assert heat_sensor().take(np.full((512, 640), -1.0, F), 0, 0)[0].min() == 0


def test_thermal_noise_is_below_50_millikelvin_and_as_large_as_the_model_says():
    sensor = heat_sensor()
    view = np.full((512, 640), 305.0, F)
    frames = np.stack([sensor.take(view, n, n * NS_PER_MS)[0] for n in range(16)])
    kelvin = to_kelvin(frames)
    netd_k = np.sqrt(kelvin.var(axis=0, ddof=1).mean())
    assert netd_k < 0.050
    rounding_k2 = thermal.KELVIN_PER_COUNT**2 / 12
    # The column noise is cut off at 2.5 sigma, which takes 5 % of its spread.
    wanted = thermal.PIXEL_K**2 + 0.95 * thermal.COLUMN_K**2 + rounding_k2
    assert netd_k**2 == pytest.approx(wanted, rel=0.04)
    columns = kelvin.mean(axis=1).var(axis=0, ddof=1).mean()
    expected = 0.95 * thermal.COLUMN_K**2 + (thermal.PIXEL_K**2 + rounding_k2) / 512
    assert columns == pytest.approx(expected, rel=0.2)


def test_the_lens_blurs_a_point_as_wide_as_it_says():
    view = np.full((512, 640), 300.0, F)
    view[250, 320] = 400.0
    sensor = heat_sensor()
    frames = [sensor.take(view, n, n)[0][245:256, 315:326] for n in range(200)]
    point = to_kelvin(np.mean(frames, axis=0)) - 300.0
    point[np.abs(point) < 1] = 0.0
    off = np.arange(11) - 5
    along = point.sum(axis=0)
    assert np.sqrt((along * off**2).sum() / along.sum()) == pytest.approx(0.6, abs=0.02)
    assert point.sum() == pytest.approx(100.0, abs=0.5)


def test_the_picture_drifts_until_the_shutter_closes():
    sensor = heat_sensor()
    event = Shutter(5).event(1)
    view = np.full((512, 640), 305.0, F)

    def off_k(t_ns: int, number: int) -> float:
        return float(to_kelvin(sensor.take(view, number, t_ns)[0]).mean() - 305.0)

    late = off_k(event.closed_ns - 1, 1000)
    assert abs(off_k(0, 0)) < 0.005
    assert 0.01 < abs(late) < 0.6
    assert abs(off_k(event.opened_ns, 1100)) < 0.005
    corner = to_kelvin(sensor.take(view, 1, event.closed_ns - 1)[0])
    told = thermal.drift_k(5, 0, event.closed_ns / NS_PER_S)
    assert corner[236:276, 300:340].mean() - 305.0 == pytest.approx(told, abs=0.01)
    assert corner[:20, :20].mean() > corner[236:276, 300:340].mean() + 0.03


def test_a_closed_shutter_repeats_the_last_picture_and_says_so():
    sensor = heat_sensor(period_s=2.0)
    view = np.full((512, 640), 305.0, F)
    shutter = Shutter(5, period_s=2.0)
    taken = [(n * 50 * NS_PER_MS, *sensor.take(view, n, n * 50 * NS_PER_MS)) for n in range(120)]
    frozen = [status == FrameStatus.FROZEN for _, _, status in taken]
    for t_ns, _, status in taken:
        event = shutter.last_before(t_ns)
        assert (status == FrameStatus.FROZEN) == (event.number > 0 and t_ns < event.opened_ns)
    for (_, before, _), (_, pixels, status) in itertools.pairwise(taken):
        assert (before == pixels).all() == (status == FrameStatus.FROZEN)
    events = list(shutter.events(0, taken[-1][0]))
    assert 2 <= len(events) <= 3
    assert sum(frozen) == pytest.approx(10 * len(events), abs=3)


def test_the_shutter_closes_about_every_period_for_half_a_second():
    shutter = Shutter(9, period_s=180.0)
    events = list(shutter.events(0, 3600 * NS_PER_S))
    assert len(events) in {19, 20}
    assert [e.number for e in events] == list(range(1, len(events) + 1))
    gaps = np.diff([e.closed_ns for e in events]) / NS_PER_S
    assert ((gaps > 140) & (gaps < 220)).all()
    assert {e.opened_ns - e.closed_ns for e in events} == {NS_PER_S // 2}
    later = list(shutter.events(1800 * NS_PER_S, 3600 * NS_PER_S))
    assert later == [e for e in events if e.closed_ns >= 1800 * NS_PER_S]
    assert [e.closed_ns for e in Shutter(10).events(0, 3600 * NS_PER_S)] != (
        [e.closed_ns for e in events]
    )
