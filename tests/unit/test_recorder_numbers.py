"""A stream's numbers rise whatever its device's counter does, and tell exactly what was lost."""

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from capture.recorder.numbers import Numbers
from capture.recorder.shape import fits, raw_bytes
from capture.recorder.store import queue_size
from taver.core.frames import Modality, Stamp, StreamInfo


def stamp(number):
    return Stamp(host_ns=0, device_ns=None, number=number)


@given(
    st.lists(st.tuples(st.booleans(), st.integers(0, 300)), min_size=1, max_size=40),
)
@example([(False, 65_534), (False, 65_535), (False, 1), (False, 2)])  # GigE's counter runs over
@example([(False, 7), (True, 7), (True, 900), (False, 902)])
def test_numbers_rise_and_account_for_every_frame(steps):
    numbers, given_out, lost = Numbers(), [], 0
    for restarted, number in steps:
        if restarted:
            numbers.restarted()
        risen, missing = numbers.risen(stamp(number))
        assert missing >= 0
        assert not (restarted and given_out and missing)  # nobody knows of a loss then
        given_out.append(risen.number)
        lost += missing
    assert given_out == sorted(set(given_out))
    assert given_out[-1] - given_out[0] + 1 == len(given_out) + lost


def test_a_counter_that_runs_over_loses_nothing():
    numbers = Numbers()
    risen = [numbers.risen(stamp(n)) for n in (65_534, 65_535, 1, 2, 4)]
    assert [(s.number, lost) for s, lost in risen] == [
        (65_534, 0), (65_535, 0), (65_536, 0), (65_537, 0), (65_539, 1),
    ]  # fmt: skip


def info(modality, rate_hz=30.0, width_px=8, height_px=6):
    if modality is Modality.SOUND:
        return StreamInfo(
            modality=modality, rate_hz=rate_hz, unit="", samples_hz=48_000, channels=2
        )
    return StreamInfo(
        modality=modality, width_px=width_px, height_px=height_px, rate_hz=rate_hz, unit=""
    )


def test_only_frames_as_announced_fit():
    right = {
        Modality.COLOR: np.zeros((6, 8, 3), np.uint8),
        Modality.DEPTH: np.zeros((6, 8), np.uint16),
        Modality.SOUND: np.zeros((100, 2), np.int16),
    }
    for modality, pixels in right.items():
        for other, wrong in right.items():
            assert fits(info(modality), wrong) == (modality is other)
        assert not fits(info(modality), pixels[:, :1])
        assert not fits(info(modality), pixels.astype(np.float32))


def test_queues_hold_seconds_within_a_bound_of_memory():
    assert queue_size(info(Modality.DEPTH, rate_hz=30)) == 60
    assert queue_size(info(Modality.DEPTH, rate_hz=1)) == 8
    large = info(Modality.COLOR, rate_hz=30, width_px=1920, height_px=1080)
    assert 30 <= queue_size(large) < 60
    assert queue_size(large) * raw_bytes(large) <= 2**28
    assert raw_bytes(info(Modality.SOUND, rate_hz=10)) == 2 * 2 * 4800
