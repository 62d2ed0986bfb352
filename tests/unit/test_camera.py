from __future__ import annotations

from typing import TYPE_CHECKING, Any

import cv2
import hypothesis.extra.numpy as hnp
import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from taver.core.camera import Camera
from taver.core.distortion import Distortion
from taver.core.errors import InputError
from taver.core.pose import Pose

if TYPE_CHECKING:
    import numpy.typing as npt

    from taver.core.vectors import Floats

KINECT_IR = (0.0905, -0.2682, 0.0004, -0.0007, 0.0951)
RATIONAL = (0.31, -0.12, 0.0005, -0.0003, 0.02, 0.42, -0.05, 0.01)
BARREL = (-0.4, 0.0, 0.0, 0.0, 0.0)
LENSES = [(), KINECT_IR, RATIONAL, BARREL]


def camera(coefficients: tuple[float, ...] = (), **changed: Any) -> Camera:
    numbers: dict[str, Any] = {
        "width_px": 512,
        "height_px": 424,
        "fx_px": 365.5,
        "fy_px": 366.1,
        "cx_px": 254.9,
        "cy_px": 205.4,
        "distortion": Distortion(coefficients=coefficients),
    }
    return Camera(**(numbers | changed))


def each(size: float) -> st.SearchStrategy[float]:
    return st.floats(-size, size, allow_subnormal=False)


RADIAL_AND_TANGENTIAL = (each(0.4), each(0.3), each(0.005), each(0.005), each(0.2))
RATIONALS = (*RADIAL_AND_TANGENTIAL, each(0.4), each(0.3), each(0.1))
distortions = st.one_of(st.tuples(*RADIAL_AND_TANGENTIAL), st.tuples(*RATIONALS)).map(
    lambda coefficients: Distortion(coefficients=coefficients)
)


@st.composite
def cameras(draw: st.DrawFn) -> Camera:
    width, height = draw(st.integers(160, 1920)), draw(st.integers(120, 1080))
    focal = width * draw(st.floats(0.5, 3.0))
    return Camera(
        width_px=width,
        height_px=height,
        fx_px=focal,
        fy_px=focal * draw(st.floats(0.98, 1.02)),
        cx_px=width * draw(st.floats(0.4, 0.6)),
        cy_px=height * draw(st.floats(0.4, 0.6)),
        distortion=draw(distortions),
    )


# Shares of the lens's radius and of a full turn, and a depth: a point that the lens can see.
shares = hnp.arrays(np.float64, (16, 3), elements=st.floats(0, 1, allow_subnormal=False))


def directions(lens: Distortion, share: Floats) -> Floats:
    radius = min(lens.max_radius, 1.5) * 0.97 * share[:, 0]
    turn = 2 * np.pi * share[:, 1]
    return np.stack([radius * np.cos(turn), radius * np.sin(turn)], axis=-1)


def points_mm(cam: Camera, share: Floats) -> Floats:
    z = 200 + 4800 * share[:, 2:]
    return np.hstack([directions(cam.distortion, share) * z, z])


@settings(deadline=None, max_examples=150)
@given(cameras(), shares)
def test_a_point_comes_back_from_its_pixel_and_depth(cam: Camera, share: Floats) -> None:
    points = points_mm(cam, share)
    back = cam.unproject(cam.project(points), points[:, 2])
    mm_of_a_pixel = points[:, 2:] / min(cam.fx_px, cam.fy_px)
    assert np.all(np.abs(back - points) <= 1e-6 * mm_of_a_pixel)


@settings(deadline=None, max_examples=150)
@given(cameras(), shares)
def test_a_pixel_comes_back_from_its_point(cam: Camera, share: Floats) -> None:
    pixels = share[:, :2] * (cam.width_px - 1, cam.height_px - 1)
    depth = 200 + 4800 * share[:, 2]
    points = cam.unproject(pixels, depth)
    seen = np.isfinite(points).all(axis=-1)
    np.testing.assert_array_equal(points[seen, 2], depth[seen])
    np.testing.assert_allclose(cam.project(points[seen]), pixels[seen], rtol=0, atol=1e-6)
    assert np.isnan(points[~seen]).all()


@pytest.mark.parametrize("coefficients", LENSES[:3])
def test_a_real_lens_gives_a_ray_to_every_pixel_of_its_picture(
    coefficients: tuple[float, ...],
) -> None:
    cam = camera(coefficients)
    v, u = np.mgrid[: cam.height_px, : cam.width_px]
    pixels = np.stack([u, v], axis=-1)
    points = cam.unproject(pixels, 1000)
    assert points.shape == (424, 512, 3)
    assert np.abs(cam.project(points) - pixels).max() <= 1e-6


@settings(deadline=None, max_examples=100)
@given(cameras(), shares)
def test_project_agrees_with_opencv(cam: Camera, share: Floats) -> None:
    points = points_mm(cam, share)
    still = np.zeros(3)
    theirs, _ = cv2.projectPoints(
        points, still, still, cam.matrix, np.array(cam.distortion.coefficients)
    )
    np.testing.assert_allclose(cam.project(points), theirs[:, 0], rtol=1e-11, atol=1e-8)


@pytest.mark.parametrize("coefficients", LENSES[:3])
def test_rays_agree_with_opencv(coefficients: tuple[float, ...]) -> None:
    cam = camera(coefficients)
    v, u = np.mgrid[60:360:20, 60:450:20]
    pixels = np.stack([u, v], axis=-1).reshape(-1, 2).astype(float)
    criteria = (cv2.TERM_CRITERIA_COUNT | cv2.TERM_CRITERIA_EPS, 500, 1e-14)
    theirs = cv2.undistortPoints(pixels, cam.matrix, np.array(coefficients), criteria=criteria)
    rays = cam.rays(pixels)
    np.testing.assert_allclose(rays[:, :2], theirs.reshape(-1, 2), rtol=0, atol=1e-9)
    assert (rays[:, 2] == 1).all()


def test_what_lies_far_off_the_axis_is_not_folded_back_into_the_picture() -> None:
    cam = camera(BARREL)
    # x (1 - 0.4 x²) turns round at sqrt(1 / 1.2) and is 0 again at sqrt(2.5).
    far_off = np.array([[2.5**0.5 * 1000, 0.0, 1000.0], [-1200.0, 900.0, 1000.0]])
    still = np.zeros(3)
    folded, _ = cv2.projectPoints(far_off, still, still, cam.matrix, np.array(BARREL))
    assert cam.contains(folded[:, 0]).all()
    assert np.isnan(cam.project(far_off)).all()
    assert np.isfinite(cam.project([900, 0, 1000])).all()


@pytest.mark.parametrize("coefficients", LENSES)
def test_what_is_behind_or_nowhere_has_no_pixel(coefficients: tuple[float, ...]) -> None:
    nowhere = [
        [10.0, 10.0, 0.0],
        [10.0, 10.0, -1000.0],
        [0.0, 0.0, -1.0],
        [np.nan, 0.0, 1000.0],
        [0.0, np.inf, 1000.0],
        [0.0, 0.0, np.inf],
        [1e300, 0.0, 1e-300],
        [1e307, 0.0, 1.0],
    ]
    assert np.isnan(camera(coefficients).project(nowhere)).all()


def test_a_hole_in_the_depth_has_no_point() -> None:
    points = camera(KINECT_IR).unproject([[10, 20]] * 4, [0, -1, np.nan, np.inf])
    assert points.shape == (4, 3)
    assert np.isnan(points).all()


def test_integers_and_shapes_are_taken_as_they_come() -> None:
    cam = camera(KINECT_IR)
    assert cam.project([0, 0, 700]).tolist() == [cam.cx_px, cam.cy_px]
    assert cam.project(np.zeros((0, 3), np.uint16)).shape == (0, 2)
    depth = np.full((5, 1, 7), 900, np.uint16)
    assert cam.unproject(np.zeros((3, 7, 2), np.int16), depth).shape == (5, 3, 7, 3)
    for wrong in ([1, 2], 3, ["a", "b", "c"], [[1, 2, 3], [1, 2]]):
        with pytest.raises(InputError):
            cam.project(wrong)
    with pytest.raises(InputError, match=r"\(4,\).*\(3,\)"):
        cam.unproject(np.zeros((4, 2)), np.ones(3))


def test_the_picture_reaches_half_a_pixel_beyond_the_outer_centres() -> None:
    inside = [[-0.5, -0.5], [511.49, 423.49], [0.0, 0.0]]
    outside = [[-0.51, 0.0], [0.0, -0.51], [511.5, 0.0], [0.0, 423.5], [np.nan, 0.0]]
    assert camera().contains(inside).all()
    assert not camera().contains(outside).any()


def test_a_scaled_and_a_cropped_camera_see_the_same_points() -> None:
    cam = camera(KINECT_IR)
    points = points_mm(cam, np.random.default_rng(1).random((50, 3)))
    pixels = cam.project(points)
    twice = cam.scaled(1024, 212).project(points)
    np.testing.assert_allclose(twice, (pixels + 0.5) * (2, 0.5) - 0.5, atol=1e-9)
    part = cam.cropped(100, 50, 200, 300)
    np.testing.assert_allclose(part.project(points), pixels - (100, 50), atol=1e-9)
    assert (part.width_px, part.height_px) == (200, 300)
    with pytest.raises(InputError, match="width_px"):
        cam.scaled(0, 10)


def test_a_camera_is_plain_json_and_comes_back_equal() -> None:
    made = Camera.from_matrix(
        camera().matrix,
        width_px=int(np.int64(512)),
        height_px=424,
        distortion=Distortion(coefficients=tuple(np.array(RATIONAL))),
    )
    assert made == camera(RATIONAL)
    assert msgspec.json.decode(msgspec.json.encode(made), type=Camera) == made
    assert msgspec.convert(msgspec.to_builtins(made), Camera) == made
    tree = msgspec.to_builtins(made) | {"fx_px": -1.0}
    with pytest.raises(msgspec.ValidationError, match=r"fx_px is -1\.0"):
        msgspec.convert(tree, Camera)


def test_an_impossible_camera_is_refused_with_everything_that_is_wrong() -> None:
    with pytest.raises(InputError) as caught:
        camera(width_px=0, height_px=4.5, fx_px=0, fy_px=float("nan"), cx_px=float("inf"))
    assert [p.split()[0] for p in caught.value.problems] == [
        "width_px",
        "height_px",
        "fx_px",
        "fy_px",
        "cx_px",
    ]
    with pytest.raises(InputError, match="camera matrix"):
        Camera.from_matrix(np.eye(3) + np.eye(3, k=1), width_px=1, height_px=1)


def test_opencv_calls_agree_for_a_camera_on_the_rig() -> None:
    cam, pose = camera(RATIONAL), Pose.from_rotation_vector([0.1, -0.2, 0.3], [52, -3, 900])
    points: npt.NDArray[Any] = np.random.default_rng(2).uniform(-200, 200, (30, 3))
    theirs, _ = cv2.projectPoints(
        points,
        pose.rotation_vector,
        np.array(pose.translation_mm),
        cam.matrix,
        np.array(RATIONAL),
    )
    np.testing.assert_allclose(cam.project(pose.apply(points)), theirs[:, 0], atol=1e-8)
