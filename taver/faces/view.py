"""A colour frame of which only what is looked at gets decoded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

from taver.core.errors import DataError
from taver.core.extras import need
from taver.faces import tiles

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from taver.faces.finder import Grey

Box = tuple[float, float, float, float]  # left, top, right, bottom

_WHOLE_SHARE: Final = 0.6  # of the picture: then the rest is decoded, too


class Patch(NamedTuple):
    """A part of a picture, and which of its pixels the first one is."""

    pixels: npt.NDArray[np.uint8]
    left_px: int
    top_px: int


class View(Protocol):
    """A colour picture of a known size that can be looked at in parts."""

    width_px: int
    height_px: int

    def grey(self, box: Box | None = None) -> Patch:
        """Return a grey part that holds the box, or the whole; raises DataError if damaged."""
        ...

    def small(self) -> Grey:
        """Return the whole picture, an eighth as wide and high."""
        ...


class Plain:
    """A picture that is there as a whole: RGB or grey."""

    def __init__(self, pixels: npt.NDArray[np.uint8]) -> None:
        self.height_px, self.width_px = pixels.shape[:2]
        if pixels.ndim == 3:
            cv2 = need("cv2", extra="faces", to="find faces")
            pixels = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
        self._grey = pixels

    def grey(self, box: Box | None = None) -> Patch:  # noqa: ARG002  it is all there already
        """Return the whole picture."""
        return Patch(self._grey, 0, 0)

    def small(self) -> Grey:
        """Return it an eighth as wide and high."""
        cv2 = need("cv2", extra="faces", to="find faces")
        size = (-(-self.width_px // 8), -(-self.height_px // 8))
        small: Grey = cv2.resize(self._grey, size, interpolation=cv2.INTER_AREA)
        return small


class Stored:
    """A frame as recorded; tiles are decoded when they are first looked at."""

    def __init__(self, data: bytes | memoryview, width_px: int, height_px: int) -> None:
        self.width_px, self.height_px = width_px, height_px
        self._data = bytes(data)
        self._kept: dict[str, Patch] = {}
        self._jpeg = need("simplejpeg", extra="capture", to="read colour pictures")

    def grey(self, box: Box | None = None) -> Patch:
        """Return the light alone: exact to the last pixel of the part."""
        return self._part("GRAY", box, 0)

    def color(self, box: Box | None = None) -> Patch:
        """Return RGB; what is in the box is as in the whole picture."""
        return self._part("RGB", box, tiles.MARGIN_PX)

    def small(self) -> Grey:
        """Return it an eighth as wide and high, which takes half as long as all of it."""
        self._refuse_other_sizes()
        try:
            pixels: Grey = self._jpeg.decode_jpeg(
                self._data, colorspace="GRAY", min_factor=8, min_height=1
            )[..., 0]
        except ValueError as error:
            raise _unreadable(error) from None
        return pixels

    def _part(self, space: str, box: Box | None, margin_px: int) -> Patch:
        kept = self._kept.get(space)
        if kept is not None and self._holds(kept, box or self._whole, margin_px):
            return kept
        part = None
        if box is not None:
            wide, high = box[2] - box[0], box[3] - box[1]
            if wide * high < _WHOLE_SHARE * self.width_px * self.height_px:
                part = tiles.cut(
                    self._data,
                    (
                        box[0] - margin_px,
                        box[1] - margin_px,
                        box[2] + margin_px,
                        box[3] + margin_px,
                    ),
                )
        data, left, top = part if part is not None else (self._data, 0, 0)
        self._refuse_other_sizes()
        try:
            pixels = self._jpeg.decode_jpeg(data, colorspace=space)
        except ValueError as error:
            raise _unreadable(error) from None
        patch = Patch(pixels[..., 0] if space == "GRAY" else pixels, left, top)
        self._kept[space] = patch
        return patch

    @property
    def _whole(self) -> Box:
        return 0.0, 0.0, float(self.width_px), float(self.height_px)

    def _refuse_other_sizes(self) -> None:
        """Raise DataError before a damaged head makes room for pixels that are not there."""
        try:
            high, wide, *_ = self._jpeg.decode_jpeg_header(self._data)
        except ValueError as error:
            raise _unreadable(error) from None
        if (high, wide) != (self.height_px, self.width_px):
            raise DataError(
                f"A colour frame is {wide} x {high} px, not {self.width_px} x {self.height_px}",
                fix="run: taver session verify on this session; the file does not fit its header",
            )

    def _holds(self, kept: Patch, box: Box, margin_px: int) -> bool:
        """Tell whether a part holds the box and its margin, as far as the picture reaches."""
        high, wide = kept.pixels.shape[:2]
        low = (kept.left_px + margin_px, kept.top_px + margin_px)
        ends = (kept.left_px + wide - margin_px, kept.top_px + high - margin_px)
        return (
            (low[0] <= box[0] or kept.left_px == 0)
            and (low[1] <= box[1] or kept.top_px == 0)
            and (ends[0] >= box[2] or kept.left_px + wide >= self.width_px)
            and (ends[1] >= box[3] or kept.top_px + high >= self.height_px)
        )


def _unreadable(error: ValueError) -> DataError:
    return DataError(
        f"A colour frame is no readable JPEG ({error})",
        fix="run: taver session verify on this session",
    )
