"""Post-processing: each step where it helps, fitted on the people it is given and no others."""

import numpy as np
import pytest

from taver.core.errors import InputError
from taver.training import metrics
from taver.training.postprocess import Post, Traced, fit, smoothed


def people(count, *, scale=1.0, shift=0.0, noise=0.0, seed=0):
    """Return true traces, and predictions that are off by what is given."""
    chance = np.random.default_rng(seed)
    found = []
    for person in range(count):
        true = 0.6 * np.sin(np.arange(400) / 40 + person)
        said = scale * true + shift + noise * chance.normal(size=400)
        found.append(Traced(f"P{person}", said, true))
    return found


def judged(some, post):
    said = np.concatenate([post.apply(one.predicted) for one in some])
    return metrics.ccc(said, np.concatenate([one.true for one in some]))


@pytest.mark.parametrize("how", ["avec", "clean"])
def test_what_is_too_small_and_beside_is_put_right_for_people_it_was_not_fitted_on(how):
    post = fit(how, people(3, scale=0.3, shift=0.4), rate_hz=10)
    assert {"centring", "scaling"} <= set(post.kept)
    assert post.fitted_on == ("P0", "P1", "P2")
    strangers = people(5, scale=0.3, shift=0.4)[3:]
    assert judged(strangers, Post()) < 0.4
    assert judged(strangers, post) > 0.98


@pytest.mark.parametrize("how", ["avec", "clean"])
def test_noise_is_smoothed_away_and_a_smooth_trace_is_not(how):
    noisy = fit(how, people(3, noise=0.5), rate_hz=10)
    assert "smoothing" in noisy.kept
    assert noisy.window % 2 == 1
    assert fit(how, people(3), rate_hz=10).kept == ()


def test_scaling_is_about_zero_as_in_the_challenge_or_about_the_mean():
    off = people(3, scale=0.5, shift=0.3)
    avec, clean = fit("avec", off, rate_hz=10), fit("clean", off, rate_hz=10)
    assert avec.pivot == 0.0
    assert clean.pivot == pytest.approx(float(np.mean([o.predicted.mean() for o in off])), abs=1e-9)
    flat = np.zeros(5)
    assert avec.apply(flat) == pytest.approx(np.full(5, avec.shift))


def test_a_step_that_helps_only_those_it_is_fitted_on_is_kept_by_avec_alone():
    """Every person is off the other way: the mean that fits two people harms the third."""
    some = people(3)
    apart = [
        Traced(one.person, one.predicted + by, one.true)
        for one, by in zip(some, (0.5, -0.25, -0.2), strict=True)
    ]
    assert "centring" in fit("avec", apart, rate_hz=10).kept
    assert "centring" not in fit("clean", apart, rate_hz=10).kept


def test_none_changes_nothing_and_fits_nothing():
    post = fit("none", people(2, scale=0.1), rate_hz=10)
    values = np.array([0.1, -0.3])
    assert (post.apply(values) == values).all()
    assert post.in_words() == "none"


def test_without_people_nothing_is_fitted():
    assert fit("avec", [], rate_hz=10) == Post()


def test_slots_without_a_label_are_smoothed_over_and_not_judged():
    whole = people(2, scale=0.4, noise=0.3)
    holes = [one._replace(true=np.where(np.arange(400) % 2, one.true, np.nan)) for one in whole]
    post = fit("avec", holes, rate_hz=10)
    assert "scaling" in post.kept
    assert np.isfinite([post.scale, post.shift]).all()


def test_constant_predictions_are_left_alone_and_raise_nothing():
    flat = [Traced("P0", np.full(50, 0.2), np.sin(np.arange(50.0)))]
    assert fit("avec", flat, rate_hz=10).scale == 1.0


def test_the_median_takes_single_spikes_out_and_keeps_the_length():
    values = np.zeros(9)
    values[4] = 1.0
    assert (smoothed(values, 3) == 0).all()
    assert len(smoothed(values, 5)) == 9
    assert smoothed(np.array([1.0, 2.0]), 7).shape == (2,)


def test_the_median_is_over_the_same_time_at_another_rate():
    post = fit("avec", people(3, noise=0.5), rate_hz=10)
    assert post.window > 4
    values = np.random.default_rng(1).normal(size=100)
    unshifted = Post(window=post.window, rate_hz=post.rate_hz)
    assert (unshifted.apply(values, rate_hz=10) == smoothed(values, post.window)).all()
    half = 2 * round((post.window - 1) / 10 * 5 / 2) + 1
    assert half < post.window
    assert (unshifted.apply(values, rate_hz=5) == smoothed(values, half)).all()


def test_an_unknown_way_is_refused():
    with pytest.raises(InputError, match="no post-processing 'best'"):
        fit("best", [], rate_hz=10)
