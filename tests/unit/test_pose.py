from __future__ import annotations

import math
from typing import TYPE_CHECKING

import cv2
import hypothesis.extra.numpy as hnp
import msgspec
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from taver.core.errors import InputError
from taver.core.pose import Pose

if TYPE_CHECKING:
    from taver.core.vectors import Floats

coordinates = st.floats(-2000, 2000, allow_subnormal=False)
vectors = hnp.arrays(np.float64, 3, elements=st.floats(-4, 4, allow_subnormal=False))
points = hnp.arrays(np.float64, (8, 3), elements=coordinates)
poses = st.builds(
    Pose.from_rotation_vector, vectors, hnp.arrays(np.float64, 3, elements=coordinates)
)

few = settings(deadline=None, max_examples=80)


def same(a: Pose, b: Pose) -> bool:
    return np.allclose(a.rotation, b.rotation, rtol=0, atol=1e-12) and np.allclose(
        a.translation_mm, b.translation_mm, rtol=0, atol=1e-8
    )


@few
@given(poses, points)
def test_the_inverse_brings_points_back(pose: Pose, at: Floats) -> None:
    np.testing.assert_allclose(pose.inverse().apply(pose.apply(at)), at, rtol=0, atol=1e-8)
    assert same(pose.then(pose.inverse()), Pose())
    assert same(pose.inverse() @ pose, Pose())


@few
@given(poses, poses, poses, points)
def test_poses_follow_one_another_as_they_are_written(
    a: Pose, b: Pose, c: Pose, at: Floats
) -> None:
    np.testing.assert_allclose(a.then(b).apply(at), b.apply(a.apply(at)), rtol=0, atol=1e-8)
    assert same(b @ a, a.then(b))
    assert same(a.then(b).then(c), a.then(b.then(c)))
    assert same(a.then(b).inverse(), b.inverse().then(a.inverse()))
    assert same(a.then(Pose()), a)
    assert same(Pose().then(a), a)


@few
@given(poses, points)
def test_distances_and_handedness_are_kept(pose: Pose, at: Floats) -> None:
    moved = pose.apply(at)
    before, after = np.diff(at, axis=0), np.diff(moved, axis=0)
    np.testing.assert_allclose(
        np.linalg.norm(after, axis=1), np.linalg.norm(before, axis=1), rtol=1e-12, atol=1e-9
    )
    assert np.linalg.det(pose.rotation_matrix) == pytest.approx(1)


def test_the_translation_is_where_the_origin_goes() -> None:
    quarter = Pose.from_rotation_vector([0, 0, math.pi / 2], [10, 20, 30])
    np.testing.assert_allclose(quarter.apply([0, 0, 0]), [10, 20, 30])
    np.testing.assert_allclose(quarter.apply([1, 0, 0]), [10, 21, 30])
    np.testing.assert_allclose(quarter.apply([[[0, 1, 0]]]), [[[9, 20, 30]]], atol=1e-12)


@few
@given(vectors)
def test_rotation_vectors_agree_with_opencv(vector: Floats) -> None:
    pose = Pose.from_rotation_vector(vector)
    matrix, _ = cv2.Rodrigues(vector)
    np.testing.assert_allclose(pose.rotation_matrix, matrix, rtol=0, atol=1e-12)
    theirs, _ = cv2.Rodrigues(pose.rotation_matrix)
    # At half a turn the axis may point either way; OpenCV takes 1e-5 for no turn at all.
    assume(np.linalg.norm(vector) > 1e-4 and np.linalg.norm(theirs) < math.pi - 1e-3)
    np.testing.assert_allclose(pose.rotation_vector, theirs[:, 0], rtol=0, atol=1e-7)


@few
@given(
    hnp.arrays(np.float64, 3, elements=st.floats(-1, 1)).filter(lambda v: np.abs(v).max() > 0.1),
    st.one_of(
        st.floats(0, math.pi - 1e-7),
        st.sampled_from([0.0, 1e-300, 1e-12, 1e-7, 1e-4, math.pi - 1e-7]),
    ),
)
def test_a_rotation_vector_comes_back_even_near_no_and_half_a_turn(
    axis: Floats, angle_rad: float
) -> None:
    vector = axis / np.linalg.norm(axis) * angle_rad
    np.testing.assert_allclose(
        Pose.from_rotation_vector(vector).rotation_vector, vector, rtol=0, atol=1e-14
    )


def test_half_a_turn_comes_back_as_the_same_rotation() -> None:
    half = Pose.from_rotation_vector([math.pi, 0, 0])
    again = Pose.from_rotation_vector(half.rotation_vector)
    assert same(half, again)


def test_a_pose_is_plain_json_and_comes_back_equal() -> None:
    pose = Pose.from_rotation_vector(np.array([[0.1], [0.2], [0.3]]), np.ones((3, 1)))
    assert msgspec.json.decode(msgspec.json.encode(pose), type=Pose) == pose
    assert msgspec.convert(msgspec.to_builtins(pose), Pose) == pose


def test_a_point_that_is_nowhere_stays_nowhere() -> None:
    moved = Pose.from_rotation_vector([0.1, 0.2, 0.3]).apply([[np.nan] * 3, [np.inf, 0, 1]])
    assert not np.isfinite(moved).any()


@pytest.mark.parametrize(
    "rotation",
    [
        np.diag([1, 1, -1]),  # a mirror
        np.eye(3) * 1.001,
        np.ones((3, 3)),
        np.zeros((3, 3)),
        [[1, 0.001, 0], [0, 1, 0], [0, 0, 1]],
        np.full((3, 3), np.nan),
        np.full((3, 3), 1e300),
        np.eye(3)[:2],
    ],
)
def test_what_is_no_rotation_is_refused(rotation: Floats) -> None:
    with pytest.raises(InputError) as caught:
        Pose.from_matrix(rotation)
    assert caught.value.fix


def test_vectors_of_other_lengths_are_refused() -> None:
    for wrong in ([1, 2], [1, 2, 3, 4], [float("inf"), 0, 0]):
        with pytest.raises(InputError):
            Pose.from_rotation_vector(wrong)
    with pytest.raises(InputError):
        Pose.from_matrix(np.eye(3), [1, 2])
    with pytest.raises(InputError):
        Pose().apply([1, 2])
