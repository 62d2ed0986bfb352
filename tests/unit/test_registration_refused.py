"""What registration refuses, and what it says to do instead."""

import numpy as np
import pytest
from registering import made, wall

from calibration.registration.box import Box
from calibration.rig import Crop
from taver.core.errors import InputError

REGISTRATION = made()


@pytest.mark.parametrize(
    ("depth", "what", "fix"),
    [
        (np.full((40, 48), 1.2), "in metres by the look of it", "1000 * depth"),
        (np.full((40, 48), 1200.0, np.float32), "in millimetres", "np.rint"),
        (np.full((40, 48), 120, np.uint8), "uint8", "8 bits hold 25 cm"),
        (np.full((40, 48), 1200, np.int32), "int32", "unsigned 16 bit"),
        (np.full((48, 40), 1200, np.uint16), "40 x 48", "turned on its side"),
        (np.full((20, 24), 1200, np.uint16), "24 x 20", "resampled"),
        (np.full((40, 47), 1200, np.uint16), "47 x 40", "uncut"),
        (np.full((40, 48, 1), 1200, np.uint16), "1 x 48 x 40", "without channels"),
        (np.full((3, 40, 48), 1200, np.uint16), "48 x 40 x 3", "stack of frames"),
        (np.uint16(3), "a single number", "without channels"),
        (np.full((40, 48), np.nan), "float64", "np.nan_to_num"),
    ],
)
def test_a_picture_that_is_no_raw_depth_is_refused_with_what_to_do(depth, what, fix):
    with pytest.raises(InputError) as refused:
        REGISTRATION.register(depth)
    assert what in refused.value.what
    assert fix in refused.value.fix


def test_pictures_the_other_way_round_than_the_calibration_are_refused():
    told = REGISTRATION.register(wall(1000), mirrored=False)
    assert told.valid.any()
    with pytest.raises(InputError) as refused:
        REGISTRATION.register(wall(1000), mirrored=True)
    assert "mirrored left to right" in refused.value.what
    assert "flip it" in refused.value.fix
    with pytest.raises(InputError, match="not mirrored"):
        made(mirrored=True).register(wall(1000), mirrored=False)


@pytest.mark.parametrize(
    "box",
    [(0, 0, 119, 10), (-1, 0, 5, 5), (0, 0, 0, 5), (3, 88, 5, 5), (0.5, 0, 5, 5), (1, 2, 3)],
)
def test_a_box_outside_the_crop_is_refused(box):
    with pytest.raises(InputError) as refused:
        REGISTRATION.register(wall(1000), box=box)
    assert "ox" in refused.value.what
    assert "Box" in refused.value.fix or "box" in refused.value.fix


def test_a_box_can_be_cut_to_the_crop():
    assert Box(-5, -5, 20, 20).clipped(118, 90) == (0, 0, 15, 15)
    assert Box(110, 80, 20, 20).clipped(118, 90) == (110, 80, 8, 10)
    with pytest.raises(InputError, match="outside the crop"):
        Box(200, 0, 5, 5).clipped(118, 90)


@pytest.mark.parametrize(
    ("changed", "what"),
    [
        ({"crop": Crop()}, "reaches out of the colour picture of 160 x 120 px"),
        ({"nearest_mm": 0.0}, "the range from 0"),
        ({"nearest_mm": 900.0, "farthest_mm": 800.0}, "the range from 900 to 800"),
        ({"farthest_mm": 40_000.0}, "up to 30000 mm"),
        ({"depth_shift_mm": np.nan}, "depth_shift_mm is nan"),
        ({"onto": "distorted"}, "neither 'undistorted' nor 'original'"),
    ],
)
def test_settings_that_cannot_be_are_refused(changed, what):
    with pytest.raises(InputError) as refused:
        made(**changed)
    assert what in refused.value.what


def test_all_that_is_wrong_with_the_settings_is_told_at_once():
    with pytest.raises(InputError) as refused:
        made(crop=Crop(), nearest_mm=-1.0, onto="x", depth_shift_mm=np.inf)
    assert len(refused.value.problems) == 4


def test_an_unknown_mode_is_refused():
    with pytest.raises(InputError, match="No mode"):
        REGISTRATION.register(wall(1000), mode="best")
