"""A dataset, one group a recording: the table that builder, reader, trainer and tests go by.

    dataset.zarr/                  format, version, and what all of it is made of
      recordings/<name>/           who, when, from what: one rated stretch of a session
        color, depth, thermal      the face of each slot of the 10 Hz grid, cut out and aligned
        time_ns, ...               one value a slot

What could not be measured is 0 in a picture, as its `missing` attribute says, and marked in
`<modality>_valid` where the whole picture is missing; labels that nobody gave are NaN.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from taver.core import attributes
from taver.core.errors import DataError
from taver.core.frames import Modality

if TYPE_CHECKING:
    from collections.abc import Iterator

FORMAT: Final = "taver-dataset"
VERSION: Final = 1
RECORDINGS: Final = "recordings"

RATE_HZ: Final = 10
SIZE_PX: Final = 96
LANDMARKS: Final = 68
CHUNK_FRAMES: Final = 16
SHARD_FRAMES: Final = 256


class Column(NamedTuple):
    """One array: a value of this kind for each slot."""

    dtype: str
    shape: tuple[int | str, ...]  # of one slot; "size" and "raters" as the recording has them
    unit: str
    meaning: str
    modality: Modality | None = None  # it is there only where the recording has this one


def _pictures() -> dict[str, Column]:
    return {
        "color": Column(
            "uint8", ("size", "size", 3), "sRGB", "the face in colour", Modality.COLOR
        ),
        "depth": Column(
            "uint16", ("size", "size"), "mm", "along the colour camera's axis", Modality.DEPTH
        ),
        "thermal": Column(
            "uint16", ("size", "size"), "count", "apparent temperature; kelvin by thermal_kelvin",
            Modality.THERMAL,
        ),
    }  # fmt: skip


def _of_each(modality: Modality) -> dict[str, Column]:
    return {
        f"{modality}_valid": Column(
            "bool", (), "", f"whether the {modality} picture holds this slot's face", modality
        ),
        f"{modality}_ns": Column(
            "int64", (), "ns", "when its frame was taken, from the recording's start", modality
        ),
    }


PICTURES: Final = _pictures()
COLUMNS: Final = {
    "time_ns": Column("int64", (), "ns", "of the slot, from the recording's start"),
    **_of_each(Modality.COLOR),
    **_of_each(Modality.DEPTH),
    **_of_each(Modality.THERMAL),
    "face": Column("uint8", (), "", "0 lost, 1 interpolated, 2 tracked, 3 detected"),
    "landmarks": Column("float32", (LANDMARKS, 2), "px", "in the crop; NaN where lost"),
    "pose_deg": Column("float32", (3,), "deg", "yaw, pitch, roll of the head; NaN where lost"),
    "head_mm": Column("float32", (3,), "mm", "between the eyes, in the colour camera's frame"),
    "arousal_raters": Column("float32", ("raters",), "", "as given, on the scale in `scale`"),
    "valence_raters": Column("float32", ("raters",), "", "as given, on the scale in `scale`"),
    "arousal": Column("float32", (), "", "of all raters together, -1 to 1; NaN where unknown"),
    "valence": Column("float32", (), "", "of all raters together, -1 to 1; NaN where unknown"),
}  # fmt: skip
SCHEMA: Final = {**PICTURES, **COLUMNS}

# Of the whole; `splits` maps a name to {"train": [...], "validation": [...], "test": [...]} of
# participants (folds are further names), `made` says from which inputs, by what and how.
ATTRIBUTES: Final = ("modalities", "rate_hz", "size_px", "audience", "splits", "simulated", "made")
# Of a recording. `scale` is the raters' [lowest, highest]; `fusion` names how they became one;
# `relaxing_face_k` is the mean of the face in the relaxing phase, in kelvin, or null;
# `thermal_kelvin` maps counts to kelvin as [factor, offset], or null without thermal;
# `start_unix_ns` is null where dates are not shared.
RECORDING_ATTRIBUTES: Final = (
    "participant", "session", "modalities", "simulated", "raters", "scale", "fusion",
    "relaxing_face_k", "thermal_kelvin", "start_unix_ns", "made",
)  # fmt: skip


def columns_of(modalities: Any) -> dict[str, Column]:
    """Return the arrays that a recording with these modalities has."""
    there = {str(modality) for modality in modalities}
    return {
        name: column
        for name, column in SCHEMA.items()
        if column.modality is None or str(column.modality) in there
    }


def shape_of(column: Column, *, slots: int, size_px: int, raters: int) -> tuple[int, ...]:
    """Return the whole shape of an array."""
    sizes = {"size": size_px, "raters": raters}
    return (slots, *(sizes[s] if isinstance(s, str) else s for s in column.shape))


def problems(root: Any) -> list[str]:
    """Return everything that is wrong with an open dataset's attributes and shapes, in words."""
    found = attributes.problems(root.attrs, kind=FORMAT, version=VERSION, names=ATTRIBUTES)
    if root.attrs.get("version") != VERSION or root.attrs.get("format") != FORMAT:
        return found
    if RECORDINGS not in {name for name, _ in root.groups()}:
        return [*found, f"the group {RECORDINGS} is not there"]
    size_px = root.attrs.get("size_px", SIZE_PX)
    for name, recording in root[RECORDINGS].groups():
        found += [f"{name}: {wrong}" for wrong in _recording_problems(recording, size_px)]
    return found


def validate(root: Any, name: str) -> None:
    """Raise DataError with everything that is wrong with an open dataset."""
    wrong = problems(root)
    if wrong:
        raise DataError(
            f"{name} is not a dataset that this taver reads",
            fix="check the path; if it is of another version, move it away and build anew: "
            "taver build-dataset",
            problems=wrong,
        )


def _recording_problems(recording: Any, size_px: int) -> Iterator[str]:
    missing = attributes.missing(recording.attrs, RECORDING_ATTRIBUTES)
    yield from missing
    if missing:
        return
    wanted = columns_of(recording.attrs["modalities"])
    present = {name for name, _ in recording.arrays()}
    yield from (f"{name} is not there" for name in wanted if name not in present)
    if "time_ns" not in present:
        return
    slots, raters = recording["time_ns"].shape[0], len(recording.attrs["raters"])
    for name, column in wanted.items():
        if name not in present:
            continue
        array = recording[name]
        shape = shape_of(column, slots=slots, size_px=size_px, raters=raters)
        if array.shape != shape or array.dtype != column.dtype:
            yield f"{name} is {array.dtype} {array.shape}, not {column.dtype} {shape}"
