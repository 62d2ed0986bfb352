"""What is one number a moment: labels of raters and all together, and the face's signals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from taver.labels.trace import Dimension
from taver.view import paths

if TYPE_CHECKING:
    import numpy.typing as npt

    from taver.view.span import Span

_SIGNALS: Final = ("yaw_deg", "pitch_deg", "roll_deg", "mouth_opening")


def show_labels(rerun: Any, stream: Any, labels: Any, span: Span) -> None:
    """Log every rater's trace, and the fused one, of all clips of an open labels.zarr."""
    for name, clip in labels.groups():
        times = clip["frame_unix_ns"][:]
        fused = [made["name"] for made in clip.attrs["fusions"]].index(clip.attrs["fusion"])
        for dimension in Dimension:
            place = f"{paths.LABELS}/{dimension}/{name}"
            rated = clip[dimension.value][:]
            for number, rater in enumerate(clip.attrs["raters"]):
                _line(rerun, stream, f"{place}/{rater}", times, rated[:, number], span, 1.0)
            of_all = clip[f"{dimension}_fused"][:, fused]
            _line(rerun, stream, f"{place}/{clip.attrs['fusion']}", times, of_all, span, 3.0)


def show_signals(rerun: Any, stream: Any, faces: Any, span: Span) -> None:
    """Log how the head turns and the mouth opens."""
    times = faces["unix_ns"][:]
    for name in _SIGNALS:
        _line(rerun, stream, f"{paths.SIGNALS}/{name}", times, faces[name][:], span, 1.5)


def _line(
    rerun: Any,
    stream: Any,
    place: str,
    times: npt.NDArray[np.int64],
    values: npt.NDArray[Any],
    span: Span,
    width: float,
) -> None:
    """Log one line; a moment without a value is a gap in it."""
    inside = span.holds(times)
    if not inside.any():
        return
    stream.log(place, rerun.SeriesLines(widths=width, names=place.rsplit("/", 1)[-1]), static=True)
    stream.send_columns(
        place,
        indexes=[rerun.TimeColumn(paths.TIME, timestamp=times[inside].astype("datetime64[ns]"))],
        columns=rerun.Scalars.columns(scalars=values[inside].astype(np.float64)),
    )
