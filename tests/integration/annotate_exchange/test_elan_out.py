"""ELAN gets what its schema wants, and nothing that XML cannot hold."""

from xml.etree import ElementTree as ET

import annotating
import elan
import leading
import numpy as np
from exchanging import EMPTY, FIRST, SECOND, gathered

from annotate_web.exchange import eaf


def test_elan_gets_a_tier_a_rater_and_dimension_as_its_schema_wants(campaign):
    database, _ = campaign
    spans = elan.check(ET.fromstring(eaf.eaf(gathered(database, FIRST))))
    wanted = leading.curve(300, seed=0, lag=5, shift=0)
    rebuilt = np.full(300, np.nan)
    for start, end, value in spans["rater-2 arousal"]:
        rebuilt[start // 100 : end // 100] = float(value)
    assert np.array_equal(rebuilt, wanted)
    assert spans["rater-1 comments"] == [(12_000, 13_000, "She turns away here <b>now</b>")]
    assert "fused valence" in spans
    # Who does not count is told apart by the tier's name.
    spans = elan.check(ET.fromstring(eaf.eaf(gathered(database, SECOND))))
    assert {"rater-4 arousal (excluded)", "rater-3 arousal"} <= set(spans)
    assert elan.check(ET.fromstring(eaf.eaf(gathered(database, EMPTY)))) == {}


def test_comments_in_elan_never_overlap_and_hold_only_what_xml_can(campaign):
    database, made = campaign
    user, clip = made.people["rater-1"], made.clips[EMPTY]
    zero = np.zeros(200, int)
    said = [("comment", frame, None, {"text": f"at\x01 {frame}"}) for frame in (10, 10, 14, 199)]
    leading.rate(database, annotating.assign(database, clip, user), user, zero, zero, more=said)
    spans = elan.check(ET.fromstring(eaf.eaf(gathered(database, EMPTY))))
    assert spans["rater-1 comments"] == [
        (1000, 1400, "at 10; at 10"), (1400, 2400, "at 14"), (19_900, 20_000, "at 199"),
    ]  # fmt: skip
