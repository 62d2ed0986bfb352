"""Pictures to a WebM file that a browser can jump in: VP9, a key frame each second."""

from __future__ import annotations

import fractions
from typing import TYPE_CHECKING, Any, Final

from annotate_web.media.slots import RATE_HZ
from taver.core.extras import need
from taver.core.private import FILE_MODE
from taver.core.storage import explained

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    import numpy as np
    import numpy.typing as npt

# No frame waits for a later one, and none is hidden: packet k is picture k.
_VP9: Final = {
    "deadline": "realtime", "cpu-used": "6", "crf": "28", "b": "0", "g": str(RATE_HZ),
    "keyint_min": str(RATE_HZ), "lag-in-frames": "0", "auto-alt-ref": "0",
}  # fmt: skip
_BT709, _LIMITED = 1, 1
_SOUND_HZ: Final = 48_000  # Opus knows no other
_SOUND_BITS: Final = 64_000
# So that players know where every second begins before they have read the whole.
_CONTAINER: Final = {"cues_to_front": "1"}


def write(
    path: Path,
    pictures: Iterable[npt.NDArray[np.uint8]],
    *,
    title: str,
    sound: tuple[npt.NDArray[np.int16], int] | None = None,
) -> None:
    """Write RGB pictures, ten a second, and if there is sound, its samples and their rate."""
    av = need("av", extra="web", to="make videos for annotators")
    path.touch(mode=FILE_MODE)
    with explained(path), av.open(str(path), "w", format="webm", options=_CONTAINER) as film:
        film.metadata["title"] = title
        video: Any = film.add_stream("libvpx-vp9", rate=RATE_HZ, options=_VP9)
        video.pix_fmt = "yuv420p"
        context = video.codec_context
        context.colorspace, context.color_range = _BT709, _LIMITED
        context.color_primaries = context.color_trc = _BT709
        context.thread_count = 1
        heard = _Sound(av, film, *sound) if sound is not None else None
        for number, picture in enumerate(pictures):
            if number == 0:
                video.height, video.width = picture.shape[:2]
            frame = av.VideoFrame.from_ndarray(picture, "rgb24").reformat(
                format="yuv420p", dst_colorspace="ITU709", dst_color_range="MPEG"
            )
            frame.pts, frame.time_base = number, fractions.Fraction(1, RATE_HZ)
            if number % RATE_HZ == 0:
                frame.pict_type = av.video.frame.PictureType.I
            film.mux(video.encode(frame))
            if heard is not None:
                heard.up_to(number + 1)
        film.mux(video.encode())
        if heard is not None:
            heard.end()


class _Sound:
    """The track of sound, laid between the pictures as time goes on."""

    def __init__(self, av: Any, film: Any, samples: npt.NDArray[np.int16], samples_hz: int) -> None:
        self._av, self._film = av, film
        self._samples, self._samples_hz = samples, samples_hz
        self._done = 0
        layout = "mono" if samples.shape[1] == 1 else "stereo"
        self._layout = layout
        self._track = film.add_stream("libopus", rate=_SOUND_HZ, layout=layout)
        self._track.bit_rate = _SOUND_BITS
        self._resampler = av.AudioResampler(format="s16", layout=layout, rate=_SOUND_HZ)

    def up_to(self, slots: int) -> None:
        """Write what is heard during so many slots."""
        until = min(len(self._samples), slots * self._samples_hz // RATE_HZ)
        block = self._samples[self._done : until]
        if not len(block):
            return
        frame = self._av.AudioFrame.from_ndarray(
            block.reshape(1, -1), format="s16", layout=self._layout
        )
        frame.sample_rate = self._samples_hz
        frame.pts, frame.time_base = self._done, fractions.Fraction(1, self._samples_hz)
        self._done = until
        for ready in self._resampler.resample(frame):
            self._film.mux(self._track.encode(ready))

    def end(self) -> None:
        """Write what is left."""
        for ready in self._resampler.resample(None):
            self._film.mux(self._track.encode(ready))
        self._film.mux(self._track.encode())
