"""What ELAN's schema and ELAN itself want of a file."""

from __future__ import annotations

import itertools
import re

# The schema of EAF 3.0, as far as this writer goes: what may stand in what, in this order.
CHILDREN = {
    "ANNOTATION_DOCUMENT": ["HEADER", "TIME_ORDER", "TIER", "LINGUISTIC_TYPE", "CONSTRAINT"],
    "HEADER": ["MEDIA_DESCRIPTOR", "PROPERTY"], "MEDIA_DESCRIPTOR": [], "PROPERTY": [],
    "TIME_ORDER": ["TIME_SLOT"], "TIME_SLOT": [], "TIER": ["ANNOTATION"],
    "ANNOTATION": ["ALIGNABLE_ANNOTATION"], "ALIGNABLE_ANNOTATION": ["ANNOTATION_VALUE"],
    "ANNOTATION_VALUE": [], "LINGUISTIC_TYPE": [], "CONSTRAINT": [],
}  # fmt: skip
REQUIRED = {
    "ANNOTATION_DOCUMENT": {"DATE", "AUTHOR", "VERSION"},
    "MEDIA_DESCRIPTOR": {"MEDIA_URL", "MIME_TYPE"}, "TIME_SLOT": {"TIME_SLOT_ID"},
    "TIER": {"TIER_ID", "LINGUISTIC_TYPE_REF"},
    "ALIGNABLE_ANNOTATION": {"ANNOTATION_ID", "TIME_SLOT_REF1", "TIME_SLOT_REF2"},
    "LINGUISTIC_TYPE": {"LINGUISTIC_TYPE_ID"}, "CONSTRAINT": {"STEREOTYPE"},
}  # fmt: skip
ALLOWED = {
    "ANNOTATION_DOCUMENT": {
        "FORMAT", "{http://www.w3.org/2001/XMLSchema-instance}noNamespaceSchemaLocation",
    },
    "HEADER": {"MEDIA_FILE", "TIME_UNITS"}, "MEDIA_DESCRIPTOR": {"RELATIVE_MEDIA_URL"},
    "PROPERTY": {"NAME"}, "TIME_SLOT": {"TIME_VALUE"}, "TIER": {"ANNOTATOR", "PARTICIPANT"},
    "LINGUISTIC_TYPE": {"TIME_ALIGNABLE", "GRAPHIC_REFERENCES"}, "CONSTRAINT": {"DESCRIPTION"},
}  # fmt: skip


def check(root):
    """Assert what ELAN wants; return what each tier says, as (from ms, to ms, words)."""
    for element in root.iter():
        tags = [child.tag for child in element]
        assert tags == sorted(tags, key=CHILDREN[element.tag].index)
        required = REQUIRED.get(element.tag, set())
        assert required <= set(element.attrib) <= required | ALLOWED.get(element.tag, set())
    ids = [slot.get("TIME_SLOT_ID") for slot in root.iter("TIME_SLOT")]
    ids += [one.get("ANNOTATION_ID") for one in root.iter("ALIGNABLE_ANNOTATION")]
    ids += [one.get("STEREOTYPE") for one in root.iter("CONSTRAINT")]
    assert len(ids) == len(set(ids))
    assert all(re.fullmatch(r"[A-Za-z_][\w.-]*", name) for name in ids)  # xsd:ID
    at = {s.get("TIME_SLOT_ID"): int(s.get("TIME_VALUE")) for s in root.iter("TIME_SLOT")}
    assert list(at.values()) == sorted(at.values())
    kinds = {one.get("LINGUISTIC_TYPE_ID") for one in root.iter("LINGUISTIC_TYPE")}
    tiers = [tier.get("TIER_ID") for tier in root.iter("TIER")]
    assert len(tiers) == len(set(tiers))
    notes = list(root.iter("ALIGNABLE_ANNOTATION"))
    used = [one.get(f"TIME_SLOT_REF{n}") for one in notes for n in (1, 2)]
    assert sorted(used) == sorted(at)
    spans = {}
    for tier in root.iter("TIER"):
        assert tier.get("LINGUISTIC_TYPE_REF") in kinds
        notes = [
            (at[one.get("TIME_SLOT_REF1")], at[one.get("TIME_SLOT_REF2")],
             one.findtext("ANNOTATION_VALUE"))
            for one in tier.iter("ALIGNABLE_ANNOTATION")
        ]  # fmt: skip
        assert all(start < end for start, end, _ in notes)
        assert all(a[1] <= b[0] for a, b in itertools.pairwise(notes))
        spans[tier.get("TIER_ID")] = notes
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00", root.get("DATE"))  # xsd:dateTime
    (last,) = [p.text for p in root.iter("PROPERTY") if p.get("NAME") == "lastUsedAnnotationId"]
    assert int(last) == sum(map(len, spans.values()))
    return spans
