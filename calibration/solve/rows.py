"""What was seen as rows of numbers, how far each is from what a state says, and its slopes."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Final

import numpy as np

from calibration.depths import condensed
from calibration.solve.lens import directions, directions_and_slopes, projected
from calibration.solve.state import crossing

if TYPE_CHECKING:
    import numpy.typing as npt

    from calibration.observations import Observations
    from calibration.solve.state import Layout, State

    Floats = npt.NDArray[np.float64]
    Numbers = npt.NDArray[np.int64]

DEPTH: Final = "depth"


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Source:
    """All that one camera saw, or the depths, in rows ordered by view."""

    name: str  # the camera's, or DEPTH
    camera: str
    views: Numbers  # (n,) of each row
    corners: Numbers  # (n,) of the board, from 0; unused for depths
    points_mm: Floats  # (n, 3) on the board; unused for depths
    pixels: Floats  # (n, 2)
    z_mm: Floats  # (n,) as told; unused for corners
    weights: Floats  # (n,) of a row: how many pixels stand behind it; 0 leaves it out

    @property
    def parts(self) -> list[tuple[int, slice]]:
        """The rows of each view."""
        starts = np.flatnonzero(np.diff(self.views, prepend=-1))
        ends = [*starts[1:], len(self.views)]
        return [
            (int(self.views[a]), slice(int(a), int(b))) for a, b in zip(starts, ends, strict=True)
        ]


def sources_of(observations: Observations) -> tuple[Source, ...]:
    """Return the rows of everything that was seen."""
    board = observations.board.points_mm
    found = []
    for camera in observations.cameras:
        seen = [
            (at, view.sightings[camera])
            for at, view in enumerate(observations.views)
            if camera in view.sightings
        ]
        if seen:
            found.append(
                Source(
                    name=camera,
                    camera=camera,
                    views=np.concatenate([np.full(len(s.corners), at) for at, s in seen]),
                    corners=np.concatenate([s.corners for _, s in seen]),
                    points_mm=np.concatenate([board[s.corners] for _, s in seen]),
                    pixels=np.concatenate([s.pixels for _, s in seen]).astype(np.float64),
                    z_mm=np.zeros(0),
                    weights=np.ones(sum(len(s.corners) for _, s in seen)),
                )
            )
    deep = [
        (at, condensed(view.depths))
        for at, view in enumerate(observations.views)
        if view.depths is not None and len(view.depths.z_mm)
    ]
    deep = [(at, depths) for at, depths in deep if len(depths.z_mm)]
    if deep and observations.depth_camera in observations.cameras:
        rows = [len(d.z_mm) for _, d in deep]
        found.append(
            Source(
                name=DEPTH,
                camera=observations.depth_camera,
                views=np.concatenate([np.full(len(d.z_mm), at) for at, d in deep]),
                corners=np.zeros(0, np.int64),
                points_mm=np.zeros((0, 3)),
                pixels=np.concatenate([d.pixels for _, d in deep]).astype(np.float64),
                z_mm=np.concatenate([d.z_mm for _, d in deep]).astype(np.float64),
                weights=np.concatenate(
                    [
                        np.ones(n) if d.counts is None else d.counts
                        for n, (_, d) in zip(rows, deep, strict=True)
                    ]
                ),
            )
        )
    return tuple(found)


def residuals(state: State, source: Source) -> Floats:
    """Return what was seen less what the state says, (n, 2) in pixels or (n, 1) in millimetres."""
    turn, offset = state.rotations[source.camera], state.translations_mm[source.camera]
    lens = state.lenses[source.camera]
    if source.name != DEPTH:
        points = np.einsum("nij,nj->ni", state.board_rotations[source.views], source.points_mm)
        points += state.board_translations_mm[source.views]
        return projected(lens, points @ turn.T + offset)[0] - source.pixels
    rays = directions(lens, source.pixels)
    normals = (state.board_rotations[:, :, 2] @ turn.T)[source.views]
    places = (state.board_translations_mm @ turn.T + offset)[source.views]
    steepness = normals[:, :2] * rays
    z_mm = (normals * places).sum(axis=1) / (steepness.sum(axis=1) + normals[:, 2])
    told = source.z_mm + _shift_terms(source.z_mm, rays) @ state.shift
    return np.asarray((z_mm - told)[:, None])


def _shift_terms(z_mm: Floats, rays: Floats) -> Floats:
    return np.column_stack(
        [np.ones_like(z_mm), z_mm / 1000.0 - 1.0, np.hypot(rays[:, 0], rays[:, 1])]
    )


def slopes_of(state: State, layout: Layout, source: Source) -> tuple[Floats, Floats, Numbers]:
    """Return residuals (n, k), their slopes (n, k, columns + 6), and the shared columns."""
    camera = source.camera
    turn, offset, lens = (
        state.rotations[camera],
        state.translations_mm[camera],
        state.lenses[camera],
    )
    parts = [np.arange(layout.lens_at[camera].start, layout.lens_at[camera].stop)]
    moves = camera in layout.turn_at
    if moves:
        parts.append(np.arange(layout.turn_at[camera].start, layout.turn_at[camera].stop))
    if source.name != DEPTH:
        turned = np.einsum("nij,nj->ni", state.board_rotations[source.views], source.points_mm)
        world = turned + state.board_translations_mm[source.views]
        rotated = world @ turn.T
        pixels, by_point, by_lens = projected(lens, rotated + offset)
        by_world = by_point @ turn
        slopes = [by_lens]
        if moves:
            slopes += [-by_point @ crossing(rotated), by_point]
        slopes += [-by_world @ crossing(turned), by_world]
        return pixels - source.pixels, np.concatenate(slopes, axis=2), np.concatenate(parts)
    parts.append(np.arange(layout.shift_at.start, layout.shift_at.stop))
    rays, rays_by_lens = directions_and_slopes(lens, source.pixels)
    ray = np.concatenate([rays, np.ones((len(rays), 1))], axis=1)
    world_normals = state.board_rotations[:, :, 2]
    rotated_places = state.board_translations_mm @ turn.T
    normals = (world_normals @ turn.T)[source.views]
    places = (rotated_places + offset)[source.views]
    steep = (normals * ray).sum(axis=1)
    z_mm = (normals * places).sum(axis=1) / steep
    by_normal = (places - z_mm[:, None] * ray) / steep[:, None]
    by_place = normals / steep[:, None]
    by_ray = -z_mm[:, None] * normals[:, :2] / steep[:, None]
    # A turn w moves a vector v by w x v, and b . (w x v) = w . (v x b).
    slopes = [np.einsum("ni,nij->nj", by_ray, rays_by_lens)]
    if moves:
        slopes += [
            np.cross(normals, by_normal) + np.cross((rotated_places)[source.views], by_place),
            by_place,
        ]
    terms = _shift_terms(source.z_mm, rays)
    slopes.append(-terms)
    slopes += [np.cross(world_normals[source.views], by_normal @ turn), by_place @ turn]
    # The slope of the radius term by the lens is left out: it is a thousandth of the others.
    off = z_mm - source.z_mm - terms @ state.shift
    return off[:, None], np.concatenate(slopes, axis=1)[:, None, :], np.concatenate(parts)
