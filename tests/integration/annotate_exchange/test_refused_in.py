"""What cannot be meant is told with its line, and nothing of it comes in."""

import time

import annotating
import pytest
from exchanging import EMPTY, FIRST, one_table, state_of

from annotate_web.exchange import mapping
from annotate_web.exchange.bring import bring
from taver.core.errors import (
    ConfigError,
    DataError,
    InputError,
    MissingExtraError,
    NotFoundError,
)


@pytest.mark.parametrize(
    ("text", "kind", "words"),
    [
        (f"clip,rater,time_s,arousal\n{FIRST},new,0,1\n{FIRST},new,1,99\n", DataError, "line 3"),
        (f"clip,rater,time_s,arousal\n{FIRST},new,0,1\n{FIRST},rater-1,0,1\n", DataError,
         "rater-1 has, or had"),
        (f"clip,rater,time_s,arousal\n{FIRST},new,0,1\n{FIRST},NEW,0,1\n", DataError, "twice"),
        (f"clip,rater,time_s,arousal\n{FIRST},../x,0,1\n", DataError, "cannot name a rater"),
        (f"clip,rater,time_s,arousal\n{FIRST},new,0,\n{FIRST},new,1,\n", DataError,
         "gives no value to any frame"),
        ("clip,rater,time_s,arousal\npractise,new,0,1\n", DataError, "no clip 'practise'"),
    ],
)  # fmt: skip
def test_a_file_with_anything_wrong_changes_nothing(campaign, tmp_path, text, kind, words):
    database, _ = campaign
    before = state_of(database)
    with pytest.raises(kind) as refused:
        bring(database, one_table(tmp_path, text), time.time_ns())
    assert words in " ".join([refused.value.what, *refused.value.problems])
    assert state_of(database) == before


@pytest.mark.parametrize(
    ("text", "encoding", "words"),
    [
        ("\n\ntime_s,arousal\n0,1\n", "utf-8-sig", ""),  # begins with a mark and empty lines
        ("time_s,arousal\r0,1\r1,2", "utf-8", ""),
        ("time_s,arousal\n0,1\n", "utf-16", 'encoding = "utf-16"'),
        ("time_s,arousal\n0,1\n", "utf-16-le", 'encoding = "utf-16-le"'),
        ("time_s,arousal\n0,\u00e9\n", "latin-1", "line 2: this is no utf-8 text"),
        ("time_s;arousal\n0;1\n", "utf-8", 'delimiter = ";"'),
        ("time_s\tarousal\n0\t1\n", "utf-8", r'delimiter = "\t"'),
        ("time_s,arousal,arousal\n0,1,2\n", "utf-8", "several columns called arousal"),
        ("time_s,arousal\n0,1_0\n", "utf-8", "line 2: arousal '1_0' is no number"),
        ("time_s,arousal\n0,\u0663\n", "utf-8", "is no number"),
        ('time_s,"arousal\n0,1\n', "utf-8", "unexpected end of data"),
        ("", "utf-8", "no column for time"),
    ],
)
def test_a_file_that_other_programs_wrote_is_read_or_told_how_it_could_be(
    campaign, tmp_path, text, encoding, words
):
    database, _ = campaign
    path = tmp_path / "tool.csv"
    path.write_bytes(text.encode(encoding))
    if not words:
        bring(database, path, time.time_ns(), clip=EMPTY, rater="tool")
        return
    with pytest.raises(DataError) as refused:
        bring(database, path, time.time_ns(), clip=EMPTY, rater="tool")
    error = refused.value
    assert words in " ".join([error.what, error.fix, *error.problems])


_TREE = '{"format": "taver-annotations", "version": 1, "clips": [{"name": "%s", '
_RATED = '"frame_unix_ns": [1], "ratings": [{"rater": "x", "state": "done", "values": %s}]}]}'
_TIER = '<A><TIME_ORDER><TIME_SLOT TIME_SLOT_ID="a" TIME_VALUE="%s"/></TIME_ORDER><TIER TIER_ID='
_NOTE = '"%s"><ALIGNABLE_ANNOTATION TIME_SLOT_REF1="a" TIME_SLOT_REF2="a"/></TIER></A>'


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("a.json", "[]", "is no annotations.json"),
        ("a.json", "{" * 5000, "is no annotations.json"),
        ("a.json", '{"format": "x", "version": 1, "clips": []}', "another"),
        ("a.json", _TREE % FIRST + _RATED % '{"arousal": [1]}', "are missing"),
        ("a.json", _TREE % FIRST + _RATED % '{"arousal": [99], "valence": [1]}', "row 1: arousal"),
        ("a.json", _TREE % "x" + _RATED % '{"arousal": [9], "valence": [1]}', "no clip 'x'"),
        ("a.eaf", "<A/>", "none called a"),
        (f"{FIRST}.eaf", "<A", "is no ELAN file"),
        (f"{FIRST}.eaf", "<A/>", "no tier is called"),
        (f"{FIRST}.eaf", _TIER % "x" + _NOTE % "rater arousal", "is no ELAN file"),
        (f"{FIRST}.eaf", _TIER % 10**6 + _NOTE % "r arousal", "outside of the clip"),
        ("a.parquet", "nothing of the kind", "is no Parquet file"),
        ("none.json", None, "no file"),
    ],
)  # fmt: skip
def test_an_export_that_is_none_is_told_and_changes_nothing(campaign, tmp_path, name, text, words):
    database, _ = campaign
    before = state_of(database)
    path = tmp_path / name
    if text is not None:
        path.write_text(text)
    with pytest.raises((DataError, NotFoundError, MissingExtraError)) as refused:
        bring(database, path, time.time_ns())
    error = refused.value
    told = " ".join([error.what, *error.problems])
    assert words in told or "pyarrow" in told
    assert error.fix
    assert state_of(database) == before


def test_points_in_a_table_of_decimal_commas_part_thousands_and_are_told(campaign, tmp_path):
    database, _ = campaign
    how = mapping.Mapping(text=mapping.Text(delimiter=";", decimal=","))
    path = one_table(tmp_path, "time_s;arousal\n0;1.500\n1,5;2,5\n")
    with pytest.raises(DataError) as refused:
        bring(database, path, time.time_ns(), mapping=how, clip=EMPTY, rater="tool")
    assert list(refused.value.problems) == ["line 2: arousal '1.500' is no number"]


@pytest.mark.parametrize(
    "text",
    [
        '[text]\ndelimiter = "\\""\n', '[text]\ndelimiter = "\\n"\n', "[scale]\nlowest = nan\n",
        "[scale]\nhighest = inf\n", "[time]\noffset_s = inf\n",
        '[columns]\narousal = "valence"\n', '[time]\nunit = "frame"\noffset_s = 1.0\n',
        '[text]\ndelimiter = ";;"\n',
    ],
)  # fmt: skip
def test_a_mapping_that_cannot_be_meant_is_told(tmp_path, text):
    path = tmp_path / "mapping.toml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=r"mapping\.toml"):
        mapping.read(path)


def test_fused_is_nobody_s_name(campaign, tmp_path):
    database, _ = campaign
    path = one_table(tmp_path, "time_s,arousal\n0,1\n")
    with pytest.raises(DataError) as refused:
        bring(database, path, time.time_ns(), clip=EMPTY, rater="Fused")
    assert "the mean of all raters" in refused.value.problems[0]


def test_a_clip_that_is_not_there_is_told(campaign, tmp_path):
    database, _ = campaign
    path = one_table(tmp_path, "time_s,arousal\n0,1\n")
    with pytest.raises(InputError, match="no clip s09"):
        bring(database, path, time.time_ns(), clip="s09", rater="r")
    wrong = mapping.Mapping(clips={"a": "s08"})
    with pytest.raises(InputError, match="no clip s08"):
        bring(database, path, time.time_ns(), mapping=wrong, clip=FIRST, rater="r")


def test_no_browser_can_send_what_only_an_import_says(campaign):
    from annotate_web.events import intake, sittings
    from annotate_web.settings import Limits

    database, made = campaign
    user = made.people["rater-1"]
    given = annotating.assign(database, made.clips[EMPTY], user)
    client = "00000000-0000-4000-8000-000000000001"
    sitting = sittings.open_one(database, given, user, client, time.time_ns(), Limits())
    body = {"dimension": "arousal", "runs": [[5, 200]]}
    event = annotating.event(1, "imported", body=body)
    taken = intake.take(database, sitting, user, [event], time.time_ns(), Limits())
    assert [refused.seq for refused in taken.refused] == [1]
