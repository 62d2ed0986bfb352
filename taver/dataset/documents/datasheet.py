"""The datasheet: the questions of Gebru et al. 2021, answered as far as anybody knows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from taver.dataset import schema
from taver.dataset.documents import nobody

if TYPE_CHECKING:
    from collections.abc import Sequence

    from taver.core.participant import Participant
    from taver.dataset.about.info import Info
    from taver.dataset.about.stats import Stats
    from taver.dataset.documents.told import Told

FILE = "datasheet.md"
_FEW: Final = 3  # people; what fewer share would point at one
_TO: Final = {"lab": "the laboratory", "request": "researchers who ask", "public": "the public"}


def datasheet(
    info: Info, stats: Stats, told: Told, *, title: str, about: str, people: Sequence[Participant]
) -> str:
    """Return the datasheet in Markdown; what is unknown says so, and where to tell it."""
    parts = [
        f"# {title}",
        f"**{nobody.said(info)}**" if nobody.said(info) else "",
        about,
        "## Motivation",
        _said(told.motivation, "motivation", "why it was made"),
        f"Funding: {told.funding}" if told.funding else "",
        "## Composition",
        _table([[name, value] for name, value in info.lines() if name != "dataset"]),
        _demographics(people, info),
        "Each recording has one value a slot of:",
        _table(
            [
                [name, column.dtype, column.unit or "-", column.meaning]
                for name, column in schema.SCHEMA.items()
                if column.modality is None or column.modality.value in info.modalities
            ],
            ["array", "kind", "unit", "meaning"],
        ),
        ("What could not be measured is 0 in a picture; where a whole picture is missing its "
        "`_valid` is false. Labels that nobody gave are NaN."),
        "## Collection",
        _said(told.recruitment, "recruitment", "how people were found and recorded"),
        _said(told.ethics, "ethics", "who approved it"),
        _agreed(info),
        "## Labels",
        _table(
            [
                [
                    one.dimension, str(one.recordings), _f(one.positive_percent, 1), _f(one.mean_r),
                    _f(one.cronbach_alpha), _f(one.mse), _f(one.icc_c1),
                ]
                for one in stats.rated
            ],
            ["", "recordings", "% positive", "mean r", "Cronbach's alpha", "MSE", "ICC(C,1)"],
        ),
        ("Each rater's values of a recording were brought to a mean of zero before; figures of "
        "recordings are averaged by length."),
        _table(
            [
                [one.name, str(one.people), str(one.recordings), str(one.slots), str(one.labelled),
                 f"{one.minutes:.1f}"]
                for one in stats.parts
            ],
            ["part", "people", "recordings", "slots", "labelled", "minutes"],
        ),
        "## Preprocessing",
        _preprocessing(info),
        "## Uses",
        _said(told.uses, "uses", "what it is meant for"),
        told.misuses
        or "It tells what raters saw in faces, not what anybody felt. It must not be used to judge "
        "single people, nor to find out who they are.",
        "## Distribution",
        f"Licence: {told.licence or 'none stated'}. "
        + (f"DOI: {told.doi}. " if told.doi else "")
        + "Files are listed with their checksums in SHA256SUMS.",
        "## Maintenance",
        _said(told.maintenance, "maintenance", "who keeps it, and how errors are told"),
        f"Contact: {told.contact or 'not stated'}.",
    ]  # fmt: skip
    return "\n\n".join(part for part in parts if part) + "\n"


def _said(text: str, key: str, what: str) -> str:
    return text or f"*Not stated: {what} (`{key}` in about.toml).*"


def _agreed(info: Info) -> str:
    """Tell what the people agreed to, as far as it is known here."""
    if info.imported:
        return (
            "It was brought in from another corpus: what its people agreed to, and to whom it may "
            "be given, is said there."
        )
    if nobody.alone(info):
        return "Nobody is shown, so nobody had to agree."
    return f"Of each person it holds only what they agreed to give to {_TO[info.audience]}."


def _preprocessing(info: Info) -> str:
    """Tell what was done to the pictures, of what there is."""
    cut = f"aligned, and cut to {info.size_px}x{info.size_px} pixels"
    if info.imported:
        return (
            f"Films and tables of another corpus were brought in (layout: {info.imported}). Faces "
            f"were found in each picture, or told beside it, {cut}, {info.rate_hz:g} a second."
        )
    others = [name for name in ("depth", "thermal") if name in info.modalities]
    brought = f"; {' and '.join(others)} by calibration, too" if others else ""
    return (
        f"Faces were found and followed in colour, {cut}{brought}. Pictures were put on a grid of "
        f"{info.rate_hz:g} a second by the nearest time stamp."
    )


def _demographics(people: Sequence[Participant], info: Info) -> str:
    """Tell of all people together; what few of them share is told without saying what it is."""
    if not people:
        return "*Age, gender and language of the people are not known here.*"
    ages = [person.age_years for person in people if person.age_years is not None]
    parts = []
    if ages:
        decades = [age // 10 * 10 for age in sorted(ages)]
        parts.append("age: " + _counted([f"of {low} to {low + 9} years" for low in decades]))
    for what in ("gender", "language"):
        said = [getattr(person, what).strip() for person in people if getattr(person, what)]
        if said:
            parts.append(f"{what}: {_counted(sorted(said))}")
    glasses = sum(bool(person.glasses) for person in people)
    if any(person.glasses is not None for person in people):
        parts.append(f"{glasses} with glasses")
    told = "; ".join(parts) or "nothing further is on file"
    return f"Of {info.people} people {len(people)} are on file: {told}."


def _counted(said: Sequence[str]) -> str:
    """Count how many said each; what fewer than some did is put together as other."""
    counts = {value: said.count(value) for value in dict.fromkeys(said)}
    told = [f"{count} {value}" for value, count in counts.items() if count >= _FEW]
    other = sum(count for count in counts.values() if count < _FEW)
    if not told:
        return f"of {other} people, too different to be told"
    return ", ".join([*told, *([f"{other} other"] if other else [])])


def _table(rows: Sequence[Sequence[str]], head: Sequence[str] | None = None) -> str:
    if not rows:
        return ""
    names = head or [""] * len(rows[0])
    lines = [_row(names), _row(["---"] * len(names)), *(_row(row) for row in rows)]
    return "\n".join(lines)


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _f(value: float, digits: int = 3) -> str:
    return f"{value:.{digits}f}" if np.isfinite(value) else "-"
