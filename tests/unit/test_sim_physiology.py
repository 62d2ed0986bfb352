import math

import numpy as np
import pytest

from capture.sim.curves import Curve, RandomWalk
from capture.sim.physiology import Lag, Physiology
from capture.sim.scenario import Body


class Switched:
    """Arousal that is switched on at one moment."""

    def __init__(self, at_s: float, to: float) -> None:
        self._at_s, self._to = at_s, to

    def at(self, t_s):
        return np.where(np.asarray(t_s) >= self._at_s, self._to, 0.0)


def test_it_has_gone_63_percent_of_the_way_after_one_time_constant():
    lag = Lag(Switched(10.0, 1.0), gain=-2.5, time_constant_s=90.0)
    assert lag.at(9.5) == 0.0
    assert lag.at(100.0) == pytest.approx(-2.5 * (1 - math.exp(-1)), rel=0.01)
    assert lag.at(2000.0) == pytest.approx(-2.5, rel=1e-6)


def test_it_follows_a_straight_rise_exactly():
    # For u = t the answer is t - T (1 - exp(-t / T)).
    class Ramp:
        def at(self, t_s):
            return np.maximum(np.asarray(t_s, float), 0.0) / 1000

    lag = Lag(Ramp(), gain=1.0, time_constant_s=60.0)
    for t_s in (0.0, 0.25, 7.5, 60.0, 300.0, 900.0):
        expected = (t_s - 60 * (1 - math.exp(-t_s / 60))) / 1000
        assert lag.at(t_s) == pytest.approx(expected, abs=1e-12)


def test_it_is_the_same_at_every_frame_rate_and_in_any_order():
    def fresh():
        walk = RandomWalk(3, mean=0.0, spread=0.6, time_constant_s=10.0)
        return Physiology(9, walk, Body())

    slow, fast, back = fresh(), fresh(), fresh()
    at_10_hz = [slow.at(k / 10) for k in range(3000)]
    at_30_hz = [fast.at(k / 30) for k in range(9000)]
    assert at_10_hz == at_30_hz[::3]
    assert [back.at(k / 10) for k in reversed(range(3000))] == at_10_hz[::-1]


def test_an_excited_nose_cools_by_whole_kelvins_within_minutes_and_not_at_once():
    skin = Physiology(1, Curve([(10.0, 0.0), (11.0, 1.0)]), Body())
    assert skin.at(5.0).nose_k == pytest.approx(0.0)
    assert -0.2 < skin.at(15.0).nose_k < 0.0
    assert skin.at(310.0).nose_k < -1.5
    assert skin.at(310.0).cheeks_k > 0.2


def test_the_lag_can_be_recovered_from_the_curves():
    arousal = RandomWalk(8, mean=0.0, spread=0.6, time_constant_s=15.0)
    skin = Physiology(2, arousal, Body())
    t_s = np.arange(0, 3000, 1.0)
    nose = np.array([skin.at(t).nose_k for t in t_s])
    drive = arousal.at(t_s)
    # y' = (g u - y) / T, so that y' is a plane over u and y.
    rate = np.gradient(nose, t_s)
    (by_drive, by_nose), *_ = np.linalg.lstsq(np.stack([drive, nose], 1), rate, rcond=None)
    assert -1 / by_nose == pytest.approx(90.0, rel=0.05)
    assert -3.1 < by_drive * 90.0 < -1.9


def test_temperatures_never_jump():
    skin = Physiology(4, RandomWalk(1, mean=0, spread=1, time_constant_s=5), Body())
    nose = np.array([skin.at(t).nose_k for t in np.arange(0, 300, 1 / 30)])
    assert np.abs(np.diff(nose)).max() * 30 < 2 * 3.0 / 90  # kelvin a second
