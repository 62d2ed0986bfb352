"""What an operator asks the desk for: by keys, and by signals."""

import signal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capture.desk import signals
from capture.desk.keys import Asked, Command, Typing


def test_each_key_asks_for_its_command_and_other_keys_for_nothing():
    asked = Typing().take("mxns?q")
    assert [a.command for a in asked] == [
        Command.MARK, Command.NEXT, Command.SHUTTER, Command.STOP,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("typed", "note"),
    [
        (["M", "smiled", "\r"], "smiled"),
        (["Mq", "uiet\n"], "quiet"),
        (["M", "ab", "\x7f", "c\r"], "ac"),
        (["M", "얼굴 é \r"], "얼굴 é"),
        (["M\r"], ""),
    ],
)
def test_a_note_is_typed_letter_by_letter_and_its_letters_are_no_commands(typed, note):
    typing = Typing()
    asked = [a for characters in typed for a in typing.take(characters)]
    assert asked == [Asked(Command.BEGIN_NOTE), Asked(Command.NOTE, note)]
    assert typing.note is None


def test_a_note_can_be_dropped_and_ctrl_c_ends_even_while_one_is_typed():
    typing = Typing()
    assert typing.take("Mabc") == [Asked(Command.BEGIN_NOTE)]
    assert typing.note == "abc"
    assert typing.take("\x1b") == []
    assert typing.note is None
    assert typing.take("M\x03") == [Asked(Command.BEGIN_NOTE), Asked(Command.STOP)]


@given(st.lists(st.text(max_size=6), max_size=20))
def test_no_typing_breaks_it_and_notes_stay_short_and_readable(pieces):
    typing = Typing()
    for piece in pieces:
        for asked in typing.take(piece):
            assert len(asked.note) <= 200
            assert asked.note.isprintable()


def test_an_arrow_key_is_nothing_even_in_a_note():
    typing = Typing()
    assert typing.take("\x1b[A") == []
    typing.take("Mab")
    assert typing.take("\x1b[D") == []
    assert typing.note == "ab"


@pytest.fixture
def ctrl_c_counts():
    """Whoever started the tests may have them ignore Ctrl-C, as programs in the background do."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_signals_ask_for_the_end_and_only_who_insists_gets_it_at_once(ctrl_c_counts):
    before = signal.getsignal(signal.SIGTERM)
    with signals.heard() as asked:
        assert not asked
        signal.raise_signal(signal.SIGTERM)
        assert asked
        signal.raise_signal(signal.SIGINT)
        assert asked.by == "its end was asked for"
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGTERM) == before


def test_what_was_ignored_stays_ignored():
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with signals.heard() as asked:
            signal.raise_signal(signal.SIGINT)
            assert not asked
    finally:
        signal.signal(signal.SIGINT, before)
