"""Attention drawn over the face, bright where much is looked, beside the picture as it was."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from taver.core.extras import need

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    from taver.training.attention.maps import Looked

    Pixels = npt.NDArray[np.uint8]

_COLUMNS: Final = 8
_ROWS: Final = 6
_GAP_PX: Final = 2
_LOOKED_AT: Final = 100  # clips, to find what is brightest
_STRENGTH: Final = 0.65  # of the colour that attention is drawn in, where it is highest


def overlay(
    color: npt.NDArray[np.uint8], maps: npt.NDArray[np.float32], brightest: float
) -> Pixels:
    """Return pictures (..., height, width, 3) with attention on them, `brightest` the most."""
    matplotlib: Any = need("matplotlib", extra="train", to="draw attention")
    level = np.clip(maps / max(brightest, 1e-9), 0, 1)
    tint = np.asarray(matplotlib.colormaps["inferno"](level))[..., :3]
    share = (_STRENGTH * np.sqrt(level))[..., None]
    grey = color.mean(axis=-1, keepdims=True) / 255
    mixed: Pixels = np.rint(255 * ((1 - share) * grey + share * tint)).astype(np.uint8)
    return mixed


def brightest(seen: Looked) -> float:
    """Return the attention that is drawn brightest: a few points beyond it may be, too."""
    some = seen.maps[:: -(-len(seen.maps) // _LOOKED_AT) or 1]
    return float(np.quantile(some, 0.995)) if some.size else 1.0


def sheet(seen: Looked) -> Pixels:
    """Return some clips of a recording below each other, each a row of frames and a row of maps."""
    clips, frames = seen.maps.shape[:2]
    rows = np.unique(np.linspace(0, clips - 1, min(_ROWS, clips)).round().astype(int))
    columns = np.unique(np.linspace(0, frames - 1, min(_COLUMNS, frames)).round().astype(int))
    some = np.ix_(rows, columns)
    color = seen.color[some]
    marked = overlay(color, seen.maps[some], brightest(seen))
    lines = [line for pair in zip(color, marked, strict=True) for line in pair]
    return np.concatenate([_padded(_line(line), 0) for line in lines])


def film_frames(seen: Looked, enlarged: int) -> Iterator[Pixels]:
    """Yield every frame beside itself with attention, enlarged: an hour's would fill the memory."""
    most = brightest(seen)
    for color, maps in zip(seen.color, seen.maps, strict=True):
        both = np.concatenate([color, overlay(color, maps, most)], axis=2)
        yield from both.repeat(enlarged, axis=1).repeat(enlarged, axis=2)


def mean_map(seen: Looked) -> Pixels:
    """Return where was looked all in all, on the mean of the pictures."""
    color = seen.color.mean(axis=(0, 1))
    mean = seen.maps.mean(axis=(0, 1))
    return overlay(np.rint(color).astype(np.uint8), mean, float(mean.max()))


def png(picture: Pixels) -> bytes:
    """Return a picture as PNG."""
    images: Any = need("matplotlib.image", extra="train", to="draw attention")
    buffer = io.BytesIO()
    images.imsave(buffer, np.ascontiguousarray(picture), format="png")
    return buffer.getvalue()


def _line(pictures: Pixels) -> Pixels:
    return np.concatenate([_padded(picture, 1) for picture in pictures], axis=1)


def _padded(picture: Pixels, axis: int) -> Pixels:
    """Return the picture with a light line behind it."""
    widths = [(0, _GAP_PX if axis == along else 0) for along in range(2)]
    return np.pad(picture, [*widths, (0, 0)], constant_values=255)
