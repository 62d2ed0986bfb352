"""faces.zarr, one row for each colour frame: the table that writer, readers and tests go by."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from taver.core import attributes
from taver.core.errors import DataError
from taver.faces.points import COUNT
from taver.faces.state import State

if TYPE_CHECKING:
    from collections.abc import Iterator

FILE: Final = "faces.zarr"
TABLE_FILE: Final = "faces.csv"
FORMAT: Final = "taver-faces"
VERSION: Final = 1


class Flaw(enum.IntFlag):
    """What was wrong with the pictures of a row; 0 is nothing."""

    NONE = 0
    COLOR_DAMAGED = 1  # it cannot be read: the row is lost, or between its neighbours
    DEPTH_MISSING = 2  # no depth frame was taken at the time
    DEPTH_DAMAGED = 4
    THERMAL_MISSING = 8
    THERMAL_DAMAGED = 16
    THERMAL_FROZEN = 32  # its shutter was closed: it shows an earlier moment
    OTHER_PERSON = 64  # a face was seen, but not the participant's


class Row(NamedTuple):
    """One array: a value of this kind for each colour frame."""

    dtype: str
    shape: tuple[int, ...]  # of one frame
    unit: str
    meaning: str


SCHEMA: Final = {
    "number": Row("int64", (), "", "the sensor's frame counter"),
    "unix_ns": Row("int64", (), "ns", "when the frame was taken"),
    "state": Row("uint8", (), "", "0 lost, 1 interpolated, 2 tracked, 3 detected"),
    "score": Row("float32", (), "", "how much it looks like a face; NaN where nothing was judged"),
    "confidence": Row("float32", (), "", "0 to 1, from the score; 0 where lost"),
    "flaws": Row("uint16", (), "", "what was wrong with the pictures, bit by bit"),
    "box": Row("float32", (4,), "px", "left, top, right, bottom of the points"),
    "landmarks_raw": Row("float32", (COUNT, 2), "px", "as found; NaN where not found"),
    "landmarks": Row("float32", (COUNT, 2), "px", "interpolated and smoothed; NaN where lost"),
    "similarity": Row("float64", (2, 3), "", "from the colour picture to the canonical face"),
    "yaw_deg": Row("float32", (), "deg", "of the head; to the picture's left is above 0"),
    "pitch_deg": Row("float32", (), "deg", "of the head; down is above 0"),
    "roll_deg": Row("float32", (), "deg", "of the head; clockwise is above 0"),
    "head_mm": Row("float32", (3,), "mm", "between the eyes, in the colour camera's frame"),
    "eye_opening": Row("float32", (2,), "", "height by width, the picture's left eye first"),
    "mouth_opening": Row("float32", (), "", "height between the lips by width"),
    "sharpness": Row("float32", (), "", "the finest detail's share of all detail"),
    "exposure": Row("float32", (), "", "mean of the face, 0 black to 1 white"),
    "clipped": Row("float32", (), "", "share of the face too dark or too bright to tell"),
    "occlusion": Row("float32", (), "", "share of the face that something stands before"),
    "depth_frame": Row("int64", (), "", "which frame of the depth stream; -1: none"),
    "depth_landmarks": Row("float32", (COUNT, 2), "px", "in the depth picture"),
    "depth_mm": Row("float32", (COUNT,), "mm", "z of each point, in the colour camera's frame"),
    "depth_sigma_px": Row("float32", (COUNT,), "px", "one standard deviation of a coordinate"),
    "depth_visible": Row("bool", (COUNT,), "", "whether the depth camera sees the point"),
    "depth_similarity": Row("float64", (2, 3), "", "from the depth picture to the canonical face"),
    "thermal_frame": Row("int64", (), "", "which frame of the thermal stream; -1: none"),
    "thermal_landmarks": Row("float32", (COUNT, 2), "px", "in the thermal picture, at its time"),
    "thermal_sigma_px": Row("float32", (COUNT,), "px", "one standard deviation of a coordinate"),
    "thermal_visible": Row("bool", (COUNT,), "", "whether the thermal camera sees the point"),
    "thermal_similarity": Row("float64", (2, 3), "", "from the thermal picture to the same"),
}  # fmt: skip
ATTRIBUTES: Final = (
    "session", "simulated", "settings", "models", "inputs", "software", "notes", "others",
)  # fmt: skip


def problems(root: Any) -> list[str]:
    """Return everything that is wrong with an open faces.zarr, in words."""
    found = attributes.problems(root.attrs, kind=FORMAT, version=VERSION, names=ATTRIBUTES)
    found += _array_problems(root)
    return found or list(_value_problems(root))


def validate(root: Any, name: str) -> None:
    """Raise DataError with everything that is wrong with an open faces.zarr."""
    wrong = problems(root)
    if wrong:
        raise DataError(
            f"{name} is not what taver writes",
            fix="make it again with: taver faces --session NAME --again",
            problems=wrong,
        )


def _array_problems(root: Any) -> Iterator[str]:
    present = {name for name, _ in root.arrays()}
    if "number" not in present:
        yield "number is not there"
        return
    frames = root["number"].shape[0]
    for name, row in SCHEMA.items():
        if name not in present:
            yield f"{name} is not there"
            continue
        array, shape = root[name], (frames, *row.shape)
        if array.shape != shape or array.dtype != row.dtype:
            yield f"{name} is {array.dtype} {array.shape}, not {row.dtype} {shape}"
    for name in sorted(present - set(SCHEMA)):
        yield f"{name} is not known"


def _value_problems(root: Any) -> Iterator[str]:
    """Yield what contradicts itself: points where there is no face, times that go back."""
    import numpy as np

    state = root["state"][:]
    if (state > max(State)).any():
        yield f"state has values above {max(State):d}"
    if (np.diff(root["unix_ns"][:]) < 0).any():
        yield "unix_ns goes back"
    there = np.isfinite(root["landmarks"][:]).all(axis=(1, 2))
    for count, what in (
        ((there & (state == State.LOST)).sum(), "lost rows have landmarks"),
        ((~there & (state != State.LOST)).sum(), "rows that are not lost have no landmarks"),
    ):
        if count:
            yield f"{count} {what}"
