"""The states of a frame: whether its face was found, followed, filled in or lost."""

import enum


class State(enum.IntEnum):
    """How the points of a frame were come by."""

    LOST = 0  # no face is seen: there are no points
    INTERPOLATED = 1  # lost for a moment: between those before and after
    TRACKED = 2  # followed from the frame before
    DETECTED = 3  # found anew in this frame
