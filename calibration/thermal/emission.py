"""From the temperature that a surface seems to have to the one it has.

A surface of emissivity e sends out e times what a black body at its temperature T would, and throws
back 1 - e of what its surroundings, at T_r, send (Kirchhoff, for what lets nothing through):

    W(T_seen) = e W(T) + (1 - e) W(T_r)

W is the radiation in the camera's band. Planck's law at one wavelength that stands for the band,
W(T) = 1 / (exp(c2 / (l T)) - 1), can be solved for T; thermal cameras' makers calibrate with the
same form, R / (exp(B / T) - F). The air between is left out: over a metre it takes less than half a
percent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec
import numpy as np

from taver.core.errors import InputError

if TYPE_CHECKING:
    import numpy.typing as npt

_C2_UM_K: Final = 14_387.77  # h c / k


class Surface(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the camera looks at; the camera itself has to be set to an emissivity of 1."""

    emissivity: float = 0.98  # human skin: 0.97 to 0.99, whatever its colour
    reflected_k: float  # of the surroundings that mirror in it: usually the room's
    wavelength_um: float = 10.2  # that stands for 7.5 to 13 um at the temperatures of skin

    def __post_init__(self) -> None:
        problems = []
        if not 0.1 <= self.emissivity <= 1.0:
            problems.append(f"emissivity is {self.emissivity}, not 0.1 to 1")
        if not 150.0 <= self.reflected_k <= 1000.0:
            problems.append(f"reflected_k is {self.reflected_k}, not 150 to 1000")
        if not 1.0 <= self.wavelength_um <= 20.0:
            problems.append(f"wavelength_um is {self.wavelength_um}, not 1 to 20")
        if problems:
            raise InputError(
                f"No surface is like this: {'; '.join(problems)}",
                fix="skin is 0.98; a room of 22 degrees Celsius is 295.15 K; below an emissivity "
                "of 0.1 one sees a mirror, not a temperature",
                problems=problems,
            )

    def true_kelvin(self, seen_k: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Return the surface's temperature; NaN where its surroundings alone are brighter."""
        b = _C2_UM_K / self.wavelength_um
        with np.errstate(invalid="ignore", divide="ignore"):
            seen = 1.0 / np.expm1(b / seen_k.astype(np.float64))
            mirrored = (1.0 - self.emissivity) / np.expm1(b / self.reflected_k)
            own = (seen - mirrored) / self.emissivity
            kelvin = b / np.log1p(1.0 / np.where(own > 0, own, np.nan))
        return kelvin.astype(np.float32)
