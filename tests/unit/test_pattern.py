from itertools import islice

import pytest

from capture import testcard
from capture.drivers.pattern import PatternConfig, PatternDriver
from taver.core.clock import HostClock, VirtualClock
from taver.core.errors import DeviceError, InputError
from taver.core.frames import PICTURES, Modality


def frames(count, clock=None, **config):
    driver = PatternDriver(PatternConfig(scale=0.05, **config), clock or VirtualClock())
    driver.open()
    driver.start(0 if clock is None else clock.now_ns())
    return list(islice(driver.frames(), count))


@pytest.mark.parametrize("modality", PICTURES)
@pytest.mark.parametrize("scale", [0.05, 0.3, 1.0])
def test_each_frame_tells_its_number_in_every_modality(modality, scale):
    for number in (0, 1, 2, 99, 4095, 65_535):
        assert testcard.number_in(modality, testcard.draw(modality, number, scale)) == number


def test_the_number_survives_being_stored():
    from capture import encode
    from taver.core.codec import decode

    width_px, height_px = testcard.size_px(Modality.COLOR)
    data = encode.color(testcard.draw(Modality.COLOR, 1234))
    pixels = decode(Modality.COLOR, data, height_px, width_px)
    assert testcard.number_in(Modality.COLOR, pixels) == 1234


def test_the_same_seed_gives_the_same_frames():
    first = frames(12, seed=3, jitter_ns=20_000_000)
    second = frames(12, seed=3, jitter_ns=20_000_000)
    other = frames(12, seed=4, jitter_ns=20_000_000)
    assert [f.stamp for f in first] == [f.stamp for f in second]
    assert [f.stamp for f in first] != [f.stamp for f in other]
    assert all((a.pixels == b.pixels).all() for a, b in zip(first, second, strict=True))


def test_a_dropped_frame_leaves_a_gap_in_the_numbers():
    got = [f.stamp.number for f in frames(8, drop_every=4, modalities=(Modality.DEPTH,))]
    assert got == [0, 2, 3, 4, 6, 7, 8, 10]


def test_jitter_delays_frames_by_less_than_it_was_given():
    late_ns = [f.stamp.host_ns - f.stamp.device_ns for f in frames(60, jitter_ns=30_000_000)]
    assert 0 <= min(late_ns) < max(late_ns) <= 30_000_000


def test_unplugging_raises_a_device_error_after_so_many_frames():
    driver = PatternDriver(PatternConfig(scale=0.05, unplug_after=2), VirtualClock())
    driver.open()
    driver.start(0)
    stream = driver.frames()
    assert len(list(islice(stream, 6))) == 6
    with pytest.raises(DeviceError, match="unplugged after 2 frames"):
        next(stream)


def test_by_the_real_clock_frames_come_at_the_rate_that_was_set():
    clock = HostClock()
    got = frames(6, clock=clock, rate_hz=50.0, modalities=(Modality.DEPTH,))
    assert clock.now_ns() - got[0].stamp.host_ns >= 5 * 20_000_000


@pytest.mark.parametrize(
    "wrong",
    [
        {"rate_hz": 0},
        {"scale": 2.0},
        {"modalities": ()},
        {"drop_every": 1},
        {"jitter_ns": -1},
        {"jitter_ns": 10**9},
        {"unplug_after": -1},
    ],
)
def test_an_impossible_pattern_is_refused_by_name(wrong):
    with pytest.raises(InputError, match=next(iter(wrong))):
        PatternConfig(**wrong)
