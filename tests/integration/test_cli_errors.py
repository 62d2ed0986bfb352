"""Bad input of every kind that is typed or lies in a study's files."""

import pytest
import studies
from telling import assert_told

from taver.core.errors import (
    AlreadyThereError,
    ConfigError,
    ConsentError,
    DataError,
    InputError,
    NotFoundError,
    StorageError,
)

FORM = ["--form", "v1", "--scope", "color"]


# Names


@pytest.mark.parametrize(
    "name", ["", "..", ".", "../s01", "/tmp", "a/b", "s01.", "nul", "é", "\x1b[31m"]
)
@pytest.mark.parametrize("verb", ["show", "verify", "recover"])
def test_a_session_name_that_is_none_or_climbs_out_is_refused(study, refused, verb, name):
    err = refused(InputError, study, "session", verb, name)
    assert "\x1b" not in err


@pytest.mark.parametrize("name", ["", "..", "../P02", "a/b", "COM1", "P02.", "a" * 65])
@pytest.mark.parametrize(
    "verb", [["add"], ["show"], ["consent", *FORM], ["withdraw"]], ids=lambda verb: verb[0]
)
def test_a_participant_name_that_is_none_or_climbs_out_is_refused(study, refused, verb, name):
    assert refused(InputError, study, "participant", verb[0], name, *verb[1:])


def test_a_name_that_exists_is_refused(study, refused):
    assert "P01" in refused(AlreadyThereError, study, "participant", "add", "P01")
    assert "P01" in refused(AlreadyThereError, study, "participant", "add", "p01", *FORM)
    refused(AlreadyThereError, study, "init")
    refused(AlreadyThereError, study, "init", ".", "--name", "another")


def test_a_name_that_is_not_there_is_told_with_those_that_are(recorded, refused):
    assert "there are: s01" in refused(NotFoundError, recorded.study, "session", "show", "s02")
    assert "there are: P01" in refused(NotFoundError, recorded.study, "participant", "show", "P02")
    refused(NotFoundError, recorded.study, "participant", "withdraw", "P02")
    refused(NotFoundError, recorded.study, "session", "recover", "s02")


def test_faces_of_all_sessions_are_those_of_people(study, refused):
    """A board has none to look for; who names the session means it."""
    studies.record_pattern(study, "calib01", participant=None, seconds=0.2)
    err = refused(NotFoundError, study, "faces", "--all")
    assert "left out, for nobody is in them: calib01" in err


# What is typed


@pytest.mark.parametrize(
    "arguments",
    [
        ["participant", "add", "P02", "--age", "0"],
        ["participant", "add", "P02", "--age", "999"],
        ["participant", "add", "P02", "--age", "young"],
        ["participant", "add", "P02", "--form", "v1"],
        ["participant", "add", "P02", "--scope", "color"],
        ["participant", "add", "P02", "--form", "", "--scope", "color"],
        ["participant", "add", "P02", "--form", "v1", "--scope", "colr"],
        ["participant", "add", "P02", "--form", "v1", "--scope", "color,,depth"],
        ["participant", "add", "P02", "--form", "v1", "--scope", "color=everybody"],
        ["participant", "add", "P02", "--pictures"],
        ["participant", "add", "P02", *FORM, "--audience", "world"],
        ["participant", "add", "P02", *FORM, "--signed", "yesterday"],
        ["participant", "add", "P02", *FORM, "--signed", "2026-02-30"],
        ["participant", "add", "P02", *FORM, "--signed", "2999-01-01"],
        ["participant", "add", "P02", "--gender", "\udcff"],
        ["participant", "add"],
        ["participant", "consent", "P01"],
        ["participant", "withdraw", "P01", "--on", "2026-03-30"],
        ["participant", "withdraw", "P01", "--on", "2999-01-01"],
        ["participant", "dance"],
        ["session", "show"],
        ["session", "show", "s01", "s02"],
        ["session", "--loudly", "ls"],
        ["no-such-command"],
        ["--no-such-option"],
    ],
    ids=" ".join,
)
def test_what_cannot_be_understood_is_refused(study, refused, arguments):
    assert refused(InputError, study, *arguments)


def test_all_that_is_not_understood_in_a_scope_is_told_at_once(study, refused):
    err = refused(
        InputError,
        study,
        "participant",
        "add",
        "P02",
        "--form",
        "v1",
        "--scope",
        "colr,smell=lab,sound",
    )
    assert "colr, smell=lab" in err


def test_who_signed_nothing_cannot_withdraw(study, cli, refused):
    cli(study, "participant", "add", "P02")
    assert "P02" in refused(ConsentError, study, "participant", "withdraw", "P02")


# study.toml


def test_without_a_study_the_way_to_make_one_is_told(tmp_path, refused):
    class Nowhere:
        folder = tmp_path

    for command in (
        ["status"],
        ["session", "ls"],
        ["session", "show", "s01"],
        ["participant", "ls"],
    ):
        assert "taver init" in refused(NotFoundError, Nowhere, *command)


def test_every_unknown_key_of_a_study_is_listed_with_line_and_remedy(study, refused):
    (study.folder / "study.toml").write_text(
        "[study]\nname = 'x'\n[sesions]\nfolder = 'a'\n[dataset]\nstor = 'b'\nsize = 3\n"
    )
    err = refused(ConfigError, study, "session", "ls")
    assert "       - sesions, line 3: did you mean 'sessions'?\n" in err
    assert "       - dataset.stor, line 6: did you mean 'store'?\n" in err
    assert "       - dataset.size, line 7: known here: store\n" in err


@pytest.mark.parametrize(
    "text", [b"", b"[study", b"[study]\nname = 3", b"\xff\xfe", b"a = " + b"[" * 99_999]
)
def test_a_study_file_that_is_none_is_told(study, refused, text):
    (study.folder / "study.toml").write_bytes(text)
    assert "study.toml" in refused(ConfigError, study, "status")


def test_a_study_on_a_disk_that_is_not_there_is_told(study, refused):
    text = (study.folder / "study.toml").read_text(encoding="utf-8")
    away = (study.folder / "away" / "people").as_posix()
    (study.folder / "study.toml").write_text(text.replace('"participants"', f'"{away}"'))
    assert "mounted" in refused(StorageError, study, "participant", "add", "P02")


# session.json


@pytest.mark.parametrize(
    "damaged",
    [
        lambda data: data[: len(data) // 2],
        lambda _: b"",
        lambda data: data.replace(b'"taver-session"', b'"another-tool"'),
        lambda data: data.replace(b'"version": 2', b'"version": 9'),
        lambda data: data.replace(b'"complete"', b'"perfect"'),
        lambda data: data.replace(b"s01", b"s\xe501", 1),
        lambda data: data.replace(b'"simulated": true', b'"simulated": true, "real": false', 1),
        lambda _: b"[" * 99_999,
        lambda data: b"\x00" * len(data),
    ],
    ids=["half", "empty", "foreign", "newer", "a word", "a bit", "a key", "deep", "zeros"],
)
def test_a_session_whose_document_is_damaged_is_told_and_hides_no_other(
    recorded, cli, refused, damaged
):
    studies.record_pattern(recorded.study, "s02")
    path = recorded.session.folder / "session.json"
    path.write_bytes(damaged(path.read_bytes()))
    for verb in ("show", "verify", "recover"):
        assert "session.json" in refused(DataError, recorded.study, "session", verb, "s01")
    for listing in (["session", "ls"], ["status"]):
        listed = cli(recorded.study, *listing)
        assert listed.code == 0
        assert [line.split()[0] for line in listed.out.splitlines()[2:]] == ["s01", "s02"]
        assert "unreadable: " in listed.out


def test_a_session_without_its_document_is_told(recorded, cli, refused):
    (recorded.session.folder / "session.json").unlink()
    assert "session.json" in refused(NotFoundError, recorded.study, "session", "show", "s01")
    assert "unreadable: " in cli(recorded.study, "session", "ls").out


@pytest.mark.parametrize(
    "file", ["../../P01.json", "/etc/passwd", "", ".", "a\\\\b", "C:x", "a\\u0000"]
)
def test_a_document_cannot_lead_out_of_its_session(recorded, refused, file):
    path = recorded.session.folder / "session.json"
    path.write_text(path.read_text().replace('"color.mcap"', f'"{file}"'))
    for verb in ("verify", "recover"):
        assert refused(DataError, recorded.study, "session", verb, "s01")


@pytest.mark.parametrize("foreign", [b"", b"nonsense" * 99, b"\x89MCAP0\r\n", b"\x89MCAP0\r\n" * 9])
def test_a_stream_that_is_no_recording_is_told(recorded, cli, foreign):
    (recorded.session.folder / "depth.mcap").write_bytes(foreign)
    done = cli(recorded.study, "session", "verify", "s01")
    assert_told(done.code, done.err, DataError)
    assert "depth" in done.err


def test_a_person_whose_document_is_damaged_hides_no_other(cli, study):
    (study.folder / "participants" / "P02.json").write_text("{ half a docum")
    listed = cli(study, "participant", "ls")
    assert listed.code == 0
    assert [line.split()[0] for line in listed.out.splitlines()[2:]] == ["P01", "P02"]
    assert "unreadable" in listed.out
