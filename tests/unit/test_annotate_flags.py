"""What is odd about a rating is told; what is usual is not."""

import json
from pathlib import Path

import leading
import numpy as np
import pytest

from annotate_web.lead.flags import WORDS, Noticed, Thresholds, flags_of
from annotate_web.texts import catalogue
from taver.labels import reasons
from taver.labels.pool import Zero
from taver.labels.trace import Dimension

FRAMES = 1200
A, V = Dimension.AROUSAL, Dimension.VALENCE
NOTHING = Noticed()


def usual():
    return {
        A: leading.curve(FRAMES, seed=1).astype(float),
        V: leading.curve(FRAMES, seed=2).astype(float),
    }


def others(*shifts):
    return {
        d: np.stack([values + shift for shift in shifts], axis=1)
        if shifts
        else np.empty((FRAMES, 0))
        for d, values in usual().items()
    }


def kinds(values, beside=None, noticed=NOTHING, **more):
    return [
        flag.kind for flag in flags_of(values, beside or others(0, 1), noticed, Thresholds(**more))
    ]


def test_nothing_is_said_of_a_usual_rating():
    assert kinds(usual()) == []
    assert kinds(usual(), others()) == []  # and somebody who is alone disagrees with nobody


def test_each_oddity_is_told_by_its_kind():
    flat = {**usual(), A: np.full(FRAMES, 3.0)}
    assert kinds(flat, others()) == ["flat"]
    still = usual()
    still[V][200:800] = 2.0
    assert kinds(still, others()) == ["inactive"]
    full = {**usual(), V: np.where(np.arange(FRAMES) % 40 < 20, 10.0, 3.0)}
    assert kinds(full, others()) == ["saturated"]
    gaps = usual()
    for values in gaps.values():
        values[:300] = np.nan
    assert kinds(gaps) == ["gaps"]
    assert kinds({d: np.full(FRAMES, np.nan) for d in Dimension}) == ["empty"]
    assert kinds(usual(), others(6, 7)) == ["apart", "apart"]
    turned = {d: -values for d, values in usual().items()}
    assert "against" in kinds(turned)
    assert kinds(usual(), noticed=Noticed(dropped=24)) == ["dropped"]
    assert kinds(usual(), noticed=Noticed(dropped=23)) == []
    assert kinds(usual(), noticed=Noticed(worst_lag_ms=300, refused=2)) == ["lag", "refused"]


def test_nothing_is_said_of_what_has_its_reason():
    split = usual()
    split[V][200:820] = 2.0
    split[V][500:520] = np.nan  # still for 30 s twice, and what was before a gap ended there
    assert kinds(split, others()) == []
    hidden = usual()
    for values in hidden.values():
        values[:300] = np.nan
    assert kinds(hidden, noticed=Noticed(unseen=300)) == []  # the face was not visible
    assert kinds(hidden, noticed=Noticed(unseen=100)) == ["gaps"]
    arousal_alone = {**usual(), V: np.full(FRAMES, np.nan)}
    assert kinds(arousal_alone) == []  # another tool asked for no more
    twice = 2 * FRAMES
    assert kinds(usual(), noticed=Noticed(dropped=24, passed=twice)) == []
    assert kinds(usual(), noticed=Noticed(dropped=48, passed=twice)) == ["dropped"]


def raters(*curves):
    """Return the kinds of flags each of these raters gets beside the others."""
    ratings = [dict.fromkeys(Dimension, curve) for curve in curves]
    return [
        kinds(
            mine,
            {
                d: np.stack([one[d] for one in ratings if one is not mine], axis=1)
                for d in Dimension
            },
        )
        for mine in ratings
    ]


def wild(seed):
    """Return somebody who follows something else, at the other end of the scale."""
    return np.clip(leading.curve(FRAMES, seed=seed) - 12.0, -10, 10)


def test_one_who_is_far_out_is_told_alone_and_draws_nobody_along():
    one = np.clip(leading.curve(FRAMES, seed=1) + 4.0, -10, 10)
    for alike in (2, 3, 5):
        told = raters(*(one + n / 2 for n in range(alike)), wild(7))
        assert [set(kinds) & {"apart"} for kinds in told] == [set()] * alike + [{"apart"}]
        told = raters(*(one + n / 2 for n in range(alike)), -one)
        assert [set(kinds) & {"against"} for kinds in told] == [set()] * alike + [{"against"}]
    assert raters(one, one + 1, one - 1) == [[], [], []]


def test_more_than_half_of_the_others_have_to_be_far_away():
    one = np.clip(leading.curve(FRAMES, seed=1) + 4.0, -10, 10)
    two_and_two = raters(one, one + 1, one - 9, one - 10)
    assert all("apart" in kinds for kinds in two_and_two)  # nobody can tell who is right
    three_and_two = raters(one, one + 1, one - 1, one - 9, one - 10)
    assert ["apart" in kinds for kinds in three_and_two] == [False] * 3 + [True] * 2
    alone = raters(one, one - 9)
    assert all("apart" in kinds for kinds in alone)


def test_who_has_hardly_a_frame_with_one_of_the_others_is_compared_with_the_rest():
    one = usual()
    late = {d: np.where(np.arange(FRAMES) < 10, values, np.nan) for d, values in one.items()}
    beside = {d: np.stack([one[d] + 7, late[d]], axis=1) for d in Dimension}
    assert kinds(one, beside) == ["apart", "apart"]


def test_a_threshold_can_be_another():
    assert kinds(usual(), noticed=Noticed(dropped=24), dropped_share=0.5) == []


def test_figures_stand_in_the_sentence():
    flat = {**usual(), A: np.full(FRAMES, 3.0)}
    (flag,) = flags_of(flat, others(), Noticed())
    assert flag.told == "arousal stays at 3 all the time"


@pytest.mark.parametrize("frames", [0, 1, 5])
def test_clips_with_hardly_a_frame_are_no_reason_to_fail(frames):
    values = {d: np.zeros(frames) for d in Dimension}
    beside = {d: np.zeros((frames, 2)) for d in Dimension}
    assert set(kinds(values, beside)) <= {"empty"}


@pytest.mark.parametrize("language", list(catalogue.LANGUAGES))
def test_every_flag_has_its_words_in_every_language(language):
    texts = catalogue.of(language)
    for kind, words in WORDS.items():
        assert f"lead.kind_{kind}" in texts
        said = texts[f"lead.flag_{kind}"]
        assert fields(said) == fields(words)
        if language == catalogue.DEFAULT:
            assert said == words


@pytest.mark.parametrize("language", list(catalogue.LANGUAGES))
def test_every_reason_and_rule_of_agreement_has_its_words_in_every_language(language):
    texts = catalogue.of(language)
    wanted = {f"lead.why_{kind}": words for kind, words in reasons.WORDS.items()}
    wanted |= {f"lead.zero_{zero.name.lower()}": zero.value for zero in Zero}
    for key, words in wanted.items():
        assert fields(texts[key]) == fields(words)
        if language == catalogue.DEFAULT:
            assert texts[key] == words


def fields(text):
    return {part.partition("}")[0] for part in text.split("{")[1:]}


def test_the_languages_have_the_same_texts_for_leads():
    keys = {
        language: {key for key in catalogue.of(language) if key.startswith("lead.")}
        for language in catalogue.LANGUAGES
    }
    assert len({frozenset(found) for found in keys.values()}) == 1
    templates = Path(catalogue.FOLDER.parent / "templates" / "lead")
    used = json.dumps([page.read_text("utf-8") for page in templates.glob("*.html")])
    assert "lead." in used
