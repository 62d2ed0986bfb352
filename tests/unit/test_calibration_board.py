"""Boards, coverage, depths on a plane, and detectors on drawn pictures."""

import dataclasses

import numpy as np
import pytest
from boards import BOARD, planted

from calibration.board import Board
from calibration.coverage import meters, most_different
from calibration.depths import condensed, on_plane
from calibration.detect import faults, prepare
from calibration.detect.detector import find
from calibration.observations import Depths
from calibration.plane import met, moved, plane_of
from calibration.sources.stillness import Span, still
from capture.sim.rig import standard_rig
from taver.core.errors import DataError, InputError

RIG = standard_rig()


@pytest.mark.parametrize(
    ("text", "columns", "rows", "dictionary"),
    [("5x7", 5, 7, None), (" 9X6 ", 9, 6, None), ("5x7:DICT_4X4_50", 5, 7, "DICT_4X4_50")],
)
def test_a_board_is_read_from_text(text, columns, rows, dictionary):
    board = Board.from_text(text, 25)
    assert (board.columns, board.rows, board.dictionary) == (columns, rows, dictionary)


@pytest.mark.parametrize(
    "text", ["", "5", "5x", "x7", "5*7", "5x7x9", "-5x7", "1x7", "2x2", "99x7"]
)
def test_what_is_no_board_is_refused(text):
    with pytest.raises(InputError) as caught:
        Board.from_text(text)
    assert "5x7" in caught.value.fix


@pytest.mark.parametrize("square_mm", [0.0, -3.0, 0.03, float("nan")])
def test_a_square_of_no_size_is_refused(square_mm):
    with pytest.raises(InputError, match="square_mm"):
        Board.from_text("5x7", square_mm)


def drawn(scale=24, margin=40, rows=7, columns=5):
    """A board straight ahead, black square first; corner (r, c) between pixels."""
    y, x = np.mgrid[: rows + 1, : columns + 1]
    squares = np.where((x + y) % 2 == 0, 20, 230).astype(np.uint8)
    board = squares.repeat(scale, axis=0).repeat(scale, axis=1)
    return np.pad(board, margin, constant_values=230)


def corners_of(scale=24, margin=40, rows=7, columns=5):
    y, x = np.mgrid[1 : rows + 1, 1 : columns + 1].reshape(2, -1)
    return np.column_stack([x, y]) * scale + margin - 0.5


def off_px(found, true):
    return min(
        np.abs(found.sighting.pixels - true).max(), np.abs(found.sighting.pixels[::-1] - true).max()
    )


@pytest.mark.parametrize("kind", ["color", "ir", "thermal"])
def test_corners_are_where_four_squares_meet_between_pixels(kind):
    """Half a pixel off would be seen: (0, 0) is a pixel's centre."""
    picture = drawn()
    if kind == "color":
        picture = np.repeat(picture[..., None], 3, axis=2)
    if kind != "color":
        picture = picture.astype(np.uint16) * 40
    found = find(picture, kind, BOARD)
    assert off_px(found, corners_of()) < 0.08


def test_small_boards_are_enlarged_and_mapped_back_without_a_shift():
    picture = drawn(scale=7, margin=12).astype(np.uint16)
    found = find(picture, "ir", BOARD)
    assert found is not None
    error = min(
        (found.sighting.pixels - corners_of(7, 12)).mean(axis=0),
        (found.sighting.pixels[::-1] - corners_of(7, 12)).mean(axis=0),
        key=lambda e: np.abs(e).sum(),
    )
    assert np.abs(error).max() < 0.05  # a bias of a quarter would be the half pixel forgotten


def test_enlarging_and_coming_back_is_the_same_place():
    places = np.array([[0.0, 0.0], [10.25, 3.5]])
    assert np.allclose(prepare.back(prepare.forth(places, 2.0), 2.0), places)
    assert prepare.back(np.array([0.5, 0.5]), 2.0).tolist() == [0.0, 0.0]


@pytest.mark.parametrize("sign", [1, -1])
def test_a_warm_and_a_cold_board_are_found_under_uneven_heat(sign):
    board = drawn().astype(np.float64)
    y, x = np.mgrid[: board.shape[0], : board.shape[1]]
    uneven = 7500 + 0.8 * x + 0.5 * y - 0.003 * (x - 100) ** 2
    rng = np.random.default_rng(0)
    counts = uneven + sign * 10.0 * (board > 100) + rng.normal(0, 0.9, board.shape)
    found = find(np.rint(counts).astype(np.uint16), "thermal", BOARD)
    assert off_px(found, corners_of()) < 0.4


def test_nothing_is_found_in_noise():
    noise = np.random.default_rng(0).integers(0, 255, (90, 120)).astype(np.uint8)
    assert find(noise, "ir", BOARD, thorough=False) is None


def test_squares_counted_instead_of_corners_are_noticed():
    wrong = Board.from_text("6x8")
    picture = np.repeat(drawn()[..., None], 3, axis=2)
    other = faults.other_size([picture], "color", wrong)
    with pytest.raises(InputError, match="squares were counted instead of inner corners") as caught:
        faults.refuse_other(wrong, other)
    assert "--board 5x7" in caught.value.fix


def test_a_board_with_more_corners_than_said_is_noticed():
    picture = np.repeat(drawn()[..., None], 3, axis=2)
    larger = faults.larger_size(picture, "color", Board.from_text("4x6"))
    assert {larger.columns, larger.rows} == {5, 7}
    assert faults.larger_size(picture, "color", BOARD) is None


def test_saturated_heat_is_noticed():
    counts = np.full((60, 80), 7500, np.uint16)
    counts += np.random.default_rng(0).integers(0, 50, counts.shape).astype(np.uint16)
    assert faults.saturation(counts) is None
    counts[:20] = 16383
    assert "33% is saturated at 16383 counts" in faults.saturation(counts)
    assert faults.saturation(np.full((60, 80), 7500, np.uint16)) is not None


@pytest.mark.parametrize(
    ("picture", "told"),
    [
        (np.full((4, 5), 200, np.uint8), "8 bit"),
        (np.full((4, 5, 3), 900, np.uint16), "8 bit a pixel and colours"),
        (np.full((4, 5), 0.9, np.float32), "metres, not millimetres"),
        (np.full((4, 5), 90, np.uint16), "median of 90 mm"),
    ],
)
def test_depth_that_is_not_millimetres_is_refused(picture, told):
    with pytest.raises(DataError, match=told) as caught:
        faults.require_depth(picture, "0001.png")
    assert "16-bit PNG in millimetres" in caught.value.fix


def test_good_depth_passes_and_so_does_a_picture_of_holes():
    for good in (np.array([[0, 900], [1100, 0]], np.uint16), np.zeros((3, 3), np.uint16)):
        assert faults.require_depth(good, "a.png") is None


def plane_depths(rng, noise_mm=0.0):
    ir = RIG.ir.camera
    v, u = np.mgrid[150:280, 200:310].reshape(2, -1).astype(float)
    pixels = np.column_stack([u, v])
    q = np.array([0.0002, -0.0003, 0.001])
    z = 1.0 / (ir.rays(pixels) @ q)
    return ir, q, Depths(pixels=pixels, z_mm=z + rng.normal(0, noise_mm, z.shape))


def test_the_plane_is_found_in_few_cells_as_in_all_pixels():
    ir, q, depths = plane_depths(np.random.default_rng(0), 2.0)
    few = condensed(depths)
    assert few.counts.sum() == pytest.approx(len(depths.z_mm), rel=0.005)
    assert len(few.z_mm) < len(depths.z_mm) / 80
    assert np.allclose(plane_of(depths, ir, 0.0), q, rtol=1e-2, atol=1e-6)
    corners = met(q, ir, depths.pixels[:3])
    assert np.allclose(corners @ q, 1.0)


def test_flying_pixels_are_not_on_the_plane():
    _, _, depths = plane_depths(np.random.default_rng(0), 2.0)
    z = depths.z_mm.copy()
    z[::10] += 60.0
    kept = on_plane(Depths(pixels=depths.pixels, z_mm=z))
    assert not kept[::10].any()
    assert kept[1::10].mean() > 0.98


def test_a_plane_moves_with_its_points():
    q = np.array([0.0002, -0.0003, 0.001])
    points = met(q, RIG.color.camera, np.array([[900.0, 500.0], [100.0, 40.0]]))
    pose = RIG.thermal.from_color
    assert np.allclose(pose.apply(points) @ moved(q, pose), 1.0)


def test_depth_of_too_few_pixels_is_nothing():
    few = Depths(pixels=np.ones((3, 2)), z_mm=np.ones(3))
    assert len(condensed(few).z_mm) == 0
    none = Depths(pixels=np.empty((0, 2)), z_mm=np.empty(0))
    assert len(condensed(none).z_mm) == 0


def test_coverage_grows_and_names_what_is_missing():
    observations = planted(RIG, 24, 1)
    one = dataclasses.replace(observations, views=observations.views[:1])
    start, end = ({m.camera: m for m in meters(seen)} for seen in (one, observations))
    assert "14 more views" in start["thermal"].missing
    assert any("near and far" in m for m in start["thermal"].missing)
    assert any("tilted" in m for m in start["color"].missing)
    for camera in ("color", "ir", "thermal"):
        for part in ("x", "y", "size", "tilt"):
            assert getattr(start[camera], part) <= getattr(end[camera], part) <= 1.0
    assert end["ir"].done
    nothing = dataclasses.replace(observations, views=())
    assert [m.views for m in meters(nothing)] == [0, 0, 0]


def test_coverage_tells_which_side_is_away():
    """Turned about the upright axis until its right side is farther, nothing else."""
    from calibration.coverage import look_of
    from calibration.observations import Sighting
    from taver.core.pose import Pose

    turned = Pose.from_rotation_vector((0, -0.5, 0))
    points = turned.apply(BOARD.points_mm - BOARD.points_mm.mean(axis=0)) + np.array([0, 0, 900])
    assert points[4, 2] > points[0, 2]
    pixels = RIG.color.camera.project(points)
    sighting = Sighting(pixels=pixels, corners=np.arange(35))
    look = look_of(sighting, BOARD, "color", (1920, 1080))
    assert look.across_deg == pytest.approx(28.6, abs=3)
    assert look.down_deg == pytest.approx(0, abs=3)


def test_the_most_different_views_are_kept():
    from calibration.coverage import looks_of

    looks = looks_of(planted(RIG, 20, 1), "color")
    kept = most_different([*looks, *looks[:5]], 20)
    assert kept == sorted(kept)
    assert len({at % 20 for at in kept}) == 20


def test_moments_of_stillness_are_between_movements():
    rng = np.random.default_rng(0)
    pictures = []
    for place in (10, 40, 70):
        for step in range(8):
            x = place + (step - 3) * 6 if step < 3 else place
            picture = rng.normal(100, 1, (40, 128)).astype(np.float32)
            picture[10:30, max(x, 0) : x + 25] += 80
            pictures.append(picture)
    assert still(pictures) == [Span(3, 7), Span(11, 15), Span(19, 23)]
    assert still([]) == []
