"""The arrays of truth.zarr: one table that its writer, its readers, docs and tests go by."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from taver.core.frames import Modality

if TYPE_CHECKING:
    from collections.abc import Iterator

FILE: Final = "truth.zarr"
FORMAT: Final = "taver-truth"
VERSION: Final = 1
_POINTS: Final = 68


class Row(NamedTuple):
    """One array of a modality's group: a value of this kind for each recorded frame."""

    dtype: str
    shape: tuple[int | str, ...]  # of one frame; "units" is as many as there are face units
    unit: str
    meaning: str


SCHEMA: Final = {
    "number": Row("int64", (), "", "the sensor's frame counter"),
    "unix_ns": Row("int64", (), "ns", "when the recording says it was taken"),
    "host_ns": Row("int64", (), "ns", "the host's clock on arrival"),
    "taken_ns": Row("int64", (), "ns", "when it was truly taken, from the scenario's start"),
    "shown_ns": Row("int64", (), "ns", "the moment it shows: earlier while the shutter is closed"),
    "valence": Row("float64", (), "", "-1 to 1, when it was taken"),
    "arousal": Row("float64", (), "", "-1 to 1, when it was taken"),
    "present": Row("bool", (), "", "whether the person is in the scene, at the moment it shows"),
    "head_rotation": Row("float64", (3, 3), "", "from the head's frame to the colour camera's"),
    "head_mm": Row("float64", (3,), "mm", "where the head is, in the colour camera's frame"),
    "units": Row("float32", ("units",), "", "the face units that the group's attributes name"),
    "skin_k": Row("float32", (3,), "K", "nose, cheeks, forehead: off their temperature at rest"),
    "landmarks_mm": Row("float64", (_POINTS, 3), "mm", "iBUG order, in the colour camera's frame"),
    "landmarks_px": Row("float64", (_POINTS, 2), "px", "in this camera"),
    "visible": Row("bool", (_POINTS,), "", "whether this camera sees the landmark"),
}
PICTURES: Final = {
    Modality.DEPTH: ("depth_mm", (424, 512), "true z in the infrared camera"),
    Modality.THERMAL: ("temperature_k", (512, 640), "true temperature of the surface seen"),
}


def problems(root: Any) -> list[str]:
    """Return everything that is wrong with an open truth.zarr, in words."""
    found = [
        f"{name} is {root.attrs.get(name)!r}, not {wanted!r}"
        for name, wanted in (("format", FORMAT), ("version", VERSION), ("simulated", True))
        if root.attrs.get(name) != wanted
    ]
    for modality, group in root.groups():
        found += [f"{modality}: {what}" for what in _group_problems(group)]
    return found


def _group_problems(group: Any) -> Iterator[str]:
    if "number" not in group:
        yield "number is not there"
        return
    sizes: dict[int | str, int] = {"units": len(group.attrs.get("units", ()))}
    frames = group["number"].shape[0]
    for name, row in SCHEMA.items():
        if name not in group:
            yield f"{name} is not there"
            continue
        shape = (frames, *(sizes.get(part, part) for part in row.shape))
        if group[name].shape != shape or group[name].dtype != row.dtype:
            yield (f"{name} is {group[name].dtype} {group[name].shape}, not {row.dtype} {shape}")
