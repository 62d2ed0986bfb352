"""The landmarks on each picture, and the face in space."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from taver.core.frames import Modality
from taver.view import paths

if TYPE_CHECKING:
    from taver.core.progress import Progress
    from taver.core.session.footage import Footage
    from taver.view.cloud import Clouds
    from taver.view.span import Span

_ARRAYS = {
    Modality.COLOR: "landmarks",
    Modality.DEPTH: "depth_landmarks",
    Modality.THERMAL: "thermal_landmarks",
}


def show(
    rerun: Any,
    stream: Any,
    faces: Any,
    opened: dict[Modality, Footage],
    clouds: Clouds | None,
    span: Span,
    progress: Progress,
) -> int:
    """Log points and clouds of every row of an open faces.zarr inside `span`; count the clouds."""
    times = faces["unix_ns"][:]
    points = {m: faces[name][:] for m, name in _ARRAYS.items() if m in opened}
    boxes, depth, thermal = faces["box"][:], faces["depth_frame"][:], faces["thermal_frame"][:]
    rows = np.flatnonzero(span.holds(times))
    progress.begin("the face", len(rows))
    made = 0
    for row in rows.tolist():
        stream.set_time(paths.TIME, timestamp=np.datetime64(int(times[row]), "ns"))
        for modality, found in points.items():
            there = np.isfinite(found[row]).all(axis=1)
            drawn = rerun.Points2D(
                found[row][there], radii=-2.0, colors=paths.COLOR_OF[modality], draw_order=10.0
            )
            stream.log(paths.points(modality), drawn)
        cloud = None if clouds is None else clouds.at(boxes[row], depth[row], thermal[row])
        if cloud is None:
            stream.log(paths.CLOUD, rerun.Clear(recursive=False))
        else:
            stream.log(paths.CLOUD, rerun.Points3D(cloud.points_m, colors=cloud.colors, radii=-2.0))
            made += 1
        progress.advance()
    return made
