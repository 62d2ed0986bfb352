"""Takes shots of the board from a recorded session: from each time that it was held still.

Everything that is read of a session's recordings for calibration is read here.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any, Final

import msgspec
import numpy as np

from calibration.sources.shot import SEEING, About, Shot
from calibration.sources.stillness import small, still
from taver.core import codec
from taver.core.camera import Camera
from taver.core.clock import NS_PER_S
from taver.core.errors import DataError, InputError, NotFoundError
from taver.core.frames import FACTORY, FrameStatus, Modality
from taver.core.receipt import fingerprint
from taver.core.session.footage import Footage

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    from taver.core.session.folder import Session
    from taver.core.session.manifest import Manifest

    Picture = npt.NDArray[Any]

_WATCHED: Final = (Modality.IR, Modality.THERMAL, Modality.COLOR)  # for movement; small ones first
_MOST_WATCHED: Final = 3000  # frames; of longer recordings every second one, every third ...
_MOST_SPANS: Final = 120
_AVERAGED: Final = 5  # frames: less noise than one, and still one moment
_NEEDED: Final = (Modality.COLOR, Modality.IR)


class SessionSource:
    """The shots of one session."""

    def __init__(self, session: Session) -> None:
        self._session = session
        streams = session.manifest.streams
        missing = [m for m in _NEEDED if m not in streams or not streams[m].frames]
        if missing:
            raise NotFoundError(
                f"Session {session.name} has no {' and no '.join(missing)} pictures (it has: "
                f"{', '.join(streams) or 'nothing'})",
                fix="record the board with colour, infrared and depth, and with heat for a "
                "thermal camera",
            )
        self._there = tuple(m for m in (*SEEING, Modality.DEPTH) if m in streams)
        self._spans: list[tuple[int, int]] | None = None

    @property
    def about(self) -> About:
        """What the session's document says of it."""
        manifest = self._session.manifest
        serials: dict[Modality, str] = {}
        drivers: dict[Modality, str] = {}
        inputs: dict[str, str] = {}
        for modality in self._there:
            pieces = manifest.streams[modality].pieces
            different = {piece.serial for piece in pieces}
            if len(different) > 1:
                raise DataError(
                    f"The {modality} stream of session {self._session.name} is of several cameras: "
                    f"{', '.join(sorted(different))}",
                    fix="calibrate from a session recorded with one rig",
                )
            serials[modality], drivers[modality] = pieces[0].serial, pieces[0].driver
            for path in self._session.stream_files(modality):
                inputs[f"{self._session.name}/{path.name}"] = fingerprint(path)
        return About(
            names=(self._session.name,),
            serials=serials,
            drivers=drivers,
            inputs=inputs,
            simulated=manifest.simulated,
            factory=_factory(manifest),
        )

    def __len__(self) -> int:
        return len(self._still())

    def shots(self) -> Iterator[Shot]:
        """Yield the pictures of each time that the board was held still."""
        with contextlib.ExitStack() as stack:
            streams = {m: stack.enter_context(Footage(self._session, m)) for m in self._there}
            start_ns = min(int(s.unix_ns[0]) for s in streams.values() if len(s))
            for first_ns, last_ns in self._still():
                pictures: dict[Modality, Picture] = {
                    modality: taken
                    for modality, footage in streams.items()
                    if (taken := _averaged(footage, modality, first_ns, last_ns)) is not None
                }
                depth = pictures.pop(Modality.DEPTH, None)
                at_s = ((first_ns + last_ns) / 2 - start_ns) / NS_PER_S
                yield Shot(
                    name=f"{self._session.name} {at_s:.1f} s", pictures=pictures, depth_mm=depth
                )

    def _still(self) -> list[tuple[int, int]]:
        """Return from when to when nothing moved, in nanoseconds."""
        if self._spans is None:
            watched = next(m for m in _WATCHED if m in self._there)
            with Footage(self._session, watched) as footage:
                every = -(-len(footage) // _MOST_WATCHED)
                numbers = [n for n in range(0, len(footage), every) if _is_good(footage, n)]
                looks = [small(_decoded(footage, watched, n)) for n in numbers]
                times = [int(footage.unix_ns[n]) for n in numbers]
            spans = [(times[a], times[b]) for a, b in still(looks)]
            if len(spans) > _MOST_SPANS:
                spans = sorted(sorted(spans, key=lambda s: s[0] - s[1])[:_MOST_SPANS])
            self._spans = spans
        return self._spans


def _factory(manifest: Manifest) -> dict[Modality, Camera]:
    """Return the cameras as their devices told of them when they were opened."""
    told: dict[Modality, Camera] = {}
    for device in manifest.devices:
        for modality in SEEING:
            text = device.settings.get(f"{FACTORY}{modality}")
            if text is not None:
                with contextlib.suppress(msgspec.ValidationError, msgspec.DecodeError, InputError):
                    told[modality] = msgspec.json.decode(text, type=Camera)
    return told


def _is_good(footage: Footage, number: int) -> bool:
    return footage.stamp(number).status == FrameStatus.OK


def _decoded(footage: Footage, modality: Modality, number: int) -> Picture:
    header = footage.header
    return codec.decode(modality, footage.read(number).data, header.height_px, header.width_px)


def _averaged(footage: Footage, modality: Modality, first_ns: int, last_ns: int) -> Picture | None:
    """Return the picture of this time: of colour one, of the noisy ones the mean of a few.

    The first quarter is left out where there is enough: a hand takes a while to come to rest.
    """
    late_ns = first_ns + (last_ns - first_ns) // 4
    for begin_ns in (late_ns, first_ns):
        low, high = np.searchsorted(footage.unix_ns, [begin_ns, last_ns + 1])
        numbers = [n for n in range(int(low), int(high)) if _is_good(footage, n)]
        if numbers:
            break
    else:
        return None
    middle = len(numbers) // 2
    if modality is Modality.COLOR:
        return _decoded(footage, modality, numbers[middle])
    first = max(0, min(middle - _AVERAGED // 2, len(numbers) - _AVERAGED))
    stack = [_decoded(footage, modality, n) for n in numbers[first : first + _AVERAGED]]
    return _mean_depth(stack) if modality is Modality.DEPTH else _mean(stack)


def _mean(stack: list[Picture]) -> Picture:
    return np.asarray(np.mean(np.stack(stack), axis=0, dtype=np.float32))


def _mean_depth(stack: list[Picture]) -> Picture:
    """Return the mean of what was measured; a hole in most frames stays a hole."""
    values = np.stack(stack).astype(np.float32)
    counts = (values > 0).sum(axis=0)
    mean = values.sum(axis=0) / np.maximum(counts, 1)
    return np.where(2 * counts > len(stack), mean, 0.0).astype(np.float32)
