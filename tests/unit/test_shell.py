"""Lines to be copied fit the shell of the system."""

import shlex
import sys

import pytest

from taver.core.shell import in_steps, one_after_another, quoted

STRANGE = ("my study", "Bj\N{LATIN SMALL LETTER O WITH DIAERESIS}rn", "a&b", "it's", "$HOME", "")


@pytest.mark.parametrize("word", STRANGE)
def test_a_posix_shell_reads_the_word_that_was_meant(word, monkeypatch):
    monkeypatch.setattr(sys, "platform", "linux")
    assert shlex.split(one_after_another(f"cd {quoted(word)}", "taver status")) == [
        "cd", word, "&&", "taver", "status",
    ]  # fmt: skip


def test_a_long_line_in_pieces_is_the_same_command():
    line = "sudo apt-get install cmake && git clone x && cmake -S x"
    pieces = in_steps(line)
    assert pieces == ["sudo apt-get install cmake &&", "git clone x &&", "cmake -S x"]
    assert in_steps("one") == ["one"]


@pytest.mark.parametrize("word", STRANGE)
def test_windows_has_no_single_quotes_and_its_powershell_no_ands(word, monkeypatch):
    monkeypatch.setattr(sys, "platform", "win32")
    told = quoted(word)
    assert told in {word, f'"{word}"'}
    assert (told == word) == (word.isalnum())
    assert one_after_another(f"cd {told}", "taver status") == f"cd {told}, then taver status"
