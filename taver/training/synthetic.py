"""A tiny task to show guidance by: depth and heat say where in the colour picture to look.

Four patches of a colour picture become lighter and darker, each after a trace of its own. One of
the four is the label; which one changes with every clip. Depth has its row stand out, heat makes
its column warm; neither tells anything of the label itself. So the best that can be reached is
known: the four patches' mean, for who sees colour alone, goes with the label by CC 0.5; who knows
row or column by 0.71; who knows both by 1. People differ in where their face is, how light, how far
and how warm it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec
import numpy as np

from taver import __version__
from taver.core import atomic
from taver.core.clock import NS_PER_S
from taver.core.errors import AlreadyThereError, InputError
from taver.core.storage import explained
from taver.dataset import create, planes, schema

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt

RELAXED_K: Final = 307.0
KELVIN: Final = (0.04, 0.0)
MODALITIES: Final = ("color", "depth", "thermal")
_AMPLITUDE: Final = 0.9
_SMOOTH: Final = 17  # frames over which a trace changes


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """How large the task is."""

    people: int = 17
    test_people: int = 5
    validation_people: int = 0
    clips: int = 60  # of each person
    length: int = 8  # frames of a clip
    size_px: int = 32
    rate_hz: int = 4
    seed: int = 0


class Person(NamedTuple):
    """All that is seen of one person: a picture a slot in each modality, and the label."""

    color: npt.NDArray[np.uint8]
    depth: npt.NDArray[np.uint16]
    thermal: npt.NDArray[np.uint16]
    valence: npt.NDArray[np.float32]


def write(folder: Path, task: Task | None = None) -> Path:
    """Write the task as a dataset at `folder`, which must not be there yet."""
    import zarr

    task = task or Task()
    training = task.people - task.test_people - task.validation_people
    if training < 1 or min(task.test_people, task.validation_people) < 0:
        raise InputError(
            f"Of {task.people} people none is left to train on", fix="give more people"
        )
    names = [f"P{number + 1:02d}" for number in range(task.people)]
    split = {
        "train": names[:training],
        "validation": names[training : training + task.validation_people],
        "test": names[task.people - task.test_people :],
    }
    with explained(folder):
        if folder.exists():
            raise AlreadyThereError(f"{folder} exists already", fix="choose another name")
        with atomic.replacing_folder(folder) as beside:
            root = create.root(
                zarr.storage.LocalStore(beside),
                {
                    "modalities": list(MODALITIES),
                    "rate_hz": task.rate_hz,
                    "size_px": task.size_px,
                    "audience": "public",
                    "splits": {"default": split},
                    "simulated": True,
                    "made": {
                        "by": f"taver {__version__}",
                        "from": "taver.training.synthetic",
                        "task": msgspec.to_builtins(task),
                    },
                },
            )
            for number, name in enumerate(names):
                _add(root[schema.RECORDINGS], name, person(number, task), task)
    return folder


def person(number: int, task: Task) -> Person:
    """Return what is seen of the person with this number: always the same."""
    chance = np.random.default_rng([task.seed, number])
    slots = task.clips * task.length
    traces = np.stack([_trace(chance, slots) for _ in range(4)])
    told = chance.integers(0, 4, task.clips).repeat(task.length)  # the patch that is the label
    at_x, at_y = chance.uniform(-0.05, 0.05, 2)
    light, near_mm, warm_k = chance.uniform(0.8, 1.2), chance.normal(0, 30), chance.normal(0, 0.3)
    y, x = np.mgrid[: task.size_px, : task.size_px] / task.size_px
    patches = np.stack([
        _round(x - 0.3 - 0.4 * (patch % 2) - at_x, y - 0.3 - 0.4 * (patch // 2) - at_y)
        for patch in range(4)
    ])  # fmt: skip
    face = np.exp(-((((x - 0.5 - at_x) / 0.45) ** 2 + ((y - 0.5 - at_y) / 0.48) ** 2) ** 2))
    rows = np.stack([patches[0] + patches[1], patches[2] + patches[3]])[told // 2]
    columns = np.stack([patches[0] + patches[2], patches[1] + patches[3]])[told % 2]

    grain = chance.normal(size=(5, slots, task.size_px, task.size_px)).astype(np.float32)
    seen = 0.5 * light * face + 0.5 * np.einsum("pn,pyx->nyx", traces, patches)
    tint = np.array([1.0, 0.85, 0.7])
    color = 90 + 110 * (seen[..., None] * tint + 0.1 * np.moveaxis(grain[:3], 0, -1))
    depth_mm = 900 + near_mm - 70 * face - 100 * rows + 15 * grain[3]
    kelvin = RELAXED_K + warm_k + 5 * face + 7 * columns + grain[4] - 4.0
    return Person(
        np.clip(np.rint(color), 0, 255).astype(np.uint8),
        np.rint(depth_mm).astype(np.uint16),
        np.rint(kelvin / KELVIN[0]).astype(np.uint16),
        (_AMPLITUDE * traces[told, np.arange(slots)]).astype(np.float32),
    )


def _trace(chance: np.random.Generator, slots: int) -> npt.NDArray[np.float64]:
    """Return a slow trace between -1 and 1."""
    margin = _SMOOTH // 2 + 1
    slow = np.convolve(chance.normal(size=slots + 2 * margin), np.hanning(_SMOOTH), "same")
    slow = slow[margin : margin + slots]
    trace: npt.NDArray[np.float64] = np.tanh(1.2 * slow / slow.std())
    return trace


def _round(x: npt.NDArray[np.float64], y: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    round_: npt.NDArray[np.float64] = np.exp(-(x**2 + y**2) / 0.12**2)
    return round_


def _add(recordings: Any, name: str, seen: Person, task: Task) -> None:
    slots = len(seen.valence)
    group = create.recording(
        recordings,
        f"{name}-task",
        {
            "participant": name,
            "session": f"s{name[1:]}",
            "modalities": list(MODALITIES),
            "simulated": True,
            "raters": [],
            "scale": [-1, 1],
            "fusion": "known",
            "relaxing_face_k": RELAXED_K,
            "thermal_kelvin": list(KELVIN),
            "start_unix_ns": None,
            "made": {"from": "taver.training.synthetic", "person": int(name[1:])},
        },
    )
    for column in schema.columns_of(MODALITIES):
        create.array(group, column, slots=slots, size_px=task.size_px, raters=0)
    time_ns = np.arange(slots, dtype=np.int64) * (NS_PER_S // task.rate_hz)
    there = np.ones(slots, bool)
    values: dict[str, Any] = {
        "color": seen.color,
        "depth": seen.depth,
        "thermal": seen.thermal,
        "time_ns": time_ns,
        "valence": seen.valence,
        "face": np.full(slots, 3, np.uint8),
        **{f"{modality}_valid": there for modality in MODALITIES},
        **{f"{modality}_ns": time_ns for modality in MODALITIES},
    }
    for column, value in values.items():
        planes.writer(group[column])[...] = value
