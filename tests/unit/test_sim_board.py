from __future__ import annotations

import math

import cv2
import numpy as np
import pytest

from capture.sim.board import charuco, printed
from capture.sim.board.geometry import MARGIN, check, corners_mm, outline_mm
from capture.sim.board.shape import board_mesh
from capture.sim.board.views import views
from capture.sim.rig import rig_by_seed, standard_rig
from capture.sim.scene import Board, BoardView, Scene
from taver.core.camera import Camera
from taver.core.errors import InputError
from taver.core.frames import PICTURES, Modality
from taver.core.pose import Pose

# Thirty degrees to the side and a little rolled, 0.9 m away.
HELD = Pose.from_rotation_vector((0.2, 0.5, 0.1), (-60.0, -90.0, 900.0))
COLOR = Camera(
    width_px=1920, height_px=1080, fx_px=1081, fy_px=1081, cx_px=959.5, cy_px=539.5
).cropped(760, 300, 480, 480)
IR = Camera(width_px=512, height_px=424, fx_px=365.5, fy_px=365.5, cx_px=254.9, cy_px=205.4)
THERMAL = Camera(width_px=640, height_px=512, fx_px=764.7, fy_px=764.7, cx_px=319.5, cy_px=255.5)
CHARUCO = Board(columns=7, rows=5, square_mm=35.0, dictionary="DICT_5X5_100")
FINER = 4  # an ideal pixel is the mean of so many samples each way


def drawn(picture, board: Board, pose: Pose, camera: Camera, around: float):
    """Draw one picture of a texture by OpenCV's homography: an oracle without our renderer."""
    texels = picture.shape[1] // (board.columns + 1 + 2 * round(MARGIN))
    paper = picture[: texels * (board.rows + 1 + 2 * round(MARGIN))].astype(np.float32)
    start_mm = -(1 + MARGIN) * board.square_mm
    pitch_mm = board.square_mm / texels
    to_mm = np.array(
        [[pitch_mm, 0, start_mm + pitch_mm / 2], [0, pitch_mm, start_mm + pitch_mm / 2], [0, 0, 1]]
    )
    r, t = pose.rotation_matrix, np.array(pose.translation_mm)
    fine = camera.scaled(camera.width_px * FINER, camera.height_px * FINER)
    onto = fine.matrix @ np.column_stack([r[:, 0], r[:, 1], t]) @ to_mm
    seen = cv2.warpPerspective(
        paper, onto, (fine.width_px, fine.height_px), flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_CONSTANT, borderValue=(around,) * 3,
    )  # fmt: skip
    return cv2.resize(seen, (camera.width_px, camera.height_px), interpolation=cv2.INTER_AREA)


def eight_bits(picture, square_px: float):
    """Stretch what differs from its surroundings: a heated board is mostly unevenly warm."""
    grey = picture.mean(axis=2) if picture.ndim == 3 else picture
    off = grey - cv2.GaussianBlur(grey, (0, 0), square_px / 3)
    spread = np.sqrt(cv2.GaussianBlur(off * off, (0, 0), square_px / 3)) + 1e-3
    return np.clip(128 + 60 * off / spread, 0, 255).astype(np.uint8)


def texture_for(board: Board, pose: Pose):
    return board_mesh(BoardView(board=board, pose=pose), standard_rig(), 295.65).texture


def found_off_px(picture, board: Board, truth):
    """Return by how much OpenCV finds each corner off its true place."""
    picture = eight_bits(picture, np.linalg.norm(truth[1] - truth[0]))
    # On the picture as it is, the detector's own error is three times as large.
    twice = cv2.resize(picture, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)
    flags = cv2.CALIB_CB_EXHAUSTIVE | cv2.CALIB_CB_ACCURACY
    ok, corners = cv2.findChessboardCornersSB(twice, (board.columns, board.rows), flags=flags)
    assert ok
    seen = (corners.reshape(-1, 2) - 0.5) / 2
    off = [one - truth for one in (seen, seen[::-1])]
    return min(off, key=rms)  # the default board may be found from its other end


def rms(off) -> float:
    return float(np.sqrt((off**2).sum(axis=1).mean()))


@pytest.mark.parametrize(
    ("name", "camera", "around"),
    [("color", COLOR, 90.0), ("reflectance", IR, 0.4), ("temperature_k", THERMAL, 303.3)],
)
def test_a_detector_finds_the_corners_where_they_are(name, camera, around):
    board = Board()
    picture = drawn(getattr(texture_for(board, HELD), name), board, HELD, camera, around)
    truth = camera.project(HELD.apply(corners_mm(board)))
    off = found_off_px(picture, board, truth)
    assert np.linalg.norm(off, axis=1).max() < 0.1
    assert np.linalg.norm(off.mean(axis=0)) < 0.03


@pytest.mark.parametrize("seed", [0, 1])
def test_our_renderer_puts_the_corners_where_the_distorting_lenses_see_them(seed):
    from capture.sim.render.renderer import Renderer

    rig, board = rig_by_seed(seed), Board()
    view = views(board, 1, rig, seed)[0]
    ideal = Renderer(rig).render(Scene(boards=(view,)), PICTURES)
    for modality, picture in (
        (Modality.COLOR, ideal.color),
        (Modality.IR, ideal.reflectance),
        (Modality.THERMAL, ideal.thermal_k),
    ):
        one = rig.of(modality)
        truth = one.camera.project(one.from_color.apply(view.pose.apply(corners_mm(board))))
        reach = 2 * np.linalg.norm(truth[1] - truth[0])
        left, top = np.maximum(truth.min(axis=0) - reach, 0).astype(int)
        right, below = (truth.max(axis=0) + reach).astype(int)
        off = found_off_px(picture[top:below, left:right], board, truth - (left, top))
        # Not the mean: on squares of eight pixels the detector slips at a corner or two.
        assert np.median(np.linalg.norm(off, axis=1)) < 0.1
        assert np.linalg.norm(np.median(off, axis=0)) < 0.03


def test_another_chessboard_is_found_in_its_own_size():
    board = Board(columns=9, rows=6, square_mm=25.0)
    picture = drawn(texture_for(board, HELD).color, board, HELD, COLOR, 90.0)
    truth = COLOR.project(HELD.apply(corners_mm(board)))
    assert np.linalg.norm(found_off_px(picture, board, truth), axis=1).max() < 0.1


@pytest.mark.parametrize("dictionary", ["DICT_4X4_50", "DICT_5X5_100", "DICT_APRILTAG_36h11"])
def test_a_charuco_board_is_detected_with_every_corner_in_its_place(dictionary):
    board = Board(columns=7, rows=5, square_mm=35.0, dictionary=dictionary)
    picture = drawn(texture_for(board, HELD).color, board, HELD, COLOR, 90.0)
    detector = cv2.aruco.CharucoDetector(charuco.charuco(board))
    corners, ids, _, _ = detector.detectBoard(picture.mean(axis=2).astype(np.uint8))
    truth = COLOR.project(HELD.apply(corners_mm(board)))
    assert sorted(ids.ravel().tolist()) == list(range(35))
    off = corners.reshape(-1, 2) - truth[ids.ravel()]
    assert rms(off) < 0.1
    assert np.linalg.norm(off.mean(axis=0)) < 0.03


def test_laser_print_is_seen_in_the_infrared_and_inkjet_is_not():
    toner = texture_for(Board(), HELD).reflectance
    dye = texture_for(Board(inkjet=True), HELD).reflectance
    paper = slice(None, -toner.shape[0] // 11)
    assert np.ptp(toner[paper]) > 0.6
    assert np.ptp(dye[paper]) < 0.05
    np.testing.assert_array_equal(
        texture_for(Board(inkjet=True), HELD).color, texture_for(Board(), HELD).color
    )


@pytest.mark.parametrize(("warm_k", "sign"), [(8.0, 1), (-8.0, -1)])
def test_heat_gives_a_low_contrast_of_either_polarity_below_a_larger_unevenness(warm_k, sign):
    board = Board(warm_k=warm_k)
    heat = printed.texture(board, 20, 10, 20, 295.0).temperature_k
    ink = printed._coverage(board, 20)
    squares = heat[20:180, 20:140]  # the squares without their margin
    black = squares[ink[20:180, 20:140] == 1]
    white = squares[ink[20:180, 20:140] == 0]
    assert 0.2 < sign * (black.mean() - white.mean()) < 0.6
    assert np.ptp(white) > abs(black.mean() - white.mean())
    assert heat[-1, 0] == 295.0  # the stick is as warm as the room


@pytest.mark.parametrize("board", [Board(), CHARUCO, Board(columns=11, rows=3, square_mm=12.5)])
def test_the_mesh_puts_every_texel_where_it_belongs(board):
    mesh = board_mesh(BoardView(board=board, pose=HELD), standard_rig(), 295.0)
    at = HELD.inverse().apply(mesh.vertices_mm)[mesh.triangles]
    low, high = outline_mm(board)[[0, 2], :2]
    wood = printed.STICK / (board.rows + 1 + 2 * MARGIN + printed.STICK)
    face = (np.abs(at[:, :, 2]) < 0.01).all(axis=1)
    told_mm = low + mesh.uv[face] / (1.0, 1.0 - wood) * (high - low)
    np.testing.assert_allclose(told_mm, at[face, :, :2], atol=1e-3)
    assert at[~face, :, 2].min() > 0  # the stick is behind the print
    assert mesh.uv[~face, :, 1].min() > 1 - wood
    sides = np.roll(at, -1, axis=1) - at
    turns = sides[:, 0, 0] * sides[:, 1, 1] - sides[:, 0, 1] * sides[:, 1, 0]
    assert (turns > 0).all()  # clockwise where y points down
    assert mesh.sharp
    assert np.linalg.norm(sides[face], axis=2).max() < 22
    assert {mesh.vertices_mm.dtype, mesh.uv.dtype} == {np.dtype(np.float32)}
    assert mesh.triangles.dtype == np.int32


def test_a_texture_is_as_fine_as_the_cameras_can_see():
    near = Pose(translation_mm=(0, 0, 500.0))
    far = Pose(translation_mm=(0, 0, 2000.0))
    for name in ("color", "reflectance", "temperature_k"):
        near_px, far_px = (getattr(texture_for(Board(), p), name).shape[1] for p in (near, far))
        assert near_px >= 3 * far_px


def test_corners_come_row_by_row_from_the_first():
    corners = corners_mm(Board())
    assert corners.shape == (35, 3)
    np.testing.assert_array_equal(corners[[0, 1, 5, 34]], [(0, 0, 0), (30, 0, 0), (0, 30, 0),
                                                           (120, 180, 0)])  # fmt: skip
    # OpenCV counts from the outer corner of the first square.
    told = charuco.charuco(CHARUCO).getChessboardCorners() - (35.0, 35.0, 0.0)
    np.testing.assert_allclose(corners_mm(CHARUCO), told, atol=1e-4)


def places(held, one):
    return [one.camera.project(one.from_color.apply(v.pose.apply(corners_mm(v.board))))
            for v in held]  # fmt: skip


@pytest.mark.parametrize(
    ("board", "rig"), [(Board(), standard_rig()), (CHARUCO, rig_by_seed(3))], ids=["chess", "aruco"]
)
def test_views_cover_distance_tilt_and_picture_and_stay_visible(board, rig):
    held = views(board, 40, rig, 1)
    for one in (rig.color, rig.ir, rig.thermal):
        assert all(one.camera.contains(pixels).all() for pixels in places(held, one))
    far = [v.pose.apply(corners_mm(board).mean(axis=0))[2] for v in held]
    assert min(far) < 700
    assert max(far) > 1500
    tilts = [math.degrees(math.acos(v.pose.rotation[2][2])) for v in held]
    assert max(tilts) <= 45.001
    assert max(tilts) > 40
    assert sum(tilt > 15 for tilt in tilts) > 20
    pixels = np.concatenate(places(held, rig.thermal))
    cells, _, _ = np.histogram2d(*pixels.T, bins=(8, 6), range=((0, 640), (0, 512)))
    assert (cells > 0).mean() > 0.9
    assert views(board, 40, rig, 1) == held
    assert views(board, 3, rig, 2) != held[:3]


def test_views_for_the_kinect_alone_reach_where_the_thermal_camera_cannot_see():
    rig = standard_rig()
    held = views(Board(), 40, rig, seen_by=(Modality.COLOR, Modality.DEPTH))
    pixels = np.concatenate(places(held, rig.color))
    assert np.ptp(pixels, axis=0) == pytest.approx((1500, 1000), abs=200)


@pytest.mark.parametrize(
    ("board", "told"),
    [
        (Board(columns=1), "columns = 1"),
        (Board(rows=0, square_mm=math.nan), "rows = 0 (wanted: 2 to 60 corners); square_mm = nan"),
        (Board(warm_k=math.inf), "warm_k = inf"),
    ],
)
def test_a_board_that_cannot_be_printed_is_refused(board, told):
    with pytest.raises(InputError) as refused:
        check(board)
    assert told in refused.value.what


def test_a_board_that_cannot_be_drawn_or_held_is_refused():
    with pytest.raises(InputError, match="No dictionary of markers is called 'nonsense'"):
        charuco.charuco(Board(dictionary="nonsense"))
    with pytest.raises(InputError, match="needs 63 markers, and DICT_4X4_50 has 50"):
        charuco.charuco(Board(columns=13, rows=8, dictionary="DICT_4X4_50"))
    with pytest.raises(InputError, match="cannot be seen whole"):
        views(Board(columns=40, rows=40, square_mm=100.0), 1, standard_rig())
    with pytest.raises(InputError, match="0 views"):
        views(Board(), 0, standard_rig())
