"""faces.csv: what a researcher opens in a table program, one row for each colour frame."""

from __future__ import annotations

import csv
import hashlib
import io
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from taver.core.errors import DataError, NotFoundError
from taver.core.storage import explained
from taver.faces.regions import REGIONS
from taver.faces.schema import TABLE_FILE
from taver.faces.state import State

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt

    from taver.core.session.folder import Session
    from taver.faces.points import Floats

    Columns = Mapping[str, npt.NDArray[Any]]

_SIGNALS: Final = (
    "confidence", "flaws", "yaw_deg", "pitch_deg", "roll_deg", "mouth_opening", "sharpness",
    "exposure", "clipped", "occlusion", "depth_frame", "thermal_frame",
)  # fmt: skip
_DIGITS: Final = 4


class Warmths(NamedTuple):
    """How warm each region was in each frame, a column a region."""

    kelvin: Floats  # NaN where it is not known
    pixels: Floats


def table_of(columns: Columns, warm: Columns, simulated: bool) -> bytes:
    """Return the table as CSV; a cell of what is not known is empty.

    Written and read without pandas, which takes longer to load than a session's table to write.
    """
    states = {int(state): state.name.lower() for state in State}
    data: dict[str, Any] = {
        "number": columns["number"],
        "unix_ns": columns["unix_ns"],
        "state": np.array([states[int(value)] for value in columns["state"]], object),
        **{name: columns[name] for name in _SIGNALS},
        "eye_opening_left": columns["eye_opening"][:, 0],
        "eye_opening_right": columns["eye_opening"][:, 1],
        **warm,
        "simulated": np.full(len(columns["number"]), simulated),
    }
    lines = [",".join(data), *map(",".join, zip(*map(_cells, data.values()), strict=True)), ""]
    return "\n".join(lines).encode()


def warmths(session: Session, unix_ns: npt.NDArray[np.int64], sha256: str | None) -> Warmths:
    """Return what the table of a session tells of regions; raise DataError if it is not as written.

    People open it in programs that save it with semicolons, or with times rounded. `sha256` is
    what faces.zarr says of the file; None: it was written before that was noted.
    """
    path = session.folder / TABLE_FILE
    fix = f"keep what you made of it under another name, then: taver faces --session {session.name}"
    with explained(path):
        if not path.is_file():
            raise NotFoundError(f"{path} is gone", fix=f"taver faces --session {session.name}")
        data = path.read_bytes()
    try:
        rows = list(csv.DictReader(io.StringIO(data.decode(), newline="")))
        times = np.array([int(row["unix_ns"]) for row in rows], np.int64)
        kelvin, pixels = (
            np.array(
                [[float(row[f"{region}_{what}"] or "nan") for region in REGIONS] for row in rows]
            )
            for what in ("k", "px")
        )
    except (ValueError, KeyError, TypeError, OverflowError, csv.Error) as error:
        told = " ".join(str(error).split())
        raise DataError(f"{path} is not as taver wrote it: {told}", fix=f"{fix} --again") from None
    if not np.array_equal(times, unix_ns):
        raise DataError(
            f"{path} is not as taver wrote it: unix_ns is not when the frames were taken",
            fix=f"{fix} --again",
        )
    if sha256 is not None and hashlib.sha256(data).hexdigest() != sha256:
        raise DataError(
            f"{path} is not as taver wrote it: something in it was changed", fix=f"{fix} --again"
        )
    return Warmths(kelvin, pixels)


def _cells(column: npt.NDArray[Any]) -> list[str]:
    """Return a column as it is written: rounded, and empty where it is not known."""
    if column.dtype.kind != "f":
        return [str(value) for value in column.tolist()]
    cells = column.round(_DIGITS).astype(str)
    cells[np.isnan(column)] = ""
    told: list[str] = cells.tolist()
    return told
