"""Consent is obeyed by every stage: no frame and no picture of who did not agree."""

import datetime as dt

import pytest
import studies

from capture import contact_sheet
from capture.drivers.pattern import PatternDriver
from capture.recorder import Source
from taver.core.consent import Audience, Scope
from taver.core.errors import ConsentError
from taver.core.frames import Modality
from taver.core.session.folder import find, folders

WITHDRAWAL = dt.date(2026, 4, 1)


class Counting(PatternDriver):
    """A test pattern that knows whether anybody ever looked."""

    started = False

    def start(self, at_ns):
        """Remember it."""
        self.started = True
        super().start(at_ns)


def assert_not_recorded(study, who, match):
    source = studies.pattern()
    counting = Source(Counting(source.driver._config, source.clock), source.clock)
    with pytest.raises(ConsentError, match=match) as caught:
        studies.record_pattern(study, "s01", counting, participant=who)
    assert who in caught.value.what
    assert caught.value.fix
    assert not counting.driver.started
    assert folders(study) == []
    assert list(study.sessions_folder.iterdir()) == []


def test_who_signed_nothing_is_not_recorded(study, cli):
    assert cli(study, "participant", "add", "P02").code == 0
    assert_not_recorded(study, "P02", "no consent form")


@pytest.mark.parametrize("missing", [Scope.COLOR, Scope.DEPTH, Scope.THERMAL])
def test_who_left_one_modality_out_is_not_recorded_with_it(study, missing):
    agreed = [scope for scope in Scope if scope is not missing]
    studies.add_person(study, "P02", studies.form(scopes=agreed))
    assert_not_recorded(study, "P02", f"did not agree to {missing}")


def test_infrared_needs_the_consent_to_colour(study):
    studies.add_person(study, "P02", studies.form(scopes=[Scope.DEPTH]))
    with pytest.raises(ConsentError, match="did not agree to ir"):
        studies.record_pattern(study, "s01", studies.pattern((Modality.IR,)), participant="P02")
    assert folders(study) == []


def test_who_withdrew_is_not_recorded(study, cli):
    assert cli(study, "participant", "withdraw", "P01").code == 0
    assert_not_recorded(study, "P01", "withdrew")


def test_who_agreed_again_after_a_withdrawal_is_recorded(study):
    study.participants.withdraw("P01", WITHDRAWAL)
    study.participants.sign("P01", studies.form())
    assert studies.record_pattern(study).manifest.consent.withdrawn_on is None


def test_the_last_form_counts_even_if_it_agrees_to_less(study):
    study.participants.sign("P01", studies.form(scopes=[Scope.DEPTH]))
    assert_not_recorded(study, "P01", "color, thermal")
    session = studies.record_pattern(study, "s01", studies.pattern((Modality.DEPTH,)))
    assert list(session.manifest.streams) == [Modality.DEPTH]


def test_what_was_agreed_to_stands_in_the_session(study):
    study.participants.sign("P01", studies.form(audience=Audience.PUBLIC))
    session = studies.record_pattern(study)
    assert find(study, "s01").manifest.consent == studies.form(audience=Audience.PUBLIC)
    assert session.manifest.consent.allows(Scope.COLOR, Audience.PUBLIC)


# The contact sheet shows faces


def assert_not_drawn(study, session):
    with pytest.raises(ConsentError) as caught:
        contact_sheet.write(study, session, study.folder / "sheet.png")
    assert caught.value.fix
    assert not list(study.folder.rglob("*.png*"))


def test_a_picture_is_drawn_of_who_agreed_to_pictures(recorded):
    sheet = contact_sheet.write(*recorded, recorded.study.folder / "sheet.png")
    assert sheet.read_bytes().startswith(b"\x89PNG")


def test_who_did_not_agree_to_pictures_is_not_drawn(study):
    study.participants.sign("P01", studies.form(pictures=False))
    assert_not_drawn(study, studies.record_pattern(study))


def test_who_withdrew_after_the_recording_is_not_drawn(recorded):
    recorded.study.participants.withdraw("P01", WITHDRAWAL)
    assert_not_drawn(*recorded)


def test_who_took_the_pictures_back_after_the_recording_is_not_drawn(recorded):
    recorded.study.participants.sign("P01", studies.form(pictures=False))
    assert_not_drawn(*recorded)


def test_who_is_no_longer_on_file_is_not_drawn(recorded):
    (recorded.study.participants.folder / "P01.json").unlink()
    assert_not_drawn(*recorded)


def test_a_board_without_a_person_is_drawn(study):
    session = studies.record_pattern(study, participant=None)
    assert contact_sheet.write(study, session, study.folder / "sheet.png").exists()


# What the commands say of it


def test_a_withdrawal_after_the_recording_is_seen_in_the_list_and_in_the_session(recorded, cli):
    assert " lab " in cli(recorded.study, "session", "ls").out
    cli(recorded.study, "participant", "withdraw", "P01")
    assert "withdrawn" in cli(recorded.study, "session", "ls").out
    assert "withdrawn" in cli(recorded.study, "session", "show", "s01").out
    assert "withdrawn" in cli(recorded.study, "participant", "ls").out


def test_scopes_and_audiences_are_taken_as_they_were_typed(study, cli):
    cli(
        study,
        *("participant", "add", "P02", "--form", "v2", "--signed", "2026-03-30"),
        *("--scope", "colour=public, Depth,sound=request", "--audience", "lab", "--pictures"),
    )
    consent = study.participants.get("P02").consent
    assert consent.scopes == {
        Scope.COLOR: Audience.PUBLIC,
        Scope.DEPTH: Audience.LAB,
        Scope.SOUND: Audience.REQUEST,
    }
    assert consent.pictures
    assert consent.signed_on == dt.date(2026, 3, 30)
