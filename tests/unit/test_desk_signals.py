"""A Ctrl-C is never lost, whatever it meets."""

import contextlib
import signal

import pytest

from capture.desk import signals


@pytest.fixture(autouse=True)
def _as_at_a_terminal():
    """Take a Ctrl-C as Python does: a program in the background begins with it ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def swallowed(seen):
    with contextlib.suppress(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)
    seen.append("gone on")


def unheeded(seen):
    signal.raise_signal(signal.SIGINT)
    seen.append("gone on")


@pytest.mark.parametrize(("met", "goes_on"), [(swallowed, True), (unheeded, False)])
def test_a_ctrl_c_ends_the_block_at_once_or_where_it_was_swallowed_at_its_end(met, goes_on):
    before, seen = signal.getsignal(signal.SIGINT), []
    with pytest.raises(KeyboardInterrupt), signals.remembered():
        met(seen)
    assert bool(seen) is goes_on
    assert signal.getsignal(signal.SIGINT) is before


def test_without_one_nothing_happens():
    before = signal.getsignal(signal.SIGINT)
    with signals.remembered():
        assert signal.getsignal(signal.SIGINT) is not before
    assert signal.getsignal(signal.SIGINT) is before


def test_where_it_is_ignored_it_stays_ignored():
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with signals.remembered():
        signal.raise_signal(signal.SIGINT)
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
