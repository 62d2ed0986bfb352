"""Looks for the board in every shot, leaves out bad pictures with a reason, and keeps the rest."""

from __future__ import annotations

import contextlib
import dataclasses
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Final

from calibration import refuse
from calibration.coverage import look_of, most_different
from calibration.insight import in_shot
from calibration.observations import Observations, View
from calibration.sources.shot import SEEING, Sizes
from calibration.vision import vision
from taver.core.frames import Modality

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from calibration.board import Board
    from calibration.insight import Taken, Thumb
    from calibration.sources.shot import Picture, Source
    from taver.core.progress import Progress

MOST_VIEWS: Final = 40
_WORKERS: Final = 2  # the detectors let go of the interpreter, and pictures are large
_SAMPLES: Final = 3  # pictures in which other sizes of board are looked for


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Looked:
    """What was found, and what was left out and why."""

    observations: Observations
    thumbs: dict[tuple[str, str], Thumb]  # by view and camera
    rejected: tuple[str, ...]
    warnings: tuple[str, ...]
    mirrored: bool
    shots: int


def look(
    sources: Sequence[Source],
    board: Board,
    *,
    most_views: int = MOST_VIEWS,
    progress: Progress | None = None,
) -> Looked:
    """Return the board as it was seen in all sources, `most_views` different views at most."""
    sizes = Sizes()
    samples: list[tuple[str, Picture]] = []
    taken: list[Taken] = []
    total = sum(len(source) for source in sources)
    if progress is not None:
        progress.begin("looking for the board", total)
    for one in _all(sources, board, sizes, samples):
        taken.append(one)
        if len(taken) == _SAMPLES:  # who named another board need not wait for all the rest
            refuse.refuse_other(taken, samples, board)
        if progress is not None:
            progress.advance()
    rejected = [note for one in taken for note in one.notes]
    refuse.refuse_nothing(taken, samples, board)
    refuse.refuse_part(taken, samples, board)
    warnings = []
    mirrored = refuse.mirrored(taken)
    rejected += refuse.leave_out_blurred(taken)
    seen = [one for one in taken if one.found]
    cameras = [m.value for m in SEEING if any(m.value in one.found for one in seen)]
    sizes_px = {camera: sizes.sizes_px[Modality(camera)] for camera in cameras}
    seen, fewer = _chosen(seen, board, sizes_px, most_views)
    if fewer:
        warnings.append(fewer)
    views = tuple(
        View(
            name=one.shot_name,
            sightings={camera: found.sighting for camera, found in one.found.items()},
            depths=one.depths if "ir" in one.found else None,
        )
        for one in seen
    )
    if any(one.depths is not None for one in taken) and not any(v.depths for v in views):
        warnings.append(
            "there are depth pictures, but hardly a depth on the board: the depth shift cannot be "
            "measured"
        )
    return Looked(
        observations=Observations(board=board, sizes_px=sizes_px, views=views),
        thumbs={
            (one.shot_name, camera): thumb
            for one in seen
            for camera, thumb in one.thumbs.items()
            if camera in one.found
        },
        rejected=tuple(rejected),
        warnings=tuple(warnings),
        mirrored=mirrored,
        shots=len(taken),
    )


def _all(
    sources: Sequence[Source], board: Board, sizes: Sizes, samples: list[tuple[str, Picture]]
) -> Iterator[Taken]:
    """Yield what was found in each shot, in order; a few shots are under way at any time."""
    threads = vision().getNumThreads()
    vision().setNumThreads(1)  # several pictures are looked at beside one another instead
    with contextlib.ExitStack() as stack:
        stack.callback(vision().setNumThreads, threads)
        pool = stack.enter_context(ThreadPoolExecutor(_WORKERS))
        # Who is told of another board, or of a picture that is none, waits for no others.
        stack.callback(pool.shutdown, wait=False, cancel_futures=True)
        waiting = []
        for source in sources:
            for shot in source.shots():
                for modality, picture in shot.pictures.items():
                    sizes.check(modality, picture, shot.name)
                if len(samples) < _SAMPLES and Modality.COLOR in shot.pictures:
                    samples.append(("color", shot.pictures[Modality.COLOR]))
                waiting.append(pool.submit(in_shot, shot, board))
                if len(waiting) > 2 * _WORKERS:
                    yield waiting.pop(0).result()
        while waiting:
            yield waiting.pop(0).result()


def _chosen(
    seen: list[Taken], board: Board, sizes_px: dict[str, tuple[int, int]], most: int
) -> tuple[list[Taken], str]:
    """Return the views that differ most, those that most cameras saw first."""
    if len(seen) <= most:
        return seen, ""
    ranked = sorted(seen, key=lambda one: -len(one.found))
    whole = [one for one in seen if len(one.found) == len(ranked[0].found)]
    pool = whole if len(whole) >= most else ranked[: max(most, len(whole))]
    looks = []
    for one in pool:
        camera = next(iter(one.found))
        looks.append(look_of(one.found[camera].sighting, board, camera, sizes_px[camera]))
    kept = [pool[at] for at in most_different(looks, most)]
    kept.sort(key=seen.index)
    return kept, f"{len(kept)} of {len(seen)} views are used: those that differ most"
