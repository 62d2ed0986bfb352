"""Progress is shown after two seconds: lines where there is no terminal, nothing when quiet."""

import io
import threading

import pytest

from taver.cli import progress
from taver.cli.console import Console, Loudness
from taver.cli.progress import LINE_EVERY_S, PATIENCE_S, ConsoleProgress


class Watch:
    """Time that passes when it is told to."""

    def __init__(self):
        self.now_s = 1000.0

    def monotonic(self):
        return self.now_s


@pytest.fixture
def watch(monkeypatch):
    watch = Watch()
    monkeypatch.setattr(progress, "time", watch)
    return watch


def work(watch, steps, step_s, loudness=Loudness.NORMAL, fails_at=None):
    """Do `steps` steps, each of which takes `step_s`."""
    console = Console()
    console.loudness = loudness
    with ConsoleProgress(console) as told:
        told.begin("drawing", steps)
        for step in range(steps):
            if step == fails_at:
                raise ZeroDivisionError
            watch.now_s += step_s
            told.advance()


def test_nothing_is_said_of_what_is_soon_done(watch, capsys):
    work(watch, steps=10, step_s=PATIENCE_S / 10 - 0.01)
    assert capsys.readouterr() == ("", "")


def test_without_a_terminal_a_plain_line_comes_after_two_seconds_then_every_ten(watch, capsys):
    work(watch, steps=50, step_s=0.5)
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines() == [
        "drawing: 4 of 50, 2 a second, about 23 s left",
        "drawing: 24 of 50, 2 a second, about 13 s left",
        "drawing: 44 of 50, 2 a second, about 3 s left",
        "drawing: 50 done in 25 s",
    ]
    assert LINE_EVERY_S == 10


def test_when_quiet_nothing_is_said_however_long_it_takes(watch, capsys):
    work(watch, steps=50, step_s=10, loudness=Loudness.QUIET)
    assert capsys.readouterr() == ("", "")


def test_what_failed_is_not_told_as_done(watch, capsys):
    with pytest.raises(ZeroDivisionError):
        work(watch, steps=50, step_s=3, fails_at=5)
    assert "done" not in capsys.readouterr().err


def test_each_piece_of_work_is_told_for_itself(watch, capsys):
    with ConsoleProgress(Console()) as told:
        for title, step_s in (("one", 3.0), ("two", 0.1), ("three", 3.0)):
            told.begin(title, 1)
            watch.now_s += step_s
            told.advance()
    lines = capsys.readouterr().err.splitlines()
    assert [line.partition(":")[0] for line in lines] == ["one", "one", "three", "three"]


def test_work_of_unknown_size_is_told_too(watch, capsys):
    with ConsoleProgress(Console()) as told:
        told.begin("listening", 0)
        watch.now_s += 3
        told.advance()
    assert "listening: 1" in capsys.readouterr().err


def test_progress_that_was_never_begun_is_ignored(watch, capsys):
    with ConsoleProgress(Console()) as told:
        watch.now_s += 30
        told.advance()
    assert capsys.readouterr() == ("", "")


def test_many_threads_may_tell_at_once_and_every_step_counts(capsys):
    with ConsoleProgress(Console()) as told:
        told.begin("drawing", 8000)
        threads = [
            threading.Thread(target=lambda: [told.advance() for _ in range(1000)]) for _ in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert told._done == 8000


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_at_a_terminal_a_bar_is_drawn_and_it_ends_full(watch, monkeypatch):
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    work(watch, steps=10, step_s=0.5)
    drawn = terminal.getvalue()
    assert "drawing" in drawn
    assert "10/10" in drawn
    assert " left" not in drawn
