"""The datasheet: the questions of Gebru et al. 2021, answered as far as anybody knows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from taver.dataset import schema

if TYPE_CHECKING:
    from collections.abc import Sequence

    from taver.core.participant import Participant
    from taver.dataset.about.info import Info
    from taver.dataset.about.stats import Stats
    from taver.dataset.documents.told import Told

FILE = "datasheet.md"


def datasheet(
    info: Info, stats: Stats, told: Told, *, title: str, about: str, people: Sequence[Participant]
) -> str:
    """Return the datasheet in Markdown; what is unknown says so, and where to tell it."""
    parts = [
        f"# {title}",
        "**SIMULATED: nobody in it is a person.**" if info.simulated else "",
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
        (f"Everybody agreed, by modality, that it goes to: {info.audience}. Consent can be "
        "withdrawn at any time."),
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
    """Tell of all people together; nothing of a single one."""
    if not people:
        return "*Age, gender and language of the people are not known here.*"
    ages = [person.age_years for person in people if person.age_years is not None]
    parts = []
    if ages:
        parts.append(f"{min(ages)} to {max(ages)} years old (median {np.median(ages):g})")
    for what in ("gender", "language"):
        said = [getattr(person, what) for person in people if getattr(person, what)]
        counted = {value: said.count(value) for value in sorted(set(said))}
        if counted:
            parts.append(f"{what}: " + ", ".join(f"{n} {value}" for value, n in counted.items()))
    glasses = sum(bool(person.glasses) for person in people)
    if any(person.glasses is not None for person in people):
        parts.append(f"{glasses} with glasses")
    told = "; ".join(parts) or "nothing further is on file"
    return f"Of {info.people} people {len(people)} are on file: {told}."


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
