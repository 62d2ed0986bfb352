"""Watches a recording of the board grow: which views are there, and which are still missing."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Final

import numpy as np

from calibration.coverage import features, look_of, meters
from calibration.detect.detector import find
from calibration.observations import Observations, View
from calibration.sources.growing import Growing
from calibration.sources.shot import SEEING
from calibration.sources.stillness import small
from taver.core import lock
from taver.core.errors import NotFoundError
from taver.core.frames import Modality
from taver.core.session.manifest import State

if TYPE_CHECKING:
    import numpy.typing as npt

    from calibration.board import Board
    from calibration.coverage import Look, Meter
    from taver.core.session.folder import Session

    Floats = npt.NDArray[np.float64]

_WATCHED: Final = (Modality.IR, Modality.THERMAL, Modality.COLOR)
_CALM: Final = 0.02  # of the picture's usual brightness: less is noise
_DIFFERENT: Final = 0.06  # in features: a view that was not there yet
_TOGETHER_NS: Final = 250_000_000


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Seen:
    """What one look at the recording brought."""

    new: bool  # a view was added
    said: str  # in a few words


class Watch:
    """A recording that is looked at again and again; every look costs a few tenths of a second."""

    def __init__(self, session: Session, board: Board) -> None:
        self._session = session
        self._board = board
        self._streams: dict[Modality, Growing] = {}
        self._before: npt.NDArray[np.float32] | None = None
        self._views: list[View] = []
        self._features: list[Floats] = []
        self._sizes: dict[str, tuple[int, int]] = {}
        self._open()

    @property
    def going_on(self) -> bool:
        """Whether the session is still being recorded."""
        self._session.reload()
        recording = self._session.manifest.state is State.RECORDING
        return recording and lock.is_held(self._session.folder)

    @property
    def meters(self) -> list[Meter]:
        """Every camera's coverage so far."""
        order = [m.value for m in SEEING if m.value in self._sizes]
        sizes = {camera: self._sizes[camera] for camera in order}
        return meters(Observations(board=self._board, sizes_px=sizes, views=tuple(self._views)))

    def look(self) -> Seen:
        """Look at what is newest; add a view if the board is held still at a new place."""
        self._open()
        watched = next((m for m in _WATCHED if m in self._streams), None)
        if watched is None or not self._streams[watched].follow():
            return Seen(new=False, said="waiting for pictures")
        newest = self._streams[watched].newest()
        if newest is None:
            return Seen(new=False, said="waiting for pictures")
        now_ns, picture = newest
        shrunk = small(picture)
        before, self._before = self._before, shrunk
        if before is None or before.shape != shrunk.shape or _moves(before, shrunk):
            return Seen(new=False, said="hold it still")
        return self._add(now_ns, {watched: picture})

    def _add(self, now_ns: int, pictures: dict[Modality, npt.NDArray[np.generic]]) -> Seen:
        for modality in SEEING:
            if modality in self._streams and modality not in pictures:
                self._streams[modality].follow()
                newest = self._streams[modality].newest()
                if newest is not None and abs(newest[0] - now_ns) < _TOGETHER_NS:
                    pictures[modality] = newest[1]
        for modality, picture in pictures.items():
            self._sizes[modality.value] = (picture.shape[1], picture.shape[0])
        sightings = {}
        for modality, picture in pictures.items():
            found = find(picture, modality.value, self._board, thorough=False)
            if found is not None:
                sightings[str(modality.value)] = found.sighting
        if not sightings:
            return Seen(new=False, said="no board is seen")
        camera = next(m.value for m in SEEING if m.value in sightings)
        look = look_of(sightings[camera], self._board, camera, self._sizes[camera])
        if look is None or self._is_known(look):
            return Seen(new=False, said="seen from here already: go on")
        self._features.append(features(look))
        name = f"view {len(self._views) + 1}"
        self._views.append(View(name=name, sightings=sightings))
        blind = [m.value for m in pictures if m.value not in sightings]
        missing = f", not seen by {' and '.join(blind)}" if blind else ""
        return Seen(new=True, said=f"{name}{missing}")

    def _is_known(self, look: Look) -> bool:
        here = features(look)
        return any(np.linalg.norm(here - there) < _DIFFERENT for there in self._features)

    def _open(self) -> None:
        """Open what streams there are by now."""
        for modality, record in self._session.manifest.streams.items():
            if modality in SEEING and modality not in self._streams and record.pieces:
                path = self._session.piece_file(record.pieces[-1])
                self._streams[modality] = Growing(path, modality)


def _moves(before: npt.NDArray[np.float32], now: npt.NDArray[np.float32]) -> bool:
    usual = max(float(np.median(now)), 1.0)
    spread = max(float(np.ptp(now)), 0.02 * usual)
    return float(np.abs(now - before).mean()) > _CALM * min(usual, spread)


def require_recording(session: Session) -> None:
    """Raise NotFoundError unless the session is being recorded at this moment."""
    if session.manifest.state is not State.RECORDING or not lock.is_held(session.folder):
        raise NotFoundError(
            f"Session {session.name} is not being recorded",
            fix=f"start it in another window (taver capture --session {session.name}), or "
            f"calibrate what is there: taver calibrate --session {session.name}",
        )
