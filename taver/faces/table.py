"""faces.csv: what a researcher opens in a table program, one row for each colour frame."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from taver.faces.track import State

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt

    Columns = Mapping[str, npt.NDArray[Any]]

_SIGNALS: Final = (
    "confidence", "flaws", "yaw_deg", "pitch_deg", "roll_deg", "mouth_opening", "sharpness",
    "exposure", "clipped", "occlusion", "depth_frame", "thermal_frame",
)  # fmt: skip
_DIGITS: Final = 4


def table_of(columns: Columns, warm: Columns, simulated: bool) -> bytes:
    """Return the table as CSV; a cell of what is not known is empty."""
    import pandas as pd

    states = {int(state): state.name.lower() for state in State}
    data: dict[str, Any] = {
        "number": columns["number"],
        "unix_ns": columns["unix_ns"],
        "state": [states[int(value)] for value in columns["state"]],
        **{name: columns[name] for name in _SIGNALS},
        "eye_opening_left": columns["eye_opening"][:, 0],
        "eye_opening_right": columns["eye_opening"][:, 1],
        **warm,
        "simulated": simulated,
    }
    frame = pd.DataFrame(data).round(_DIGITS)
    return frame.to_csv(index=False, lineterminator="\n").encode()
