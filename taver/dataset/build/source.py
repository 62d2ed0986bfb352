"""A session opened for cutting: its pictures, its faces, and which of them each slot shows."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

import numpy as np

from taver.core.codec import decode
from taver.core.errors import DataError
from taver.core.frames import FrameStatus, Modality
from taver.core.grid import NO_FRAME, fill_grid
from taver.core.session.folder import find
from taver.core.session.footage import Footage
from taver.core.study import Study
from taver.faces import store

if TYPE_CHECKING:
    import numpy.typing as npt

    from taver.core.session.folder import Session
    from taver.dataset.build.job import Cut
    from taver.faces.view import Stored

    Ints = npt.NDArray[np.int64]

_READ: Final = ("state", "similarity", "depth_frame", "thermal_frame", "thermal_similarity")


class Source:
    """The streams that are cut, and what `taver faces` found in them."""

    def __init__(self, study: Study, session: Session, cut: Cut) -> None:
        self.study, self.session, self.cut = study, session, cut
        rows = store.open_faces(session)
        self.rows: dict[str, npt.NDArray[Any]] = {name: rows[name][...] for name in _READ}
        self._open = contextlib.ExitStack()
        try:
            self.footage = {
                modality: self._open.enter_context(Footage(session, modality))
                for modality in {Modality.COLOR, *cut.modalities}
            }
        except BaseException:
            self.close()
            raise
        self.row_of_slot = rows_of_slots(
            self.footage[Modality.COLOR].unix_ns, cut.start_unix_ns, cut.slots, cut.rate_hz
        )

    @classmethod
    def of(cls, cut: Cut) -> Self:
        """Open what is to be cut."""
        study = Study(Path(cut.study))
        return cls(study, find(study, cut.session), cut)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the files."""
        self._open.close()

    def size_px(self, modality: Modality) -> tuple[int, int]:
        """Return width and height of a stream's pictures."""
        header = self.footage[modality].header
        return header.width_px, header.height_px

    def frame(self, modality: Modality, slot: int) -> int:
        """Return which frame of a stream a slot shows, or -1."""
        row = int(self.row_of_slot[slot])
        if row < 0 or modality is Modality.COLOR:
            return row
        return int(self.rows[f"{modality}_frame"][row])

    def time_ns(self, modality: Modality, frame: int) -> int:
        """Return when a frame was taken, from the recording's start."""
        return int(self.footage[modality].unix_ns[frame]) - self.cut.start_unix_ns

    def color(self, frame: int) -> Stored:
        """Return a colour frame of which only what is looked at gets decoded."""
        from taver.faces.view import Stored  # compiles

        width_px, height_px = self.size_px(Modality.COLOR)
        stored = self.footage[Modality.COLOR].read(frame)
        return Stored(stored.data, width_px, height_px)

    def raster(
        self, modality: Modality, frame: int, rows: slice | None = None
    ) -> npt.NDArray[np.uint16] | None:
        """Return a frame of depth or heat; None if it is damaged, or shows an earlier moment.

        Where no more than some rows are asked for, others may be 0.
        """
        width_px, height_px = self.size_px(modality)
        try:
            stored = self.footage[modality].read(frame)
            pixels: Any = decode(modality, stored.data, height_px, width_px, rows=rows)
        except DataError:
            return None
        return None if stored.stamp.status & FrameStatus.FROZEN else pixels


def rows_of_slots(color_ns: Ints, start_unix_ns: int, slots: int, rate_hz: int) -> Ints:
    """Return which colour frame, and so which row of faces.zarr, each slot shows; -1: none."""
    index = fill_grid(color_ns, start_ns=start_unix_ns, count=slots, rate_hz=rate_hz).frame_index
    return np.where(index == NO_FRAME, -1, index).astype(np.int64)
