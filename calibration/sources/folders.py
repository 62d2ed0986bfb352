"""Takes shots of the board from a folder of pictures, or of videos that run together.

Which camera took a file stands in its name or its folder's (`color/0001.png`, `0001_ir.png`,
`thermal.mp4`), and what is left of the name tells which moment it is.
"""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from calibration.detect import faults
from calibration.sources.shot import About, Shot
from calibration.sources.stillness import small, still
from calibration.vision import vision
from taver.core.digest import sha256_of
from taver.core.errors import DataError, NotFoundError
from taver.core.frames import Modality
from taver.core.storage import explained

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import numpy.typing as npt

    Picture = npt.NDArray[Any]

_PICTURES: Final = {".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp", ".npy"}
_VIDEOS: Final = {".mp4", ".avi", ".mkv", ".mov"}
_WORDS: Final = {
    Modality.COLOR: ("color", "colour", "rgb"),
    Modality.DEPTH: ("depth",),
    Modality.IR: ("infrared", "ir"),
    Modality.THERMAL: ("thermal", "flir", "heat"),
}
_MOST_WATCHED: Final = 3000


class FolderSource:
    """The shots of one folder."""

    def __init__(self, folder: Path, *, simulated: bool = False) -> None:
        """Look through the folder; a picture does not say of itself that it was drawn."""
        self._simulated = simulated
        with explained(folder):
            if not folder.is_dir():
                raise NotFoundError(f"There is no folder {folder}", fix="check the path")
            files = sorted(p for p in folder.rglob("*") if p.is_file())
        self._folder = folder
        self._pictures: dict[str, dict[Modality, Path]] = {}
        self._videos: dict[Modality, Path] = {}
        for file in files:
            modality, rest = _told(file.relative_to(folder))
            if modality is None:
                continue
            if file.suffix.lower() in _PICTURES:
                known = self._pictures.setdefault(rest, {}).setdefault(modality, file)
            elif file.suffix.lower() in _VIDEOS:
                known = self._videos.setdefault(modality, file)
            else:
                continue
            if known != file:
                raise DataError(
                    f"Two {modality} pictures of one moment: {known.name} and {file.name}",
                    fix="give each moment a number of its own: color/0001.png with ir/0001.png",
                )
        if not self._pictures and not self._videos:
            raise NotFoundError(
                f"{folder} has no pictures that tell which camera took them",
                fix="put them into color/, ir/, depth/ and thermal/, the same file name for the "
                "same moment",
            )
        self._moments: list[int] | None = None

    @property
    def about(self) -> About:
        """What is known: only the files themselves."""
        files = [*self._videos.values(), *(f for s in self._pictures.values() for f in s.values())]
        inputs = {}
        for file in files:
            inputs[file.relative_to(self._folder).as_posix()] = f"sha256:{sha256_of(file)}"
        return About(
            names=(self._folder.name,), serials={}, inputs=inputs, simulated=self._simulated
        )

    def __len__(self) -> int:
        return len(self._pictures) + (len(self._still()) if self._videos else 0)

    def shots(self) -> Iterator[Shot]:
        """Yield the pictures of every moment."""
        for name, files in self._pictures.items():
            pictures = {m: read_picture(file) for m, file in files.items()}
            depth = pictures.pop(Modality.DEPTH, None)
            if depth is not None:
                faults.require_depth(depth, files[Modality.DEPTH].name)
            yield Shot(name=name, pictures=pictures, depth_mm=depth)
        if self._videos:
            yield from self._of_videos()

    def _of_videos(self) -> Iterator[Shot]:
        if Modality.DEPTH in self._videos:
            raise DataError(
                f"{self._videos[Modality.DEPTH].name} is a video, and videos have 8 bit a pixel",
                fix="save depth as 16-bit PNG in millimetres, in a folder depth/",
            )
        moments = set(self._still())
        streams = {m: _frames(path) for m, path in self._videos.items()}
        for number, together in enumerate(zip(*streams.values(), strict=False)):
            if number in moments:
                yield Shot(
                    name=f"frame {number}", pictures=dict(zip(streams, together, strict=True))
                )

    def _still(self) -> list[int]:
        """Return the frames in the middle of each time that nothing moved."""
        if self._moments is None:
            watched = next(m for m in _WORDS if m in self._videos)
            looks = []
            for number, frame in enumerate(_frames(self._videos[watched])):
                if number >= _MOST_WATCHED:
                    break
                looks.append(small(frame))
            self._moments = [(first + last) // 2 for first, last in still(looks)]
        return self._moments


def read_picture(path: Path) -> Picture:
    """Return a picture as it is stored: RGB, or grey of any depth."""
    cv2 = vision()
    with explained(path):
        data = path.read_bytes()
    if path.suffix.lower() == ".npy":
        try:
            stored = np.load(io.BytesIO(data), allow_pickle=False)
        except ValueError as error:
            raise DataError(f"{path} is no numpy array ({error})", fix="save it again") from None
        return np.asarray(stored)
    # OpenCV itself cannot open names of other alphabets everywhere, so it gets the bytes.
    pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED) if data else None
    if pixels is None:
        raise DataError(
            f"{path} is no readable picture", fix="save it again as PNG, or take it away"
        )
    if pixels.ndim == 3:
        pixels = cv2.cvtColor(pixels[..., :3], cv2.COLOR_BGR2RGB)
    return np.asarray(pixels)


def _frames(path: Path) -> Iterator[Picture]:
    cv2 = vision()
    video = cv2.VideoCapture(str(path))
    try:
        if not video.isOpened():
            raise DataError(
                f"{path} is no readable video", fix="save it again as MP4, or as single pictures"
            )
        while True:
            there, frame = video.read()
            if not there:
                return
            yield np.asarray(cv2.cvtColor(frame, cv2.COLOR_BGR2RGB))
    finally:
        video.release()


def _told(path: Path) -> tuple[Modality | None, str]:
    """Return which camera took a file, and what its name says besides."""
    text = "/".join([*path.parent.parts, path.stem]).lower()
    for modality, words in _WORDS.items():
        for word in words:
            found = re.search(rf"(?<![a-z]){word}(?![a-z])", text)
            if found:
                rest = text[: found.start()] + text[found.end() :]
                return modality, re.sub(r"^[/_\-. ]+|[/_\-. ]+$", "", rest) or "0"
    return None, ""
