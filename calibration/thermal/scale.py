"""Counts to kelvin: what one count of the thermal camera stands for."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import msgspec
import numpy as np

from taver.core.errors import InputError

if TYPE_CHECKING:
    import numpy.typing as npt

    Float32 = npt.NDArray[np.float32]

_UNIT: Final = re.compile(
    r"\s*(\d*\.?\d+(?:[eE][+-]?\d+)?)\s*K\s*(?:([+-])\s*(\d*\.?\d+)\s*K?)?\s*"
)
_BITS: Final = 16
_OF_14_BITS: Final = (0.04, 0.4)  # kelvin a count


class Scale(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Kelvin = `kelvin_per_count` x count + `offset_k`; the lowest and highest counts are no data.

    A FLIR A65 in its linear mode tells 0.04 K a count in high gain and 0.4 K in low gain, from
    absolute zero, in 14 bits: 0 to 655 K and 0 to 6553 K, of which its sensor reaches a part.
    Cameras of 16 bits tell 0.01 K and 0.1 K a count, which reaches as far.
    """

    kelvin_per_count: float = 0.04
    offset_k: float = 0.0
    bits: int = 14

    def __post_init__(self) -> None:
        problems = []
        if not 0.0 < self.kelvin_per_count <= 10.0:
            problems.append(
                f"kelvin_per_count is {self.kelvin_per_count}, not above 0 and up to 10"
            )
        if not abs(self.offset_k) <= 1000.0:
            problems.append(f"offset_k is {self.offset_k}, not within 1000 K")
        if not 8 <= self.bits <= _BITS:
            problems.append(f"bits is {self.bits}, not 8 to {_BITS}")
        if problems:
            raise InputError(
                f"No thermal scale is like this: {'; '.join(problems)}",
                fix="take the camera's data sheet: an A65 has 0.04 K a count in high gain, 0.4 K "
                "in low gain, 14 bits",
                problems=problems,
            )

    @classmethod
    def from_unit(cls, unit: str, *, bits: int | None = None) -> Scale:
        """Read a stream's unit: "0.04 K", "0.4 K", or with an offset, "0.01 K + 173.15".

        Where the bits are not given, 0.04 K and 0.4 K are a camera's of 14, and others of 16.
        """
        told = _UNIT.fullmatch(unit)
        if told is None:
            raise InputError(
                f"A thermal stream's unit is {unit!r}, which is no temperature",
                fix='record in the camera\'s temperature-linear mode, unit "0.04 K" (high gain) or '
                '"0.4 K" (low gain); counts of radiation cannot be turned into kelvin without the '
                "camera's own constants",
            )
        sign = -1.0 if told[2] == "-" else 1.0
        offset_k = sign * float(told[3]) if told[3] else 0.0
        per_count = float(told[1])
        if bits is None:
            bits = 14 if per_count in _OF_14_BITS else _BITS
        return cls(kelvin_per_count=per_count, offset_k=offset_k, bits=bits)

    @property
    def saturated(self) -> int:
        """Return the highest count, which stands for itself and for everything hotter."""
        return (1 << self.bits) - 1

    def kelvin(self, counts: Any) -> Float32:
        """Return temperatures; NaN where the sensor told its lowest or highest count."""
        told = self.check(counts)
        kelvin = told.astype(np.float32)
        kelvin *= np.float32(self.kelvin_per_count)
        kelvin += np.float32(self.offset_k)
        kelvin[(told == 0) | (told == self.saturated)] = np.nan
        return kelvin

    def holds(self, counts: npt.NDArray[np.uint16]) -> bool:
        """Tell whether a picture holds no more than the camera can tell."""
        return int(counts.max(initial=0)) <= self.saturated

    def check(self, counts: Any) -> npt.NDArray[np.uint16]:
        """Return the counts of a picture; raise InputError if they are none of this camera's."""
        told: npt.NDArray[np.uint16] = np.asarray(counts)
        if told.dtype.kind != "u" or told.dtype.itemsize != 2:
            what = f"A thermal picture of {told.dtype}"
            fix = "give the recorded counts, unsigned 16 bit"
            if told.dtype == np.uint8:
                fix = "8 bits are a picture to look at, not to measure in: " + fix
            elif told.dtype.kind == "f":
                fix = "it seems to hold temperatures already; " + fix
            raise InputError(what, fix=fix)
        most = int(told.max(initial=0))
        if most > self.saturated:
            raise InputError(
                f"A thermal picture holds {most}, more than {self.bits} bits can",
                fix="name the bits the camera gives: Scale(..., bits=16); or it is a picture of "
                "another sensor",
            )
        return told
