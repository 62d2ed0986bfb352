"""How to solve: which lens model, what is held fixed, and what counts as an outlier."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from calibration.solve.lens import NAMES


class Setting(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All that can be chosen about solving."""

    coefficients: Literal[5, 8] = 5  # of Brown's model
    fix_principal_point: bool = False  # in the middle of the picture
    fix_k3: bool = False
    fix_tangential: bool = False
    outlier_sigmas: Annotated[float, msgspec.Meta(ge=3.0, le=100.0)] = 5.0
    worst_view: Annotated[float, msgspec.Meta(ge=1.5, le=100.0)] = 3.0  # times the usual error

    def free_of(self, camera: str, parameters: int) -> list[str]:
        """Return the names of the lens's parameters that are solved for."""
        held = set()
        if self.fix_principal_point:
            held |= {"cx_px", "cy_px"}
        if self.fix_k3:
            held.add("k3")
        if self.fix_tangential:
            held |= {"p1", "p2"}
        return [f"{camera}.{name}" for name in NAMES[:parameters] if name not in held]
