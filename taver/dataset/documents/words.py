"""Licence and citation of a dataset, as files."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from taver.dataset.documents import nobody

if TYPE_CHECKING:
    import datetime as dt

    from taver.dataset.about.info import Info
    from taver.dataset.documents.told import Told

_WHO = {
    "lab": "It was built for the laboratory alone and must not be given to anyone.",
    "request": "It was built for researchers who ask for it; it must not be published.",
    "public": "It holds only what each person agreed to be public.",
}

_BROUGHT_IN = "It was made of another corpus, whose own terms hold: it may forbid giving this away."
_NOBODY = "Nobody in it is a person: everything in it was simulated."


def licence(told: Told, title: str, info: Info) -> str:
    """Return LICENSE.txt: under which terms, and for whom the people agreed to it."""
    lines = [title, ""]
    if told.licence:
        lines += [f"Licensed under {told.licence}: {told.terms_url}"]
    else:
        lines += ["No licence was stated: nobody may copy or use it without asking."]
    if info.imported:
        lines += [_BROUGHT_IN]
    else:
        lines += [_NOBODY if nobody.alone(info) else _WHO[info.audience]]
    if not nobody.alone(info):
        lines += [
            "",
            "People in it may withdraw. Who holds a copy deletes a person's recordings when told,",
            "and does not try to find out who anybody is.",
        ]
    if told.contact:
        lines += ["", f"Contact: {told.contact}"]
    return "\n".join(lines) + "\n"


def citation(told: Told, title: str, on: dt.date) -> str:
    """Return CITATION.cff; a JSON string is a YAML string, too."""
    lines = [
        "cff-version: 1.2.0",
        "message: If you use this dataset, please cite it as below.",
        "type: dataset",
        f"title: {json.dumps(title, ensure_ascii=False)}",
        f"version: {told.version}",
        f"date-released: {on.isoformat()}",
    ]
    pairs = {
        "doi": told.doi,
        "url": told.url,
        "license": told.licence if told.is_spdx else "",
        "license-url": "" if told.is_spdx else told.licence_url,
    }
    lines += [f"{key}: {json.dumps(value)}" for key, value in pairs.items() if value]
    lines.append("authors:")
    for author in told.authors:
        lines.append(f"  - family-names: {json.dumps(author.family, ensure_ascii=False)}")
        more = {
            "given-names": author.given, "affiliation": author.affiliation,
            "orcid": author.orcid_url,
        }  # fmt: skip
        lines += [
            f"    {key}: {json.dumps(value, ensure_ascii=False)}"
            for key, value in more.items()
            if value
        ]
    if not told.authors:
        lines.append(f"  - name: {json.dumps('The authors of ' + title, ensure_ascii=False)}")
    return "\n".join(lines) + "\n"
