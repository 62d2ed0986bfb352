"""The microphone: babble that sounds exactly while the mouth is open."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numpy as np

from capture.sim import noise

if TYPE_CHECKING:
    import numpy.typing as npt

    from capture.sim.speech import Speech, Syllable

    Floats = npt.NDArray[np.float64]

RATE_HZ: Final = 16_000
_BANDWIDTHS_HZ: Final = (80.0, 100.0, 140.0)
_LEVELS: Final = (1.0, 0.5, 0.2)
_RING_S: Final = 0.03
_PEAK: Final = 11_000.0  # of 32,767


class Voice:
    """One person's voice; any stretch of it can be asked for, in any order."""

    def __init__(self, key: int, speech: Speech) -> None:
        self._key = key
        self._speech = speech
        self._pitch_hz = 95.0 + 130.0 * noise.chance(key, 0)

    def samples(self, first: int, count: int) -> npt.NDArray[np.int16]:
        """Return `count` samples from number `first` on; sample 0 is the scenario's start."""
        sound = np.zeros(count, np.int16)
        last = first + count
        for syllable in self._speech.syllables(first / RATE_HZ, last / RATE_HZ):
            said_first, said = self._say(syllable)
            start, end = max(first, said_first), min(last, said_first + len(said))
            if start < end:
                sound[start - first : end - first] = said[start - said_first : end - said_first]
        return sound

    def _say(self, syllable: Syllable) -> tuple[int, npt.NDArray[np.int16]]:
        """Return a syllable's first sample and its sound.

        A pulse of the glottis every period lets the formants ring (Klatt, "Software for a
        cascade/parallel formant synthesizer", 1980, the parallel branch); the mouth's opening is
        the loudness.
        """
        first = math.ceil(syllable.start_s * RATE_HZ)
        count = math.floor(syllable.end_s * RATE_HZ) - first + 1
        t_s = np.arange(count) / RATE_HZ
        melody, breath = noise.uniform(self._key, [1 + 2 * syllable.cell, 2 + 2 * syllable.cell])
        pitch_hz = self._pitch_hz * (0.9 + 0.25 * melody) * (1.04 - 0.4 * t_s)
        turns = np.cumsum(pitch_hz) / RATE_HZ
        pulses = np.diff(np.floor(turns), prepend=0.0)
        pulses += 0.02 * breath * (noise.uniform(self._key ^ 1, first + np.arange(count)) - 0.5)
        ringing = np.convolve(pulses, _ring(syllable.vowel.formants_hz))[:count]
        turn = 2 * np.pi * (first / RATE_HZ - syllable.start_s + t_s)
        opening = 0.5 * (1 - np.cos(turn / (syllable.end_s - syllable.start_s)))
        return first, np.round(_PEAK * syllable.loudness * opening * ringing).astype(np.int16)


def _ring(formants_hz: tuple[float, float, float]) -> Floats:
    """Return how a mouth of these formants rings after one pulse; its peak is at most 1."""
    t_s = np.arange(round(_RING_S * RATE_HZ)) / RATE_HZ
    ring = np.zeros(len(t_s))
    for formant_hz, width_hz, level in zip(formants_hz, _BANDWIDTHS_HZ, _LEVELS, strict=True):
        fall = np.exp(-np.pi * width_hz * t_s)
        ring += level * fall * np.sin(2 * np.pi * formant_hz * t_s)
    return np.asarray(ring / np.abs(ring).max())
