"""The three pictures of one row side by side, with the points on them and what is known of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from taver.core.errors import DataError
from taver.core.extras import need
from taver.core.frames import Modality
from taver.faces import store
from taver.faces.state import State
from taver.faces.view import Stored

if TYPE_CHECKING:
    import numpy.typing as npt

    from taver.faces.points import Floats
    from taver.faces.streams import Streams

    Picture = npt.NDArray[np.uint8]

HIGH_PX: Final = 360
WIDE_PX: Final = {Modality.COLOR: 640, Modality.DEPTH: 434, Modality.THERMAL: 450}
_STRIP_PX: Final = 28
_ROOM: Final = 2.0  # times the points' size is shown of a face
_NEAR_MM, _FAR_MM = 600.0, 1800.0
_SHADES: Final = (2.0, 99.0)  # percentiles of heat that are darkest and brightest
_PAPER, _INK, _NOTHING = (250, 249, 247), (40, 40, 44), (60, 60, 64)
# Shapes tell states apart as well: a ring is not a dot.
_COLORS: Final = {
    State.DETECTED: (110, 220, 130),
    State.TRACKED: (110, 200, 250),
    State.INTERPOLATED: (250, 200, 90),
    State.LOST: (230, 90, 70),
}


class Part(NamedTuple):
    """What of a picture is shown, in its pixels."""

    left: int
    top: int
    right: int
    bottom: int


class Rows(NamedTuple):
    """What of faces.zarr is drawn."""

    state: npt.NDArray[Any]
    confidence: npt.NDArray[Any]
    landmarks: dict[Modality, npt.NDArray[Any]]
    frames: dict[Modality, npt.NDArray[Any]]

    @classmethod
    def of(cls, root: Any) -> Rows:
        """Take them from an open faces.zarr."""
        return cls(
            root["state"][:],
            root["confidence"][:],
            {
                Modality.COLOR: root["landmarks"][:],
                Modality.DEPTH: root["depth_landmarks"][:],
                Modality.THERMAL: root["thermal_landmarks"][:],
            },
            {m: root[f"{m}_frame"][:] for m in (Modality.DEPTH, Modality.THERMAL)},
        )


def rows_of(streams: Streams) -> Rows:
    """Open what was found of a session."""
    return Rows.of(store.open_faces(streams.session))


def moment(streams: Streams, rows: Rows, row: int, *, near: bool = False) -> Picture:
    """Return the pictures of a row beside each other, below a line of what is known.

    `near` shows the face, where there is one, instead of all that the cameras see.
    """
    cv2 = need("cv2", extra="faces", to="draw faces")
    panels = [_panel(cv2, streams, rows, row, modality, near) for modality in WIDE_PX]
    pictures = np.concatenate(panels, axis=1)
    strip = np.full((_STRIP_PX, pictures.shape[1], 3), _PAPER, np.uint8)
    state = State(int(rows.state[row]))
    said = f"frame {row}   {state.name.lower()}   confidence {rows.confidence[row]:.2f}"
    if streams.session.manifest.simulated:
        said += "   SIMULATED"
    cv2.rectangle(strip, (8, 7), (22, 21), _COLORS[state], -1)
    cv2.putText(strip, said, (32, 20), cv2.FONT_HERSHEY_SIMPLEX, 0.5, _INK, 1, cv2.LINE_AA)
    return np.concatenate([strip, pictures])


def _panel(
    cv2: Any, streams: Streams, rows: Rows, row: int, modality: Modality, near: bool
) -> Picture:
    wide = WIDE_PX[modality]
    points = rows.landmarks[modality][row].astype(np.float64)
    points = points[np.isfinite(points).all(axis=1)]
    size_px = _size_px(streams, modality)
    part = Part(0, 0, *size_px)
    if near and len(points):
        part = _about(points, wide / HIGH_PX, *size_px)
    picture = _shown(cv2, streams, rows, row, modality, part)
    if picture is None:
        return np.full((HIGH_PX, wide, 3), _NOTHING, np.uint8)
    points = points - part[:2]
    high_px, wide_px = picture.shape[:2]
    panel: Picture = cv2.resize(picture, (wide, HIGH_PX), interpolation=cv2.INTER_AREA)
    points = (points + 0.5) * (wide / wide_px, HIGH_PX / high_px) - 0.5
    color = _COLORS[State(int(rows.state[row]))]
    for x, y in points.tolist():
        place = (round(x * 16), round(y * 16))
        filled = -1 if rows.state[row] != State.INTERPOLATED else 1
        cv2.circle(panel, place, 40, _NOTHING, -1, cv2.LINE_AA, 4)  # to be seen on any colour
        cv2.circle(panel, place, 26, color, filled, cv2.LINE_AA, 4)
    return panel


def _about(points: Floats, shape: float, wide_px: int, high_px: int) -> Part:
    """Return the part of a picture around the points, so many times as wide as high."""
    high = min(_ROOM * float(np.ptp(points, axis=0).max()), high_px, wide_px / shape)
    wide = high * shape
    left, top = points.mean(axis=0) - (wide / 2, high / 2)
    left = round(min(max(float(left), 0.0), wide_px - wide))
    top = round(min(max(float(top), 0.0), high_px - high))
    return Part(left, top, min(left + round(wide), wide_px), min(top + round(high), high_px))


def _size_px(streams: Streams, modality: Modality) -> tuple[int, int]:
    """Return width and height of a stream's pictures; nothing of one that is not there."""
    footage = {
        Modality.COLOR: streams.color,
        Modality.DEPTH: streams.depth,
        Modality.THERMAL: streams.thermal,
    }[modality]
    return (0, 0) if footage is None else (footage.header.width_px, footage.header.height_px)


def _shown(
    cv2: Any, streams: Streams, rows: Rows, row: int, modality: Modality, part: Part
) -> Picture | None:
    """Return a part of what a camera saw, in colours; None where it saw nothing."""
    left, top, right, bottom = part
    if modality is Modality.COLOR:
        header = streams.color.header
        try:
            stored = Stored(streams.color.read(row).data, header.width_px, header.height_px)
            seen = stored.color((left, top, right, bottom))
        except DataError:
            return None
        there = seen.pixels[top - seen.top_px : bottom - seen.top_px]
        return np.ascontiguousarray(there[:, left - seen.left_px : right - seen.left_px])
    pixels = streams.take(modality, int(rows.frames[modality][row])).pixels
    if pixels is None:
        return None
    low, high = _NEAR_MM, _FAR_MM
    if modality is Modality.THERMAL:
        low, high = np.percentile(pixels[::4, ::4], _SHADES)
    pixels = pixels[top:bottom, left:right]
    share = np.clip((pixels.astype(np.float32) - low) / max(high - low, 1.0), 0.0, 1.0)
    if modality is Modality.DEPTH:
        share = np.where(pixels > 0, 1.0 - 0.85 * share, 0.0)
    grey = np.rint(255 * share).astype(np.uint8)
    how = cv2.COLORMAP_BONE if modality is Modality.DEPTH else cv2.COLORMAP_INFERNO
    return np.ascontiguousarray(cv2.applyColorMap(grey, how)[..., ::-1])
