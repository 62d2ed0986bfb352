"""What a person agreed to: the laws that every stage relies on."""

import datetime as dt

import pytest
import studies
from hypothesis import given
from hypothesis import strategies as st

from taver.core import consent
from taver.core.consent import SCOPE_OF, Audience, Consent, Scope
from taver.core.errors import ConsentError
from taver.core.frames import Modality

scopes = st.sampled_from(Scope)
audiences = st.sampled_from(Audience)
forms = st.builds(
    Consent,
    form=st.just("v1"),
    signed_on=st.dates(),
    scopes=st.dictionaries(scopes, audiences),
    pictures=st.booleans(),
    withdrawn_on=st.none() | st.dates(),
)


@given(forms, scopes, audiences)
def test_after_a_withdrawal_nobody_may_use_anything(form, scope, audience):
    if form.withdrawn_on is not None:
        assert not form.allows(scope, audience)
        with pytest.raises(ConsentError, match="withdrew"):
            consent.require(form, "P01", list(Modality))
        with pytest.raises(ConsentError):
            consent.require_pictures(form, "P01")


@given(forms, scopes)
def test_what_a_wider_audience_may_use_a_narrower_may_use_too(form, scope):
    allowed = [form.allows(scope, audience) for audience in Audience]
    assert allowed == sorted(allowed, reverse=True)


@given(forms, scopes, audiences)
def test_what_was_not_agreed_to_is_not_allowed(form, scope, audience):
    if scope not in form.scopes:
        assert not form.allows(scope, audience)


@given(audiences, audiences, audiences)
def test_audiences_are_a_ladder(a, b, c):
    assert a.reaches(a)
    assert a.reaches(b) or b.reaches(a)
    if a.reaches(b) and b.reaches(c):
        assert a.reaches(c)
    if a.reaches(b) and b.reaches(a):
        assert a is b


def test_public_reaches_the_lab_and_not_the_other_way_round():
    assert Audience.PUBLIC.reaches(Audience.REQUEST)
    assert Audience.REQUEST.reaches(Audience.LAB)
    assert not Audience.LAB.reaches(Audience.PUBLIC)


@given(forms, st.lists(st.sampled_from(Modality), min_size=1), audiences)
def test_require_passes_exactly_where_every_modality_is_allowed(form, modalities, audience):
    if all(form.allows(SCOPE_OF[m], audience) for m in modalities):
        consent.require(form, "P01", modalities, audience=audience)
        return
    with pytest.raises(ConsentError, match="P01") as caught:
        consent.require(form, "P01", modalities, audience=audience)
    assert caught.value.fix


@given(st.lists(st.sampled_from(Modality)))
def test_who_signed_nothing_is_not_recorded(modalities):
    with pytest.raises(ConsentError, match="no consent form"):
        consent.require(None, "P01", modalities)
    with pytest.raises(ConsentError):
        consent.require_pictures(None, "P01")


def test_every_modality_needs_a_scope_and_infrared_that_of_colour():
    assert set(SCOPE_OF) == set(Modality)
    with pytest.raises(ConsentError, match="ir"):
        consent.require(studies.form(scopes=[Scope.DEPTH]), "P01", [Modality.IR, Modality.DEPTH])


def test_every_refused_modality_is_named():
    with pytest.raises(ConsentError, match="color, ir, thermal, sound for lab"):
        consent.require(studies.form(scopes=[Scope.DEPTH]), "P01", list(Modality))


def test_pictures_need_their_own_yes():
    consent.require_pictures(studies.form(pictures=True), "P01")
    with pytest.raises(ConsentError, match="P01"):
        consent.require_pictures(studies.form(pictures=False), "P01")


@given(forms)
def test_a_form_is_told_in_one_line_that_names_all_it_covers(form):
    told = form.in_words()
    assert "\n" not in told
    if form.withdrawn_on is None:
        assert all(scope in told for scope in form.scopes)
        assert all(audience in told for audience in form.scopes.values())
    else:
        assert told == f"withdrawn {form.withdrawn_on}"


def test_words_group_what_goes_to_the_same_audience():
    form = Consent(
        form="v2",
        signed_on=dt.date(2026, 3, 31),
        scopes={
            Scope.THERMAL: Audience.LAB,
            Scope.COLOR: Audience.LAB,
            Scope.DEPTH: Audience.PUBLIC,
        },
        pictures=False,
    )
    assert form.in_words() == "lab: color, thermal; public: depth; no pictures"
