"""Looks at a recording again and again, and tells what has become wrong and what is well again."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final

from capture.desk.health import depth, face, flow, heat
from capture.desk.health.latch import Latch
from taver.core.frames import FrameStatus, Modality

if TYPE_CHECKING:
    from collections.abc import Mapping

    from capture.desk.health.face import Box, Detector
    from capture.desk.health.finding import Finding
    from capture.glimpse import Glimpse
    from capture.status import SessionStatus
    from taver.core.frames import DeviceInfo

_DROPS_OVER_S: Final = 5.0
_RATES_SETTLE_S: Final = 5.0
_FACE_EVERY_S: Final = 1.0


class Watch:
    """What was seen so far, and the warnings in force."""

    def __init__(
        self, devices: tuple[DeviceInfo, ...], detector: Detector | None, *, person: bool = True
    ) -> None:
        """Look at these; where `person` is false nobody is expected before the cameras."""
        self._nominal_hz = {s.modality: s.rate_hz for d in devices for s in d.streams}
        self._detector = detector if person else None
        self._person = person
        self._latch = Latch()
        self._counts: deque[tuple[float, dict[Modality, dict[str, int]]]] = deque()
        self._standing: heat.Standing | None = None
        self._box: Box | None = None
        self._was_seen = False
        self._looked_s = -_FACE_EVERY_S

    @property
    def raised(self) -> tuple[Finding, ...]:
        """Return the warnings in force."""
        return self._latch.raised

    @property
    def face(self) -> Box | None:
        """Return where the face was found last, or None if it was not."""
        return self._box

    def look(
        self, status: SessionStatus, glimpses: Mapping[Modality, Glimpse], now_s: float
    ) -> list[Finding]:
        """Look once more; return the new warnings, and those that are over (their level tells)."""
        return self._latch.hear(self.findings(status, glimpses, now_s), now_s)

    def findings(
        self, status: SessionStatus, glimpses: Mapping[Modality, Glimpse], now_s: float
    ) -> list[Finding]:
        """Return all that can be said now, good and bad."""
        found = [*self._of_flow(status, now_s), *self._of_faces(glimpses, now_s)]
        thermal = glimpses.get(Modality.THERMAL)
        if thermal is not None:
            if self._person and not thermal.status & FrameStatus.FROZEN:
                warmth = heat.judged(thermal.pixels, thermal.unit)
                found += [warmth] if warmth is not None else []
            before = self._standing
            self._standing = heat.standing(thermal) if before is None else before.after(thermal)
            found.append(self._standing.judged())
        return found

    def _of_flow(self, status: SessionStatus, now_s: float) -> list[Finding]:
        of = flow.streams(status)
        found: list[Finding | None] = [flow.skew(status.skew_ms), flow.disk(status)]
        found += [flow.clock(m.name, m.clock_error_us) for m in status.machines if m.reachable]
        found += [flow.queue(stream) for stream in of.values()]
        if status.elapsed_s >= _RATES_SETTLE_S:
            found += [
                flow.rate(stream, self._nominal_hz.get(modality, 0.0))
                for modality, stream in of.items()
            ]
        self._counts.append((now_s, {m: dict(s.dropped) for m, s in of.items()}))
        while len(self._counts) > 1 and self._counts[1][0] <= now_s - _DROPS_OVER_S:
            self._counts.popleft()
        since_s, counts = self._counts[0]
        if now_s > since_s:
            found += [flow.drops(s, counts.get(m, {}), now_s - since_s) for m, s in of.items()]
        return [finding for finding in found if finding is not None]

    def _of_faces(self, glimpses: Mapping[Modality, Glimpse], now_s: float) -> list[Finding]:
        color, depths = glimpses.get(Modality.COLOR), glimpses.get(Modality.DEPTH)
        if color is None or self._detector is None or now_s - self._looked_s < _FACE_EVERY_S:
            return []
        self._looked_s = now_s
        self._box = self._detector(color.pixels)  # type: ignore[arg-type]  # colour is uint8
        found = [face.judged(self._box, seen_before=self._was_seen)]
        self._was_seen |= self._box is not None
        if self._box is not None and depths is not None:
            found.append(depth.judged(self._box, depths.pixels))
        return found
