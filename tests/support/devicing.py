"""Drivers that a test opens, and what they give."""

from __future__ import annotations

import collections
import itertools
import time


def opening(make):
    """Yield a function that makes and opens a driver; all are closed afterwards."""
    made = []

    def call(*arguments, **config):
        driver = make(*arguments, **config)
        made.append(driver)
        return driver, driver.open()

    yield call
    for driver in made:
        driver.close()


def taken(driver, count):
    """Return the first frames of a driver."""
    driver.start(0)
    return list(itertools.islice(driver.frames(), count))


def of(frames, modality):
    """Return the frames of one modality."""
    return [frame for frame in frames if frame.modality is modality]


def each_of(driver, modalities):
    """Return the first frame of each stream, in the order given."""
    first = {}
    driver.start(0)
    for frame in driver.frames():
        first.setdefault(frame.modality, frame)
        if len(first) == len(modalities):
            break
    return [first[modality] for modality in modalities]


def run_of(frames, count, is_right):
    """Return the first so many frames in a row that are right: a busy machine holds some up."""
    run = collections.deque(maxlen=count)
    until_s = time.monotonic() + 60
    for frame in frames:
        run.append(frame)
        if len(run) == count and is_right(list(run)):
            break
        assert time.monotonic() < until_s, "none was right"
    return list(run)
