"""A Ctrl-C is never lost, whatever it meets."""

import contextlib
import signal

import pytest

from capture.desk import signals


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
