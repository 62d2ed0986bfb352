import itertools

import numpy as np
import pytest

from capture.sim.scenario import Part, Person
from capture.sim.speech import Speech
from capture.sim.voice import RATE_HZ, Voice

SPAN = (2.0, 12.0)


def speech(talking=(SPAN,), key=11, parts=()):
    talking = talking if isinstance(talking, str) else list(talking)
    return Speech(key, Person(identity=1, talking=talking), parts)


@pytest.fixture(scope="module")
def said():
    return Voice(4, speech()).samples(0, 14 * RATE_HZ)


def opening(speech, count, hz=1000):
    return np.array([speech.mouth(k / hz).open for k in range(count)])


def test_it_is_16_bit_sound_that_is_loud_and_not_cut_off(said):
    assert said.dtype == np.int16
    assert 8_000 < np.abs(said.astype(int)).max() < 30_000


def test_it_is_silent_exactly_while_the_mouth_rests(said):
    talk = speech()
    t_s = np.arange(len(said)) / RATE_HZ
    resting = np.ones(len(said), bool)
    for syllable in talk.syllables(0.0, 14.0):
        resting &= ~((t_s > syllable.start_s) & (t_s < syllable.end_s))
        assert talk.mouth((syllable.start_s + syllable.end_s) / 2).open > 0.1
    assert resting.sum() > 4 * RATE_HZ
    assert not said[resting].any()


def test_nothing_is_said_outside_of_talking(said):
    assert not said[: int(SPAN[0] * RATE_HZ)].any()
    assert not said[int(SPAN[1] * RATE_HZ) + 1 :].any()
    assert not Voice(4, speech("never")).samples(0, 5 * RATE_HZ).any()


def test_it_is_louder_where_the_mouth_is_further_open(said):
    window = RATE_HZ // 50
    loud = np.sqrt(np.mean(said.astype(float).reshape(-1, window) ** 2, axis=1))
    mouth = opening(speech(), 14 * 1000).reshape(-1, 20).mean(axis=1)
    assert np.corrcoef(loud, mouth)[0, 1] > 0.7


def test_any_stretch_of_it_is_the_same_as_in_the_whole(said):
    voice = Voice(4, speech())
    for first, count in ((50_000, 7), (31_987, 4_000), (0, 100_000), (190_000, 5_000)):
        assert np.array_equal(voice.samples(first, count), said[first : first + count])


def test_voices_differ_in_pitch():
    def pitch_hz(key):
        sound = Voice(key, speech()).samples(3 * RATE_HZ, 6 * RATE_HZ).astype(float)
        spectrum = np.abs(np.fft.rfft(sound)) ** 2
        lag = np.fft.irfft(spectrum)[: RATE_HZ // 70]
        return RATE_HZ / (RATE_HZ // 300 + int(np.argmax(lag[RATE_HZ // 300 :])))

    pitches = [pitch_hz(key) for key in range(6)]
    assert 80 < min(pitches) < max(pitches) < 300
    assert max(pitches) - min(pitches) > 20


def test_syllables_never_overlap_and_come_about_three_a_second():
    found = speech([(0.0, 600.0)]).syllables(0.0, 600.0)
    assert all(a.end_s <= b.start_s for a, b in itertools.pairwise(found))
    assert 2.5 < len(found) / 600 < 4.5


def test_in_turns_one_talks_in_interviews_only():
    talk = speech("turns", parts=(Part(name="relaxing"), Part(name="interview", start_s=60)))
    assert talk.syllables(0.0, 59.0) == []
    mine = np.mean([talk.is_turn(t) for t in np.arange(60, 360, 0.1)])
    assert 0.4 < mine < 0.8


def test_the_mouth_moves_without_jumps():
    steps = np.abs(np.diff(opening(speech(), 14_000)))
    assert steps.max() * 1000 < np.pi / 0.15  # of a full opening a second: half a turn in 75 ms
