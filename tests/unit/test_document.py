"""taver's own JSON documents: versioned, checked on open, replaced as a whole."""

import datetime as dt
import json
from typing import ClassVar

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from taver.core.document import Document
from taver.core.errors import DataError, InputError, NotFoundError, StorageError


class Note(Document, frozen=True, kw_only=True):
    FORMAT: ClassVar[str] = "a-note"
    VERSION: ClassVar[int] = 2

    text: str
    on: dt.date | None = None
    counts: dict[str, int] = msgspec.field(default_factory=dict)


NOTE = Note(text="얼굴 \N{GRINNING FACE} \x00\n", on=dt.date(2026, 3, 31), counts={"a": 2**60})


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "note.json"
    NOTE.write(path)
    return path


@given(
    st.builds(
        Note,
        text=st.text(st.characters(exclude_categories=["Cs"])),
        on=st.none() | st.dates(),
        counts=st.dictionaries(
            st.text(st.characters(exclude_categories=["Cs"])), st.integers(-(2**63), 2**63 - 1)
        ),
    )
)
@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_what_was_written_is_read_back(tmp_path, note):
    note.write(tmp_path / "note.json")
    assert Note.read(tmp_path / "note.json") == note


def test_a_person_can_read_it_and_it_says_what_it_is(path):
    tree = json.loads(path.read_text(encoding="utf-8"))
    assert tree["format"] == "a-note"
    assert tree["version"] == 2
    assert len(path.read_text(encoding="utf-8").splitlines()) > 5


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"format": "a-letter"}, "a-letter"),
        ({"format": None}, "None"),
        ({"version": 3}, "version 3"),
        ({"version": "2"}, "version '2'"),
        ({"text": 5}, "text"),
        ({"unheard_of": 1}, "unheard_of"),
        ({"on": "yesterday"}, "on"),
    ],
)
def test_a_foreign_or_newer_or_changed_document_is_refused(path, change, says):
    path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")) | change))
    with pytest.raises(DataError, match=says) as caught:
        Note.read(path)
    assert str(path) in caught.value.what


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"null",
        b"[]",
        b"3",
        b'"a"',
        b"{",
        b"\xff",
        b"\x00" * 500,
        b"[" * 99_999,
        b'{"a":' * 99_999,
    ],
    ids=lambda data: repr(data[:6]),
)
def test_what_is_no_document_is_refused(path, data):
    path.write_bytes(data)
    with pytest.raises(DataError):
        Note.read(path)


def test_a_document_that_was_cut_off_anywhere_is_refused(path):
    whole = path.read_bytes()
    for size in range(len(whole) - 2):  # the last byte is only a line's end
        path.write_bytes(whole[:size])
        with pytest.raises(DataError):
            Note.read(path)


def test_a_flipped_bit_never_ends_in_anything_but_a_data_error(path):
    whole = path.read_bytes()
    refused = 0
    for place in range(len(whole)):
        for bit in range(8):
            damaged = bytearray(whole)
            damaged[place] ^= 1 << bit
            path.write_bytes(damaged)
            try:
                Note.read(path)
            except DataError:
                refused += 1
    assert refused > len(whole) * 4


def test_a_document_that_is_not_there_is_told(tmp_path):
    with pytest.raises(NotFoundError):
        Note.read(tmp_path / "note.json")
    with pytest.raises(NotFoundError):
        Note.read(tmp_path)


def test_text_that_is_no_unicode_is_refused_and_the_old_document_stays(path):
    with pytest.raises(InputError):
        Note(text="\udcff").write(path)
    assert Note.read(path) == NOTE
    assert [found.name for found in path.parent.iterdir()] == [path.name]


def test_it_cannot_be_written_where_there_is_no_folder(tmp_path):
    with pytest.raises(StorageError, match="gone"):
        NOTE.write(tmp_path / "gone" / "note.json")
