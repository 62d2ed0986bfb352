"""A picture of a session at a glance: moments side by side, modalities below one another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from capture import shades
from capture.png import with_text
from capture.units import ZERO_CELSIUS_K, kelvin_a_count
from taver import __version__
from taver.core import atomic
from taver.core.clock import NS_PER_S
from taver.core.codec import decode
from taver.core.errors import DataError
from taver.core.extras import need
from taver.core.frames import PICTURES, Modality
from taver.core.session import agreed
from taver.core.session.footage import Footage

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt

    from taver.core.session.folder import Session
    from taver.core.study import Study

    Picture = npt.NDArray[np.uint8]

COLUMNS = 6
_DEPTH_SHOWN_MM = 500
_TILE_WIDTH_PX = 240
_MARGIN_PX = 10
_HEAD_PX = 44
_LABEL_PX = 22
_TITLE_PX, _LABEL_TEXT_PX = 18, 13
_PAPER, _INK, _FAINT = (250, 249, 247), (40, 40, 44), (130, 130, 136)
_WARNING = (176, 64, 32)


def write(study: Study, session: Session, path: Path) -> Path:
    """Draw the sheet of `session` as a PNG at `path`; only people who allowed pictures."""
    manifest = session.manifest
    agreed.require(study, manifest, manifest.streams)
    agreed.require_pictures(study, manifest)
    cv2 = need("cv2", extra="capture", to="draw a contact sheet")
    rows = [_row(cv2, session, modality) for modality in manifest.streams if modality in PICTURES]
    if not rows:
        raise DataError(f"Session {session.name} has no streams", fix="choose another session")
    width_px = _width_px()
    title = np.full((_HEAD_PX, width_px, 3), _PAPER, np.uint8)
    said = f"{session.name}, {manifest.participant or 'nobody'}, {manifest.length_s:.1f} s"
    _write_text(cv2, title, said, (_MARGIN_PX, 29), _INK, _TITLE_PX)
    if manifest.simulated:
        _write_text(cv2, title, "SIMULATED", (width_px - 118, 29), _WARNING, _TITLE_PX)
    sheet = np.concatenate([title, *rows])
    done, data = cv2.imencode(".png", cv2.cvtColor(sheet, cv2.COLOR_RGB2BGR))
    if not done:
        raise DataError("The contact sheet could not be encoded", fix="report it as a bug")
    atomic.write_bytes(path, with_text(bytes(data), _provenance(session)))
    return path


def _provenance(session: Session) -> dict[str, str]:
    """Return what is written into the picture's file: what it was made from."""
    prints = {m: stream.fingerprint for m, stream in session.manifest.streams.items()}
    return {
        "Software": f"taver {__version__}",
        "Source": f"session {session.name}: {', '.join(f'{m} {p}' for m, p in prints.items())}",
        "Simulated": "yes" if session.manifest.simulated else "no",
    }


def _row(cv2: Any, session: Session, modality: Modality) -> Picture:
    """Return one modality's moments, all in the same colours."""
    with Footage(session, modality) as footage:
        if not len(footage):
            raise DataError(f"The {modality} stream of {session.name} is empty", fix="record again")
        header = footage.header
        first_ns = int(footage.unix_ns[0])
        moments = np.linspace(first_ns, int(footage.unix_ns[-1]), COLUMNS).astype(np.int64)
        stored = [footage.read(footage.nearest(moment_ns)) for moment_ns in moments.tolist()]
    pictures = [decode(modality, f.data, header.height_px, header.width_px) for f in stored]
    low, high = _range(modality, pictures)
    height_px = round(_TILE_WIDTH_PX * header.height_px / header.width_px)
    row = np.full((height_px + _LABEL_PX + _MARGIN_PX, _width_px(), 3), _PAPER, np.uint8)
    for column, (frame, pixels) in enumerate(zip(stored, pictures, strict=True)):
        x = _MARGIN_PX + column * (_TILE_WIDTH_PX + _MARGIN_PX)
        row[_LABEL_PX : _LABEL_PX + height_px, x : x + _TILE_WIDTH_PX] = cv2.resize(
            shades.shown(modality, pixels, shades.Bounds(low=low, high=high, said="")),
            (_TILE_WIDTH_PX, height_px),
            interpolation=cv2.INTER_AREA,
        )
        label = f"{(frame.unix_ns - first_ns) / NS_PER_S:.1f} s"
        if column == 0:
            label = f"{modality}{_in_units(header.unit, low, high)}  {label}"
        _write_text(cv2, row, label, (x, _LABEL_PX - 7), _FAINT, _LABEL_TEXT_PX)
    return row


def _range(modality: Modality, pictures: list[Any]) -> tuple[float, float]:
    """Return the counts between which the pictures' colours are spread; 0 is no count."""
    if modality is Modality.COLOR:
        return 0.0, 255.0
    valid = np.concatenate([p[p > 0] for p in pictures])
    if not valid.size:
        return 0.0, 1.0
    low, high = np.percentile(valid, [1, 99])
    if modality is Modality.DEPTH:
        high = min(high, low + _DEPTH_SHOWN_MM)  # a person has relief; the wall is all one colour
    return float(low), max(float(high), float(low) + 1)


def _in_units(unit: str, low: float, high: float) -> str:
    """Tell a range of counts as people measure it."""
    if unit == "mm":
        return f"  {low / 1e3:.2f} to {high / 1e3:.2f} m"
    each_k = kelvin_a_count(unit)
    if each_k is None:
        return ""
    coldest, warmest = (count * each_k - ZERO_CELSIUS_K for count in (low, high))
    return f"  {coldest:.1f} to {warmest:.1f} °C"


def _width_px() -> int:
    return COLUMNS * (_TILE_WIDTH_PX + _MARGIN_PX) + _MARGIN_PX


def _write_text(
    cv2: Any, on: Picture, text: str, at: tuple[int, int], ink: tuple[int, int, int], size_px: int
) -> int:
    """Write `text` with its base line at `at`; return where it ends."""
    weight = 600 if size_px >= _TITLE_PX else 400
    end, _ = cv2.putText(on, text, at, ink, cv2.FontFace("sans"), size_px, weight)
    return int(end[0])
