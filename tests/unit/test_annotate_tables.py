"""Other tools' tables: read by a mapping, or refused line by line."""

import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotate_web.exchange import mapping as mappings
from annotate_web.exchange.mapping import Columns, Mapping, Scale, Text, Time
from annotate_web.exchange.read import Wanted, traces
from taver.core.errors import ConfigError, DataError, NotFoundError
from taver.labels.trace import Dimension

A, V = Dimension.AROUSAL, Dimension.VALENCE
TIMES = 1_790_000_000_000_000_000 + np.arange(100, dtype=np.int64) * 100_000_000
CLIPS = {name: Wanted(name, TIMES) for name in ("c1", "c2")}


@pytest.fixture
def table(tmp_path):
    def write(text, encoding="utf-8"):
        path = tmp_path / "traces 얼굴.csv"
        path.write_bytes(text.encode(encoding) if isinstance(text, str) else text)
        return path

    return write


def told(path, mapping=mappings.OWN, **more):
    with pytest.raises(DataError) as refused:
        traces(path, mapping, CLIPS, **more)
    return [refused.value.what, *refused.value.problems]


def test_taver_s_own_table_is_read_without_a_mapping(table):
    path = table(
        "clip,rater,time_s,arousal,valence\nc1,r1,0,1,2\nc1,r1,0.3,-1.5,\nc1,fused,0,9,9\n"
        "c2,r1,0,3,4\n"
    )
    first, second = traces(path, mappings.OWN, CLIPS)
    assert (first.clip, first.rater, first.lines) == ("c1", "r1", (2, 3))
    assert first.unix_ns.tolist() == [TIMES[0], TIMES[3]]
    assert first.values[A].tolist() == [1, -1.5]
    assert np.isnan(first.values[V][1])
    assert (second.clip, second.values[V].tolist()) == ("c2", [4])


def test_a_mapping_says_what_columns_units_and_scale_are(table):
    path = table('﻿"When";"Wie";Video\n0;-0,5;A\n100;0,5;A\n\n250;NaN;A\n')
    mapping = Mapping(
        columns=Columns(time="When", arousal="", valence="Wie", rater="", clip="Video"),
        time=Time(unit="ms", offset_s=0.1),
        scale=Scale(lowest=-1, highest=1),
        text=Text(delimiter=";", decimal=","),
        clips={"A": "c1"},
    )
    (one,) = traces(path, mapping, CLIPS, rater="tool")
    assert list(one.values) == [V]
    assert one.values[V][:2].tolist() == [-5, 5]
    assert np.isnan(one.values[V][2])
    assert one.unix_ns.tolist() == [TIMES[1], TIMES[2], int(TIMES[3]) + 50_000_000]


@pytest.mark.parametrize("unit", ["frame", "unix_ns"])
def test_times_may_be_frames_or_dates(table, unit):
    at = [3, 7] if unit == "frame" else TIMES[[3, 7]].tolist()
    path = table("time_s,arousal\n" + "".join(f"{one},1\n" for one in at))
    (one,) = traces(path, Mapping(time=Time(unit=unit)), CLIPS, clip="c1", rater="r")
    assert one.unix_ns.tolist() == TIMES[[3, 7]].tolist()


def test_every_bad_line_is_told_by_its_number(table):
    path = table(
        "clip,rater,time_s,arousal,valence\n"
        "c1,r1,0,1,2\n"
        "c9,r1,0,1,2\n"
        "c1,r1,0,1,2\n"
        "c1,r1,-1,1,2\n"
        "c1,r1,1,11,2\n"
        "c1,r1,2,x,2\n"
        "c1,r1,3,1\n"
        "c1,,4,1,2\n"
        "c1,r1,500,1,2\n"
        "c1,r1,inf,1,2\n"
        "c1,r1,5,1,2\n"
        "c1,r1,4,1,2\n"
    )
    lines = told(path)
    assert lines[0].startswith("10 lines of ")
    assert [line.partition(":")[0] for line in lines[1:]] == [
        f"line {n}" for n in (3, 4, 5, 6, 7, 8, 9, 10, 11, 13)
    ]
    for words, line in zip(
        ("no clip 'c9'", "stands still", "before the clip", "outside of -10 to 10", "no number",
         "4 cells instead of 5", "rater is empty", "behind the clip's end", "no number",
         "goes back (after line 12)"),
        lines[1:], strict=True,
    ):  # fmt: skip
        assert words in line


def test_of_many_bad_lines_the_first_are_told_and_the_rest_counted(table):
    lines = told(table("time_s,arousal\n" + "x,1\n" * 200), clip="c1", rater="r")
    assert len(lines) == 52
    assert lines[-1] == "and 150 more lines"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no column for"),
        ("a,b\n1,2\n", "no column for time ('time_s')"),
        ("time_s,arousal\n", "no row with a value"),
        ("time_s,arousal\n0,1\n", ""),
        ("time_s,mood\n0,1\n", "arousal or valence"),
        (b"time_s,arousal\n0,\xff\n", "line 2: this is no utf-8 text"),
        ('time_s,arousal\n0,"1\n', "unexpected end of data"),
    ],
)
def test_files_that_are_no_such_table_are_told(table, text, words):
    path = table(text)
    if not words:
        assert traces(path, mappings.OWN, CLIPS, clip="c1", rater="r")
        return
    assert words in " ".join(told(path, clip="c1", rater="r"))


def test_a_file_that_says_neither_clip_nor_rater_needs_them_named(table):
    path = table("time_s,arousal\n0,1\n")
    assert "clip ('clip'), rater ('rater')" in told(path)[0]
    mapping = Mapping(columns=Columns(clip="", rater=""))
    assert "clip, rater" in told(path, mapping)[0]
    with pytest.raises(NotFoundError):
        traces(path.with_name("none.csv"), mappings.OWN, CLIPS)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[scale]\nlowest = 1\nhighest = 1", "scale goes from"),
        ("[columns]\narousal = ''\nvalence = ''", "neither"),
        ("[text]\ndecimal = ','", "cannot part"),
        ("[colums]\ntime = 't'", "unknown key"),
        ("[time]\nunit = 'minutes'", "time.unit"),
    ],
)
def test_a_mapping_that_cannot_be_is_told(tmp_path, text, words):
    path = tmp_path / "mapping.toml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=r"(?s).*") as refused:
        mappings.read(path)
    assert words in " ".join([refused.value.what, *refused.value.problems])


@given(st.binary(max_size=400))
def test_whatever_a_file_holds_it_is_read_or_refused_in_words(tmp_path_factory, data):
    path = tmp_path_factory.getbasetemp() / "anything.csv"
    path.write_bytes(b"clip,rater,time_s,arousal,valence\n" + data)
    try:
        for one in traces(path, mappings.OWN, CLIPS):
            assert (np.diff(one.unix_ns) > 0).all()
    except DataError as refused:
        assert refused.fix  # noqa: PT017


def test_the_mapping_in_the_docs_is_one(tmp_path):
    page = (Path(__file__).parents[2] / "docs" / "annotate.md").read_text("utf-8")
    (block,) = re.findall(r"(?ms)^```toml\n(\[columns\].*?)^```", page)
    path = tmp_path / "carma.toml"
    path.write_text(block, "utf-8")
    assert mappings.read(path).clips == {"video 1": "s01-interview-1"}
