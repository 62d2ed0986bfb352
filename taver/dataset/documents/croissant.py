"""Croissant metadata: what crawlers and loaders of datasets read, as JSON-LD."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Final

from taver.dataset.documents import nobody, tables

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    from taver.dataset.about.info import Info
    from taver.dataset.documents.told import Told

FILE: Final = "croissant.json"
_CONTEXT: Final = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "sc": "https://schema.org/",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "dct": "http://purl.org/dc/terms/",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "containedIn": "cr:containedIn",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileObject": "cr:fileObject",
    "fileProperty": "cr:fileProperty",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "parentField": "cr:parentField",
    "path": "cr:path",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}


def croissant(
    info: Info, told: Told, files: dict[str, bytes], *, title: str, about: str, on: dt.date
) -> dict[str, Any]:
    """Return the document; `files` are those beside it that it tells of.

    What nobody stated is left out. The pictures lie in the Zarr store, whose files SHA256SUMS
    lists: Croissant knows no kind of source for an array, so the tables are its records.
    """
    return {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.0",
        "name": title,
        "description": about,
        "version": told.version,
        "citeAs": _cited(told, title, on),
        "datePublished": on.isoformat(),
        "keywords": [
            "affective computing", "arousal", "valence", "face video", *info.modalities,
            *told.keywords, *(["simulated"] if info.simulated else []),
        ],
        **({"license": told.terms_url} if told.terms_url else {}),
        **({"url": told.url or f"https://doi.org/{told.doi}"} if told.url or told.doi else {}),
        **({"creator": [_author(author.name) for author in told.authors]} if told.authors else {}),
        "rai:personalSensitiveInformation": [
            "none: the people are simulated" if nobody.alone(info)
            else "pictures of people's faces, and what raters saw in them"
        ],
        "rai:dataAnnotationProtocol": [_rated(info)],
        **({"rai:dataCollection": told.recruitment} if told.recruitment else {}),
        **({"rai:dataUseCases": [told.uses]} if told.uses else {}),
        **({"rai:dataLimitations": [told.misuses]} if told.misuses else {}),
        "distribution": [
            _file("recordings.csv", files["recordings.csv"], "text/csv", "a row a recording"),
            _file("labels.csv", files["labels.csv"], "text/csv", "a row a slot"),
            _file(
                "SHA256SUMS", files["SHA256SUMS"], "text/plain",
                "a line for every file of the Zarr v3 store with the pictures and all columns",
            ),
        ],
        "recordSet": [
            _records("recordings", "recordings.csv", tables.RECORDINGS),
            _records("labels", "labels.csv", tables.LABELS),
        ],
    }  # fmt: skip


def _file(name: str, data: bytes, kind: str, about: str) -> dict[str, Any]:
    return {
        "@type": "cr:FileObject",
        "@id": name,
        "name": name,
        "description": about,
        "contentUrl": name,
        "contentSize": f"{len(data)} B",
        "encodingFormat": kind,
        "sha256": hashlib.sha256(data).hexdigest(),
    }


def _records(name: str, file: str, columns: Sequence[tuple[str, str, str]]) -> dict[str, Any]:
    return {
        "@type": "cr:RecordSet",
        "@id": name,
        "name": name,
        "field": [
            {
                "@type": "cr:Field",
                "@id": f"{name}/{column}",
                "name": column,
                "description": meaning,
                "dataType": kind,
                "source": {"fileObject": {"@id": file}, "extract": {"column": column}},
            }
            for column, kind, meaning in columns
        ],
    }


def _rated(info: Info) -> str:
    raters = sorted({one.raters for one in info.recordings})
    if not any(raters):
        return "nobody rated it"
    many = f"{raters[0]} to {raters[-1]}" if len(raters) > 1 else f"{raters[0]}"
    how = "as another corpus gave it" if info.imported else "rated continuously while watching"
    return f"arousal and valence over time, {how}, by {many} raters a recording"


def _cited(told: Told, title: str, on: dt.date) -> str:
    who = "; ".join(f"{author.family}, {author.given}".strip(", ") for author in told.authors)
    where = f" https://doi.org/{told.doi}" if told.doi else f" {told.url}" if told.url else ""
    return f"{who or 'The authors'} ({on.year}): {title} (version {told.version}).{where}"


def _author(name: str) -> dict[str, str]:
    return {"@type": "sc:Person", "name": name}
