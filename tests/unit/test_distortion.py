from __future__ import annotations

from typing import TYPE_CHECKING

import hypothesis.extra.numpy as hnp
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from taver.core.distortion import Distortion
from taver.core.errors import InputError

if TYPE_CHECKING:
    from taver.core.vectors import Floats

# x (1 - 0.4 x²) turns round at sqrt(1 / 1.2).
BARREL = Distortion(coefficients=(-0.4, 0.0, 0.0, 0.0, 0.0))


def each(size: float) -> st.SearchStrategy[float]:
    return st.floats(-size, size, allow_subnormal=False)


RADIAL_AND_TANGENTIAL = (each(0.4), each(0.3), each(0.005), each(0.005), each(0.2))
RATIONALS = (*RADIAL_AND_TANGENTIAL, each(0.4), each(0.3), each(0.1))
distortions = st.one_of(st.tuples(*RADIAL_AND_TANGENTIAL), st.tuples(*RATIONALS)).map(
    lambda coefficients: Distortion(coefficients=coefficients)
)


@settings(deadline=None, max_examples=150)
@given(distortions, hnp.arrays(np.float64, (32, 2), elements=st.floats(0, 1)))
@example(  # close to the fold, where Newton's steps alone lead out of the disc
    Distortion(coefficients=(0.0, 0.0, 0.0, 0.0016, -0.18, 0.14, 0.25, 0.0)), np.ones((1, 2))
)
def test_every_direction_in_the_disc_comes_back(lens: Distortion, share: Floats) -> None:
    radius, turn = min(lens.max_radius, 3.0) * 0.99 * share[:, 0], 2 * np.pi * share[:, 1]
    ideal = np.stack([radius * np.cos(turn), radius * np.sin(turn)], axis=-1)
    np.testing.assert_allclose(lens.undistort(lens.distort(ideal)), ideal, rtol=0, atol=1e-9)


def plain_brown(k: tuple[float, ...], x: Floats, y: Floats) -> Floats:
    k1, k2, p1, p2, k3, k4, k5, k6 = (*k, 0.0, 0.0, 0.0)[:8]
    r = np.hypot(x, y)
    g = (1 + k1 * r**2 + k2 * r**4 + k3 * r**6) / (1 + k4 * r**2 + k5 * r**4 + k6 * r**6)
    return np.stack(
        [
            x * g + 2 * p1 * x * y + p2 * (r**2 + 2 * x**2),
            y * g + p1 * (r**2 + 2 * y**2) + 2 * p2 * x * y,
        ]
    )


@settings(deadline=None, max_examples=200)
@given(distortions, hnp.arrays(np.float64, (16, 2), elements=st.floats(-4, 4)))
def test_undistort_gives_an_inverse_or_nothing(lens: Distortion, seen: Floats) -> None:
    ideal = lens.undistort(seen)
    given_back = np.isfinite(ideal).all(axis=-1)
    assert np.isnan(ideal[~given_back]).all()
    assert np.all(np.hypot(*ideal[given_back].T) <= lens.max_radius * (1 + 1e-12))
    np.testing.assert_allclose(lens.distort(ideal[given_back]), seen[given_back], atol=1e-11)


@settings(deadline=None, max_examples=150)
@given(distortions, hnp.arrays(np.float64, (16, 2), elements=st.floats(0, 1)))
def test_what_is_seen_from_beyond_the_disc_is_never_undone_to_there(
    lens: Distortion, share: Floats
) -> None:
    radius, turn = min(lens.max_radius, 3.0) * (1 + 0.1 * share[:, 0] ** 4), 7 * share[:, 1]
    with np.errstate(all="ignore"):  # there may be a pole
        seen = plain_brown(lens.coefficients, radius * np.cos(turn), radius * np.sin(turn)).T
    ideal = lens.undistort(seen)
    given_back = np.isfinite(ideal).all(axis=-1)
    assert np.all(np.hypot(*ideal[given_back].T) <= lens.max_radius * (1 + 1e-12))
    np.testing.assert_allclose(lens.distort(ideal[given_back]), seen[given_back], atol=1e-9)


@settings(deadline=None, max_examples=100)
@given(distortions)
def test_the_radius_ends_where_the_jacobian_first_degenerates(lens: Distortion) -> None:
    k, step = lens.coefficients, 1e-6

    def smallest_determinant(radius: float) -> float:
        turn = np.linspace(0, 2 * np.pi, 720)
        x, y = radius * np.cos(turn), radius * np.sin(turn)
        by_x = (plain_brown(k, x + step, y) - plain_brown(k, x - step, y)) / (2 * step)
        by_y = (plain_brown(k, x, y + step) - plain_brown(k, x, y - step)) / (2 * step)
        return float((by_x[0] * by_y[1] - by_x[1] * by_y[0]).min())

    radius = min(lens.max_radius, 3.0)
    assert all(smallest_determinant(radius * share) > 0 for share in (0.2, 0.5, 0.8, 0.99))
    k4, k5, k6 = (*k, 0.0, 0.0, 0.0)[5:8]
    if lens.max_radius >= 3 or 1 + k4 * radius**2 + k5 * radius**4 + k6 * radius**6 < 0.05:
        return  # the disc ends at a pole, or reaches beyond every picture
    if np.abs(plain_brown(k, np.array([radius]), np.zeros(1))).max() < 10:
        assert smallest_determinant(radius) == pytest.approx(0, abs=1e-5)


def test_a_fold_ends_the_disc() -> None:
    assert BARREL.max_radius == pytest.approx((1 / 1.2) ** 0.5, abs=1e-9)
    assert np.isfinite(BARREL.distort([BARREL.max_radius * 0.9999, 0])).all()
    assert np.isnan(BARREL.distort([[BARREL.max_radius * 1.0001, 0.0], [0.0, -50.0]])).all()


def test_what_no_direction_is_seen_at_has_no_inverse() -> None:
    farthest = BARREL.max_radius * (1 - 0.4 * BARREL.max_radius**2)
    assert np.isfinite(BARREL.undistort([farthest * 0.9999, 0])).all()
    assert np.isnan(BARREL.undistort([[farthest * 1.0001, 0.0], [0.0, 7.0], [np.nan, 0.0]])).all()


def test_a_pole_of_the_rational_model_ends_the_disc() -> None:
    lens = Distortion(coefficients=(0.0, 0.0, 0.0, 0.0, 0.0, -1.0, 0.0, 0.0))
    assert 0.9 < lens.max_radius < 1.0  # x / (1 - x²)
    assert np.isnan(lens.distort([[1.0, 0.0], [1.5, 0.0]])).all()
    np.testing.assert_allclose(lens.undistort([2 / 3, 0.0]), [0.5, 0.0])
    cancelled = Distortion(coefficients=(-0.0625, 0.0, 0.0, 0.0, 0.0, -0.0625, 0.0, 0.0))
    assert cancelled.max_radius == pytest.approx(4)


@pytest.mark.parametrize("coefficients", [(), (0.0,) * 5, (0.0,) * 8])
def test_no_distortion_changes_nothing(coefficients: tuple[float, ...]) -> None:
    lens = Distortion(coefficients=coefficients)
    assert lens.max_radius == np.inf
    xy = [[0.3, -900.0], [0.0, 0.0]]
    assert lens.distort(xy).tolist() == lens.undistort(xy).tolist() == xy
    assert np.isnan(lens.distort([[np.nan, 0.0], [0.0, np.inf]])).all()


def test_more_points_than_one_block_and_none_keep_their_shape() -> None:
    lens = Distortion(coefficients=(0.1, -0.2, 0.001, 0.002, 0.05))
    xy = np.random.default_rng(0).uniform(-0.5, 0.5, (3, 10_000, 2))
    back = lens.undistort(lens.distort(xy))
    np.testing.assert_allclose(back, xy, rtol=0, atol=1e-12)
    assert lens.undistort(np.zeros((0, 4, 2), int)).shape == (0, 4, 2)


@pytest.mark.parametrize("wrong", [[0.1] * 4, [0.1] * 6, [0.1, 0, 0, float("inf"), 0]])
def test_other_counts_of_coefficients_and_infinite_ones_are_refused(wrong: list[float]) -> None:
    with pytest.raises(InputError) as caught:
        Distortion(coefficients=tuple(wrong))
    assert caught.value.fix
