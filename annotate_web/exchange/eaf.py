"""A clip for ELAN: a tier a rater and dimension, with an annotation for each value that held.

After "EAF Annotation Format 3.0 and ELAN" (Max Planck Institute, The Language Archive): children
stand in the order that its schema wants, time slots in order of time, and what is named by ID is
unique in the file.
"""

from __future__ import annotations

import datetime as dt
import itertools
from typing import TYPE_CHECKING, Any, Final
from xml.etree import ElementTree as ET

import numpy as np

from annotate_web.db.tables import Kind
from annotate_web.events.replay import changes
from annotate_web.exchange.table import DIGITS, FUSED
from annotate_web.media.slots import RATE_HZ
from taver.core.clock import NS_PER_S
from taver.labels.trace import Dimension

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from annotate_web.exchange.gather import Gathered
    from annotate_web.lead.rated import Rated, Rating

_SCHEMA: Final = "http://www.mpi.nl/tools/elan/EAFv3.0.xsd"
_XSI: Final = "http://www.w3.org/2001/XMLSchema-instance"
_MS_A_FRAME: Final = 1000 // RATE_HZ
_RATING, _COMMENT = "rating", "comment"
# ELAN expects to find these four in every file.
_CONSTRAINTS: Final = {
    "Time_Subdivision": "Time subdivision of parent annotation's time interval, no time gaps "
    "allowed within this interval",
    "Symbolic_Subdivision": "Symbolic subdivision of a parent annotation. Annotations refering to "
    "the same parent are ordered",
    "Symbolic_Association": "1-1 association with a parent annotation",
    "Included_In": "Time alignable annotations within the parent annotation's time interval, gaps "
    "are allowed",
}

_Note = tuple[int, int, str]  # from frame, to before frame, what is said


def eaf(gathered: Gathered) -> bytes:
    """Return the one clip that was gathered."""
    (one,) = gathered.clips
    tiers = [
        (
            f"{rating.rater} {dimension}{_uncounted(rating)}",
            rating.rater,
            _RATING,
            _held(rating.values[dimension], DIGITS),
        )
        for rating in one.ratings
        if rating.covered > 0
        for dimension in Dimension
    ]
    if one.counted:
        tiers += [
            (f"{FUSED} {dimension}", FUSED, _RATING, _held(one.fused(dimension).values, 2))
            for dimension in Dimension
        ]
    tiers += [
        (f"{rating.rater} comments", rating.rater, _COMMENT, said)
        for rating in one.ratings
        if (said := _comments(rating, gathered, one.clip.frames))
    ]
    return _document(one, gathered, tiers)


def _document(
    one: Rated, gathered: Gathered, tiers: Sequence[tuple[str, str, str, list[_Note]]]
) -> bytes:
    made = dt.datetime.fromtimestamp(gathered.provenance["made_unix_ns"] / NS_PER_S, tz=dt.UTC)
    root = ET.Element(
        "ANNOTATION_DOCUMENT",
        {
            "AUTHOR": "taver",
            "DATE": made.isoformat(timespec="seconds"),
            "FORMAT": "3.0",
            "VERSION": "3.0",
            "xmlns:xsi": _XSI,
            "xsi:noNamespaceSchemaLocation": _SCHEMA,
        },
    )
    header = _child(root, "HEADER", MEDIA_FILE="", TIME_UNITS="milliseconds")
    _child(
        header, "MEDIA_DESCRIPTOR", MEDIA_URL=f"file:///{one.clip.media}",
        RELATIVE_MEDIA_URL=f"./{one.clip.media}", MIME_TYPE="video/webm",
    )  # fmt: skip
    order = _child(root, "TIME_ORDER")
    # Each annotation has its own two slots: in ELAN, what shares one is moved together.
    notes = [(tier, note) for tier, (*_, of) in enumerate(tiers) for note in of]
    edges = sorted(
        edge
        for n, (_, (start, end, _)) in enumerate(notes)
        for edge in ((start, 1, n), (end, 0, n))
    )
    slots: dict[tuple[int, int], str] = {}
    for number, (frame, is_start, note) in enumerate(edges, 1):
        slots[note, is_start] = f"ts{number}"
        value = str(frame * _MS_A_FRAME)
        _child(order, "TIME_SLOT", TIME_SLOT_ID=f"ts{number}", TIME_VALUE=value)
    made_tiers = [
        _child(root, "TIER", TIER_ID=name, ANNOTATOR=who, LINGUISTIC_TYPE_REF=kind)
        for name, who, kind, _ in tiers
    ]
    for number, (place, (_, _, said)) in enumerate(notes):
        held = _child(
            _child(made_tiers[place], "ANNOTATION"), "ALIGNABLE_ANNOTATION",
            ANNOTATION_ID=f"a{number + 1}", TIME_SLOT_REF1=slots[number, 1],
            TIME_SLOT_REF2=slots[number, 0],
        )  # fmt: skip
        _child(held, "ANNOTATION_VALUE").text = said
    told = {
        "lastUsedAnnotationId": len(notes),
        "taver session": one.clip.session,
        "taver first_unix_ns": one.clip.from_unix_ns,
        "taver film_sha256": one.clip.media_sha256,
        "taver simulated": str(bool(one.clip.simulated)).lower(),
        "taver version": gathered.provenance["software"]["taver"],
    }
    for name, value_of in told.items():
        _child(header, "PROPERTY", NAME=name).text = str(value_of)
    for kind in (_RATING, _COMMENT):
        _child(
            root, "LINGUISTIC_TYPE", LINGUISTIC_TYPE_ID=kind, TIME_ALIGNABLE="true",
            GRAPHIC_REFERENCES="false",
        )  # fmt: skip
    for stereotype, description in _CONSTRAINTS.items():
        _child(root, "CONSTRAINT", STEREOTYPE=stereotype, DESCRIPTION=description)
    ET.indent(root)
    body: bytes = ET.tostring(root, "utf-8")
    return b'<?xml version="1.0" encoding="UTF-8"?>\n' + body + b"\n"


def _uncounted(rating: Rating) -> str:
    """Tell in a tier's name what keeps its rating from counting."""
    return "" if rating.counts else f" ({rating.state})"


def _held(values: npt.NDArray[np.float64], digits: int) -> list[_Note]:
    """Return each stretch of frames that has one value."""
    rounded = np.round(values, digits)
    edges = [*changes(rounded).tolist(), len(rounded)]
    return [
        (start, end, f"{rounded[start]:.10g}")
        for start, end in itertools.pairwise(edges)
        if not np.isnan(rounded[start])
    ]


def _comments(rating: Rating, gathered: Gathered, frames: int) -> list[_Note]:
    """Return what was written, each for a second or until the next: notes never overlap."""
    said: dict[int, str] = {}
    for row in gathered.events[rating.assignment]:
        if row.kind == Kind.COMMENT and row.frame is not None and row.body:
            before = f"{said[row.frame]}; " if row.frame in said else ""
            said[row.frame] = before + _readable(str(row.body.get("text", "")))
    starts = sorted(said)
    nexts = [*starts, frames][1:]
    ends = [min(start + RATE_HZ, after) for start, after in zip(starts, nexts, strict=False)]
    return [(start, end, said[start]) for start, end in zip(starts, ends, strict=True)]


def _readable(text: str) -> str:
    """Leave out what XML has no way to write."""
    return "".join(
        c for c in text if c in "\t\n" or (ord(c) >= 0x20 and not 0xFFFE <= ord(c) < 0x10000)
    )


def _child(parent: Any, tag: str, **attributes: str) -> Any:
    return ET.SubElement(parent, tag, attributes)
