"""The pictures of a stream, put on the time line as they were recorded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from capture import shades
from taver.core.codec import decode
from taver.core.errors import DataError
from taver.core.frames import Modality
from taver.view import paths

if TYPE_CHECKING:
    from taver.core.progress import Progress
    from taver.core.session.footage import Footage
    from taver.view.span import Span

_JPEG_QUALITY: Final = 90


def show(
    rerun: Any, stream: Any, footage: Footage, modality: Modality, span: Span, progress: Progress
) -> int:
    """Log every picture inside `span`; return how many are damaged and left out."""
    numbers = np.flatnonzero(span.holds(footage.unix_ns))
    progress.begin(f"{modality}", len(numbers))
    damaged = 0
    for number in numbers.tolist():
        stream.set_time(paths.TIME, timestamp=np.datetime64(int(footage.unix_ns[number]), "ns"))
        try:
            stream.log(paths.picture(modality), _encoded(rerun, footage, modality, number))
        except DataError:
            damaged += 1
        progress.advance()
    return damaged


def _encoded(rerun: Any, footage: Footage, modality: Modality, number: int) -> Any:
    """Return colour as it lies on the disk; all else in taver's shades, small enough to keep."""
    header, stored = footage.header, footage.read(number)
    if modality is Modality.COLOR:
        return _jpeg(rerun, stored.data)
    pixels: Any = decode(modality, stored.data, header.height_px, header.width_px)
    within = shades.bounds(modality, header.unit, pixels)
    data = shades.jpeg(shades.shown(modality, pixels, within), _JPEG_QUALITY)
    return _jpeg(rerun, data)


def _jpeg(rerun: Any, data: bytes | memoryview) -> Any:
    # Bytes as such would be taken one by one, which takes seconds.
    return rerun.EncodedImage(contents=np.frombuffer(data, np.uint8), media_type="image/jpeg")
