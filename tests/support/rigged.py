"""What the simulated rig knows of depth and heat in any camera, to judge registration by."""

from __future__ import annotations

import dataclasses

import numpy as np

from calibration.rig import Rig
from capture.sim.head.emotion import units_for
from capture.sim.render.lens import Lens
from capture.sim.render.renderer import Renderer
from capture.sim.render.samples import Samples
from capture.sim.render.view import seen_through
from capture.sim.rig import RigCamera, standard_rig
from capture.sim.scene import Actor, Performance, Room, Scene
from capture.sim.sensors.suite import SensorSuite
from taver.core.frames import Modality
from taver.core.pose import Pose

_EDGE_MM = 10.0  # between neighbouring colour pixels: a slope of 85 degrees at a metre
_MARGIN_PX = 3  # a depth pixel
_ON_SURFACE_MM = 6.0


def calibrated(sim=None):
    """Return the rig.json that a perfect calibration of the simulated rig would give."""
    sim = standard_rig() if sim is None else sim
    return Rig(
        color=sim.color.camera,
        ir=sim.ir.camera,
        thermal=sim.thermal.camera,
        ir_to_color=sim.ir.from_color.inverse(),
        color_to_thermal=sim.thermal.from_color,
        depth_shift_mm=sim.depth_shift_mm,
        simulated=True,
    )


def scene(number, identities=16):
    """Return somebody 0.8 to 1.2 m away who looks somewhere; the same for the same number."""
    rng = np.random.default_rng([5, number])
    yaw, pitch, roll = np.radians(rng.uniform([-25, -12, -10], [25, 12, 10]))
    turned = (
        Pose.from_rotation_vector((0, yaw, 0))
        @ Pose.from_rotation_vector((pitch, 0, 0))
        @ Pose.from_rotation_vector((0, 0, roll))
    )
    place = rng.uniform([-90, -50, 800], [90, 50, 1200])
    performance = Performance(
        head=Pose.from_matrix(turned.rotation_matrix, place),
        units=units_for(*rng.uniform(-1, 1, 2)),
    )
    actor = Actor(identity=200 + number % identities, performance=performance)
    return Scene(actors=(actor,), room=Room())


@dataclasses.dataclass(frozen=True, slots=True)
class Seen:
    """One camera's view: z of what is seen, and where that is a person."""

    z_mm: np.ndarray
    person: np.ndarray


def view(renderer, what, camera, from_color):
    """Return what a camera anywhere in the world sees; behind the people is the rig's wall."""
    solid = renderer._solid(what)
    samples = Samples()
    window = seen_through(Lens(RigCamera(camera=camera, from_color=from_color)), solid, samples, 1)
    v, u = np.mgrid[: camera.height_px, : camera.width_px]
    rays = camera.rays(np.stack([u, v], axis=-1))
    # The wall is flat in the infrared camera's frame.
    to_ir = renderer.rig.ir.from_color @ from_color.inverse()
    forward = rays @ to_ir.rotation_matrix[2]
    z = (what.room.wall_mm - to_ir.translation_mm[2]) / forward
    person = np.zeros(z.shape, bool)
    if window is not None:
        high, wide = window.seen.shape
        part = np.s_[window.top : window.top + high, window.left : window.left + wide]
        hit = window.nearest > 0
        z[part][hit] = 1.0 / window.nearest[hit]
        person[part] = hit
    return Seen(z, person)


def near_edges(z_mm, reach_px=_MARGIN_PX):
    """Return where z jumps within so many pixels."""
    edge = np.zeros(z_mm.shape, bool)
    across = np.abs(np.diff(z_mm, axis=1)) > _EDGE_MM
    down = np.abs(np.diff(z_mm, axis=0)) > _EDGE_MM
    edge[:, 1:] |= across
    edge[:, :-1] |= across
    edge[1:] |= down
    edge[:-1] |= down
    for axis in (0, 1):
        grown = edge.copy()
        for step in range(1, reach_px + 1):
            ahead = [slice(None)] * 2
            behind = [slice(None)] * 2
            ahead[axis], behind[axis] = slice(step, None), slice(None, -step)
            grown[tuple(ahead)] |= edge[tuple(behind)]
            grown[tuple(behind)] |= edge[tuple(ahead)]
        edge = grown
    return edge


def seen_by_ir(renderer, what, points_mm):
    """Return which of the points (..., 3) of the world the infrared camera sees."""
    ir = renderer.rig.ir
    z = view(renderer, what, ir.camera, ir.from_color).z_mm
    mine = ir.from_color.apply(points_mm)
    pixels = ir.camera.project(mine)
    inside = ir.camera.contains(pixels)
    left, top = np.floor(np.where(inside[..., None], pixels, 0.0)).astype(int).clip(0).T
    farthest = np.zeros(inside.shape)
    for i in (0, 1):
        for j in (0, 1):
            corner = z[np.minimum(top.T + j, len(z) - 1), np.minimum(left.T + i, len(z[0]) - 1)]
            farthest = np.maximum(farthest, corner)
    return inside & (mine[..., 2] <= farthest + _ON_SURFACE_MM)


@dataclasses.dataclass(frozen=True, slots=True)
class Truth:
    """What registered depth should be, and where it can be judged."""

    z_mm: np.ndarray  # in the colour camera
    person: np.ndarray
    inside: np.ndarray  # of surfaces: on the person, away from edges, seen by the infrared camera
    face: np.ndarray  # the hull of the landmarks


def truth(renderer, what, camera):
    """Return the truth for pictures of `camera`, which stands where the colour camera does."""
    seen = view(renderer, what, camera, Pose())
    v, u = np.mgrid[: camera.height_px, : camera.width_px]
    points = camera.unproject(np.stack([u, v], axis=-1), seen.z_mm)
    inside = seen.person & ~near_edges(seen.z_mm) & seen_by_ir(renderer, what, points)
    face = np.zeros(seen.person.shape, bool)
    for one in renderer.landmarks(what):
        face |= _hull(camera.project(one.world_mm), seen.person.shape)
    return Truth(seen.z_mm, seen.person, inside, face & seen.person)


def _hull(points, shape):
    import cv2

    mask = np.zeros(shape, np.uint8)
    hull = cv2.convexHull(np.rint(points).astype(np.int32))
    cv2.fillConvexPoly(mask, hull, 1)
    return mask.astype(bool)


def clean_depth(renderer, what):
    """Return what a depth camera without noise would tell: its z less the shift, whole mm."""
    z = renderer.render(what, [Modality.DEPTH]).depth_mm
    return np.rint(z - renderer.rig.depth_shift_mm).astype(np.uint16)


def noisy_depth(renderer, what, number=0, seed=1):
    """Return what the simulated Kinect tells: noise, flying pixels, holes at edges."""
    ideal = renderer.render(what, [Modality.DEPTH, Modality.IR])
    taken = SensorSuite(renderer.rig, seed).take(ideal, what.room, number, number * 33_333_333)
    return taken.pixels[Modality.DEPTH]


def renderer():
    """Return a renderer of the standard rig."""
    return Renderer(standard_rig())


@dataclasses.dataclass(frozen=True, slots=True)
class Judged:
    """How good registered depth is."""

    coverage: float  # of the pixels inside surfaces
    mae_mm: float  # there
    through: float  # share of the face's pixels inside surfaces that are off by more than 20 mm
    through_anywhere: float  # the same of all the face's pixels, its own edges among them


def judged(depth_mm, what):
    """Compare registered depth with the truth."""
    there = depth_mm > 0
    off = np.abs(depth_mm.astype(float) - what.z_mm)
    wrong = there & (off > 20.0)
    inner = what.face & what.inside
    return Judged(
        coverage=float((there & what.inside).sum() / what.inside.sum()),
        mae_mm=float(off[there & what.inside].mean()),
        through=float((wrong & inner).sum() / inner.sum()),
        through_anywhere=float((wrong & what.face).sum() / what.face.sum()),
    )


def bilinear(picture, pixels):
    """Return a picture's values between its pixels; NaN outside."""
    u, v = np.moveaxis(pixels, -1, 0)
    high, wide = picture.shape
    inside = (u >= 0) & (v >= 0) & (u <= wide - 1) & (v <= high - 1)
    i = np.minimum(np.where(inside, u, 0).astype(int), wide - 2)
    j = np.minimum(np.where(inside, v, 0).astype(int), high - 2)
    a, b = u - i, v - j
    upper = picture[j, i] * (1 - a) + picture[j, i + 1] * a
    lower = picture[j + 1, i] * (1 - a) + picture[j + 1, i + 1] * a
    return np.where(inside, upper * (1 - b) + lower * b, np.nan)
