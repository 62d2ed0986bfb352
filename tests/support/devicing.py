"""Drivers that a test opens, and what they give."""

from __future__ import annotations

import itertools


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
