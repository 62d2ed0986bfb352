"""What a calibration says of its own quality: held-out errors, uncertainty, mirror, verdict."""

import dataclasses

import msgspec
import numpy as np
import pytest
from boards import SHIFT_MM, planted

from calibration.judge import held_out, judged, kept, rms
from calibration.known import numbered, state_of
from calibration.make import Choice, rig_of
from calibration.rig import Rig
from calibration.solve.joint import joint, settled
from calibration.solve.rows import sources_of
from calibration.solve.setting import Setting
from calibration.sources.shot import About
from calibration.uncertainty import transfer_map
from calibration.verdict import verdict
from capture.sim.rig import rig_by_seed
from taver.core.frames import Modality

TRUE = rig_by_seed(8)
NOBODY = About(names=(), serials={}, inputs={}, simulated=True)


@pytest.fixture(scope="module")
def seen():
    return planted(TRUE, 12, 8)


@pytest.fixture(scope="module")
def solved(seen):
    return joint(seen)


@pytest.fixture(scope="module")
def truth():
    return Rig(
        color=TRUE.color.camera,
        ir=TRUE.ir.camera,
        thermal=TRUE.thermal.camera,
        ir_to_color=TRUE.ir.from_color.inverse(),
        color_to_thermal=TRUE.thermal.from_color,
        depth_shift_mm=SHIFT_MM,
    )


def again(rest, state):
    noise = {"color": 0.1, "ir": 0.1, "thermal": 0.3, "depth": 4.0}
    return settled(rest, state, sources_of(rest), Setting(), noise).solution.state


def test_the_true_rig_is_off_by_the_noise_alone(truth, seen):
    placed = numbered(truth, seen)
    errors = judged(placed.state, placed.observations)
    # Of two coordinates, less what the board's poses take up.
    assert rms(errors.reprojection_px["thermal"]) == pytest.approx(0.3 * 2**0.5, rel=0.15)
    assert float(np.median(errors.shift_mm)) == pytest.approx(SHIFT_MM, abs=1.5)
    # A corner carried is wrong by its own noise and by the other camera's.
    assert rms(errors.transfer_px["color", "thermal"]) < 0.65
    assert set(errors.transfer_px) == {(a, b) for a in seen.cameras for b in seen.cameras if a != b}


def test_views_held_out_are_off_by_a_little_more_than_the_noise(solved):
    errors = held_out(solved.solution, solved.observations, again, 4)
    assert solved.rms_px["color"] < rms(errors.reprojection_px["color"]) < 0.2
    assert rms(errors.transfer_px["color", "thermal"]) < 0.8
    count = sum(len(view.sightings["ir"].corners) for view in solved.observations.views)
    assert len(errors.reprojection_px["ir"]) == count  # every view once


def test_too_few_views_are_not_held_out(seen):
    few = joint(dataclasses.replace(seen, views=seen.views[:5]))
    assert held_out(few.solution, few.observations, again) is None


def test_what_was_left_out_is_not_judged(solved):
    sources = []
    for source in solved.solution.sources:
        weights = source.weights.copy()
        if source.name == "ir":
            weights[:40] = 0.0  # a whole view, and a part of the next
        sources.append(dataclasses.replace(source, weights=weights))
    solution = dataclasses.replace(solved.solution, sources=tuple(sources))
    left = kept(solution, solved.observations)
    assert "ir" not in left.views[0].sightings
    assert len(left.views[1].sightings["ir"].corners) == 30


def test_the_map_of_uncertainty_is_as_wide_as_errors_are():
    """Over simulated repetitions, in the middle of the picture."""
    errors, told = [], []
    for seed in range(6):
        result = joint(planted(TRUE, 8, 50 + seed))
        told.append(transfer_map(result, "color", "thermal", 1000.0, 9)[2, 4])
        pixel = np.array([[(4 + 0.5) * 1920 / 9 - 0.5, (2 + 0.5) * 1080 / 5 - 0.5]])
        found = rig_of(result, None, NOBODY, Choice(), None)
        there = found.color_to_thermal.apply(found.color.unproject(pixel, 1000.0))
        true = TRUE.thermal.from_color.apply(TRUE.color.camera.unproject(pixel, 1000.0))
        off = found.thermal.project(there) - TRUE.thermal.camera.project(true)
        errors.append(np.abs(off).max())
    assert 0.3 < np.sqrt(np.mean(np.square(errors))) / np.median(told) < 2.5


def test_the_map_is_empty_where_the_other_camera_sees_nothing(solved):
    values = transfer_map(solved, "color", "thermal", 1000.0)
    assert np.isnan(values[0, 0])
    assert np.isfinite(values[values.shape[0] // 2, values.shape[1] // 2])


def test_a_state_made_of_a_rig_gives_that_rig_back(truth):
    state = state_of(truth, ("color", "ir", "thermal"))
    assert state.camera("ir", (512, 424)) == truth.ir
    assert np.allclose(state.pose("ir").inverse().translation_mm, truth.ir_to_color.translation_mm)


def test_a_kinect_whose_infrared_is_to_the_right_is_mirrored(solved):
    """As its raw pictures are; simulated cameras stand as they please."""
    assert not rig_of(solved, None, NOBODY, Choice(), None).mirrored
    kinect = dataclasses.replace(NOBODY, drivers={Modality.IR: "kinect2_linux"})
    rig = rig_of(solved, None, kinect, Choice(), None)
    assert rig.mirrored
    assert any("mirrored" in warning for warning in rig.quality.warnings)
    assert not rig_of(solved, None, kinect, Choice(mirrored=False), None).mirrored


def test_the_verdict_follows_the_transfer(truth):
    def told(error):
        quality = msgspec.structs.replace(truth.quality, transfer_px={"color to thermal": error})
        return verdict(msgspec.structs.replace(truth, quality=quality))

    assert told(0.3).startswith("Good: a point carried from color to thermal lands 0.30 px off")
    assert told(1.5).startswith("Usable")
    assert told(6.0).startswith("Poor; record the board again")
    assert "nothing but its own fit" in verdict(truth)
