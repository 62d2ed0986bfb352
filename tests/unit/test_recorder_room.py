"""Room on the disk: estimated from what frames take, and told in figures."""

import numpy as np
import pytest

from capture import encode, testcard
from capture.recorder import room
from taver.core.errors import StorageError
from taver.core.frames import PICTURES, Modality, StreamInfo

GB = 1e9


def info(modality, rate_hz=10.0):
    if modality is Modality.SOUND:
        return StreamInfo(
            modality=modality, rate_hz=rate_hz, unit="pcm16", samples_hz=48_000, channels=1
        )
    width_px, height_px = testcard.size_px(modality)
    return StreamInfo(
        modality=modality, width_px=width_px, height_px=height_px, rate_hz=rate_hz, unit=""
    )


def noisy(modality):
    """Return a picture with a real sensor's noise, which is what takes room."""
    random = np.random.default_rng(1)
    width_px, height_px = testcard.size_px(modality)
    if modality is Modality.COLOR:
        plain = testcard.draw(modality, 0).astype(float)
        return (plain + random.normal(0, 4, plain.shape)).clip(0, 255).astype(np.uint8)
    slope = 900 + 0.8 * np.arange(width_px)
    return (slope + random.normal(0, 1.5, (height_px, width_px))).astype(np.uint16)


@pytest.mark.parametrize("modality", PICTURES)
def test_the_estimate_is_above_what_a_noisy_picture_takes_and_not_far(modality):
    needed = len(encode.frame(modality, noisy(modality))) * 10
    assert needed < room.bytes_a_second(info(modality), 0) < 3 * needed


def test_sound_takes_less_than_it_is_raw():
    raw = 2 * 48_000
    assert 0.5 * raw < room.bytes_a_second(info(Modality.SOUND), 0) < raw


def test_a_grid_takes_no_more_than_its_slots():
    fast = info(Modality.COLOR, 30.0)
    slow = info(Modality.COLOR, 10.0)
    assert room.bytes_a_second(fast, 10) == room.bytes_a_second(slow, 0)
    assert room.bytes_a_second(slow, 30) == room.bytes_a_second(slow, 0)


def test_too_long_a_recording_is_refused_with_all_figures(tmp_path):
    streams = [info(m) for m in (Modality.COLOR, Modality.DEPTH, Modality.THERMAL)]
    room.require(tmp_path, streams, 1, 0)
    with pytest.raises(StorageError) as caught:
        room.require(tmp_path / "not" / "yet" / "there", streams, 1e8, 0)
    for word in ("color", "depth", "thermal", "GB", "are free"):
        assert word in caught.value.what
    assert "free " in caught.value.fix
    assert "at most" in caught.value.fix


def test_the_length_that_is_said_to_fit_fits(tmp_path):
    streams = [info(Modality.DEPTH)]
    with pytest.raises(StorageError) as caught:
        room.require(tmp_path, streams, 1e9, 0)
    fitting_s = int(caught.value.fix.split("at most ")[1].split(" seconds")[0])
    room.require(tmp_path, streams, fitting_s * 0.99, 0)
    with pytest.raises(StorageError):
        room.require(tmp_path, streams, fitting_s * 1.01, 0)
