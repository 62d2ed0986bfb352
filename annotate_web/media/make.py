"""The videos of a session's stretch: made whole, with the time of every picture."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from annotate_web.media import video
from annotate_web.media.sound import heard
from taver.core import atomic
from taver.core.codec import decode
from taver.core.digest import sha256_of
from taver.core.errors import ConsentError, DataError
from taver.core.frames import Modality
from taver.core.session import agreed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import numpy.typing as npt

    from annotate_web.media.slots import Slots
    from annotate_web.media.window import Window
    from taver.core.progress import Progress
    from taver.core.session.folder import Session
    from taver.core.session.footage import Footage
    from taver.core.study import Study

    Picture = npt.NDArray[np.uint8]


class Made(NamedTuple):
    """A video, and what is to be known of it."""

    sha256: str
    sound: bool
    notes: tuple[str, ...]


def sound_allowed(study: Study, session: Session) -> tuple[bool, str]:
    """Tell whether the video may have sound, and why not if it was recorded and may not."""
    if Modality.SOUND not in session.manifest.streams:
        return False, ""
    try:
        agreed.require(study, session.manifest, (Modality.SOUND,))
    except ConsentError as error:
        return False, f"sound: left out, {error.what}"
    return True, ""


def make(
    session: Session,
    color: Footage,
    slots: Slots,
    window: Window,
    path: Path,
    *,
    sound: bool,
    progress: Progress,
) -> Made:
    """Write the video of these slots at `path`, all at once; one that is there is replaced."""
    notes = []
    if slots.held.any():
        notes.append(
            f"{int(slots.held.sum())} of {len(slots)} tenths of a second have no picture of "
            "their own: the one before stands still"
        )
    samples = heard(session, int(slots.unix_ns[0]), len(slots)) if sound else None
    if samples is not None and samples.damaged:
        notes.append(f"{samples.damaged} damaged blocks of sound are silent")
    source = _Pictures(session.name, color, slots, window, progress)
    simulated = ", SIMULATED" if session.manifest.simulated else ""
    with atomic.replacing(path) as beside:
        video.write(
            beside,
            source,
            title=path.stem + simulated,
            sound=None if samples is None else (samples.samples, samples.samples_hz),
        )
        digest = sha256_of(beside)
    if source.damaged:
        notes.append(f"{source.damaged} damaged pictures: the one before stands still")
    return Made(digest, samples is not None, tuple(notes))


class _Pictures:
    """The pictures of the slots in turn; what cannot be read stands still."""

    def __init__(
        self, name: str, color: Footage, slots: Slots, window: Window, progress: Progress
    ) -> None:
        self._name, self._color, self._slots = name, color, slots
        self._window, self._progress = window, progress
        self.damaged = 0

    def __iter__(self) -> Iterator[Picture]:
        numbers = self._slots.frames.tolist()
        shown = next((p for n in numbers if (p := self._read(n)) is not None), None)
        if shown is None:
            raise DataError(
                f"No picture of this stretch of {self._name} can be read",
                fix=f"taver session verify {self._name}",
            )
        last = -1
        for number, held in zip(numbers, self._slots.held.tolist(), strict=True):
            if not held and number != last:
                picture = self._read(number)
                if picture is None:
                    self.damaged += 1
                else:
                    shown = picture
                last = number
            self._progress.advance()
            yield shown

    def _read(self, number: int) -> Picture | None:
        header = self._color.header
        try:
            stored = self._color.read(number)
            pixels = decode(Modality.COLOR, stored.data, header.height_px, header.width_px)
        except DataError:
            return None
        return self._window.of(np.asarray(pixels, np.uint8))
