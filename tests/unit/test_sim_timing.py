from itertools import islice

import numpy as np
import pytest

from capture.sim.scenario import Cameras, Fault, Faults, Place, Scenario
from capture.sim.timing import Sensor, in_order
from taver.core.frames import PICTURES, Modality


def scenario(*, light=1.0, kinect=None, thermal=None, **cameras):
    return Scenario(
        seconds=10.0,
        seed=4,
        room=Place(light=light),
        cameras=Cameras(**cameras),
        faults=Faults(kinect=kinect or Fault(), thermal=thermal or Fault()),
    )


def shots(count, modality=Modality.COLOR, **changed):
    return list(islice(Sensor(scenario(**changed), modality).shots(), count))


@pytest.mark.parametrize("rate_hz", [10.0, 29.97, 30.0])
def test_frames_come_at_the_rate_that_is_set(rate_hz):
    taken = [shot.taken_ns for shot in shots(3001, kinect_hz=rate_hz)]
    assert (taken[-1] - taken[0]) == pytest.approx(3000 / rate_hz * 1e9, rel=1e-9)
    assert 0 <= taken[0] < 0.3 / rate_hz * 1e9


def test_in_dim_light_colour_falls_to_15_frames_and_depth_does_not():
    dim = scenario(light=0.2, kinect_hz=30.0)
    assert Sensor(dim, Modality.COLOR).rate_hz == 15.0
    assert Sensor(dim, Modality.DEPTH).rate_hz == 30.0
    assert Sensor(scenario(light=0.2, kinect_hz=10.0), Modality.COLOR).rate_hz == 10.0


def test_a_planted_drift_can_be_recovered_from_the_stamps():
    drifting = shots(9000, kinect=Fault(drift_ppm=80.0))
    host = np.array([shot.arrived_ns for shot in drifting], float)
    device = np.array([shot.device_ns for shot in drifting], float)
    slope = np.polyfit(host - host[0], device - device[0], 1)[0]
    assert (slope - 1) * 1e6 == pytest.approx(80.0, abs=0.05)


def test_the_kinects_clock_ticks_in_eighths_of_a_millisecond_and_the_thermal_in_whole_ones():
    assert all(shot.device_ns % 125_000 == 0 for shot in shots(50))
    assert any(shot.device_ns % 1_000_000 for shot in shots(50))
    assert all(shot.device_ns % 1_000_000 == 0 for shot in shots(50, Modality.THERMAL))
    without = shots(5, Modality.THERMAL, thermal_clock=False)
    assert all(shot.device_ns is None for shot in without)


def test_jitter_delays_arrival_and_nothing_else():
    still, late = shots(400), shots(400, kinect=Fault(jitter_ms=8.0))
    delays = np.array([b.arrived_ns - a.arrived_ns for a, b in zip(still, late, strict=True)])
    assert 0 <= delays.min() < 500_000
    assert 7_500_000 < delays.max() <= 8_000_000
    assert [a.device_ns for a in still] == [b.device_ns for b in late]


def test_frames_are_lost_as_often_as_asked():
    lost = [shot.number for shot in shots(20, kinect=Fault(drop_every=5)) if shot.lost]
    assert lost == [4, 9, 14, 19]


def test_a_closed_shutter_repeats_the_last_frame_before_it():
    thermal = Sensor(scenario(shutter_every_s=20.0), Modality.THERMAL)
    frozen = [shot for shot in islice(thermal.shots(), 1000) if shot.frozen]
    events = thermal.shutter_events(100_000_000_000)
    assert len(events) in {4, 5}
    assert len(frozen) == pytest.approx(5 * len(events), abs=len(events))
    for shot in frozen:
        event = next(e for e in events if e.closed_ns <= shot.taken_ns < e.opened_ns)
        shown, after = thermal.shot(shot.shows), thermal.shot(shot.shows + 1)
        assert shown.taken_ns < event.closed_ns <= after.taken_ns
    assert not any(shot.frozen for shot in shots(3000, Modality.THERMAL, shutter_every_s=0.0))
    assert not any(shot.frozen for shot in shots(3000, Modality.COLOR, shutter_every_s=20.0))


def test_all_sensors_come_in_the_order_taken():
    sensors = [Sensor(scenario(kinect_hz=30.0), modality) for modality in PICTURES]
    mixed = list(islice(in_order(sensors), 200))
    assert [s.taken_ns for s in mixed] == sorted(s.taken_ns for s in mixed)
    assert {s.modality for s in mixed} == set(PICTURES)


def test_depth_and_infrared_are_one_exposure_and_colour_is_another():
    color, depth, ir = (Sensor(scenario(), m).shot(7) for m in PICTURES[:3])
    assert depth.taken_ns == ir.taken_ns != color.taken_ns
