"""Annotations go out to other programs and come in from them: all of a file, or nothing."""

import csv
import io
import itertools
import json
import re
import sys
import time
from xml.etree import ElementTree as ET

import annotating
import leading
import numpy as np
import postgres
import pytest
import sqlalchemy as sa

from annotate_web.assign import change
from annotate_web.db import tables
from annotate_web.db.open import open_database
from annotate_web.exchange import eaf, export, formats, gather, mapping
from annotate_web.exchange.bring import bring
from annotate_web.lead.overview import overview
from annotate_web.lead.rated import in_use, of_clips
from annotate_web.traces import ratings_of
from taver.core.errors import (
    AlreadyThereError,
    ConfigError,
    DataError,
    InputError,
    MissingExtraError,
    NotFoundError,
)
from taver.labels.trace import Dimension

A, V = Dimension.AROUSAL, Dimension.VALENCE
FIRST, SECOND, EMPTY = (f"s01-interview-{n}" for n in (1, 2, 3))


@pytest.fixture(scope="module")
def once(tmp_path_factory):
    """A campaign in a database that nobody may change."""
    path = tmp_path_factory.mktemp("campaign") / "annotations.sqlite"
    database = open_database(f"sqlite:///{path}")
    made = leading.campaign(database, None, frames=(300, 140))
    left_out = made.assignments[SECOND, "rater-4"]
    change.exclude(database, None, left_out, "was interrupted", time.time_ns())
    database.close()
    return path, made


@pytest.fixture
def campaign(once, tmp_path):
    path, made = once
    (tmp_path / "annotations.sqlite").write_bytes(path.read_bytes())
    database = open_database(f"sqlite:///{tmp_path / 'annotations.sqlite'}")
    yield database, made
    database.close()


def gathered(database, *names):
    with database.reading() as connection:
        rows = [row for row in in_use(connection) if not names or row.name in names]
        return gather.gather(connection, rows)


def table(data):
    return list(csv.DictReader(io.StringIO(data.decode())))


def test_the_table_has_a_row_a_frame_and_rater_as_it_was_rated(campaign):
    database, _ = campaign
    rows = table(formats.called("csv").write(gathered(database)))
    mine = [r for r in rows if r["clip"] == FIRST and r["rater"] == "rater-2"]
    assert [int(r["frame"]) for r in mine] == list(range(300))
    wanted = leading.curve(300, seed=0, lag=5, shift=0)
    assert [float(r["arousal"]) for r in mine] == wanted.tolist()
    assert mine[7]["time_s"] == "0.7"
    fused = [r for r in rows if r["clip"] == SECOND and r["rater"] == "fused"]
    both = [[float(r["valence"]) for r in rows if r["clip"] == SECOND and r["rater"] == name]
            for name in ("rater-2", "rater-3")]  # fmt: skip
    assert np.allclose([float(r["valence"]) for r in fused], np.mean(both, axis=0))
    states = {r["rater"]: r["state"] for r in rows if r["clip"] == SECOND}
    assert states == {"rater-2": "done", "rater-3": "done", "rater-4": "excluded", "fused": ""}
    assert not [r for r in rows if r["clip"] == EMPTY]
    assert {r["simulated"] for r in rows} == {"true"}


def test_every_event_is_in_the_raw_table_and_runs_no_formula(campaign):
    database, made = campaign
    (assignment,) = [v for k, v in made.assignments.items() if k == (FIRST, "rater-1")]
    text = "=1+1"
    with database.writing() as connection:
        sitting = connection.execute(
            sa.select(tables.sittings.c.id).where(tables.sittings.c.assignment_id == assignment)
        ).scalar()
        connection.execute(
            sa.update(tables.users)
            .where(tables.users.c.id == made.people["rater-1"])
            .values(name=text)
        )
    whole = gathered(database)
    rows = table(export.table.events_csv(whole))
    with database.reading() as connection:
        count = connection.execute(sa.select(sa.func.count()).select_from(tables.events)).scalar()
    assert len(rows) == count
    assert {r["rater"] for r in rows if r["sitting"] == sitting} == {"'=1+1"}
    (comment,) = [r for r in rows if r["kind"] == "comment" and r["clip"] == FIRST]
    assert json.loads(comment["body"])["text"].startswith("She turns away")


def test_the_tree_has_provenance_flags_tracks_and_events(campaign):
    database, _ = campaign
    whole = json.loads(formats.called("json").write(gathered(database)))
    assert (whole["format"], whole["version"], whole["simulated"]) == (
        "taver-annotations", 1, True,
    )  # fmt: skip
    assert whole["software"]["taver"]
    assert whole["raters"]["count"] == 4
    first, second, empty = whole["clips"]
    odd = next(r for r in first["ratings"] if r["rater"] == "rater-3")
    assert {flag["kind"] for flag in odd["flags"]} >= {"flat", "saturated", "dropped", "lag"}
    left_out = next(r for r in second["ratings"] if r["rater"] == "rater-4")
    assert (left_out["state"], left_out["reason"]) == ("excluded", "was interrupted")
    assert len(first["frame_unix_ns"]) == len(first["fused"]["arousal"]["values"]) == 300
    assert first["fused"]["arousal"]["made"]["name"] == "mean"
    assert odd["events"][0]["kind"] == "play"
    assert empty["ratings"] == []
    assert empty["fused"] is None


def test_parquet_holds_the_same_with_types(campaign, needs):
    try:
        import pyarrow.parquet as pq
    except ImportError:
        needs(False, "pyarrow", install="pip install pyarrow")
    database, _ = campaign
    whole = gathered(database)
    read = pq.read_table(io.BytesIO(formats.called("parquet").write(whole)))
    rows = table(formats.called("csv").write(whole))
    assert read.num_rows == len(rows)
    assert [float(v) for v in read["arousal"].to_pylist()] == pytest.approx(
        [float(r["arousal"]) for r in rows]
    )
    assert json.loads(read.schema.metadata[b"taver"])["format"] == "taver-annotations"
    nobody = pq.read_table(io.BytesIO(formats.called("parquet").write(gathered(database, EMPTY))))
    assert nobody.num_rows == 0


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


def check_eaf(root):
    """Assert what ELAN's schema and ELAN itself want of a file."""
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


def test_elan_gets_a_tier_a_rater_and_dimension_as_its_schema_wants(campaign):
    database, _ = campaign
    spans = check_eaf(ET.fromstring(eaf.eaf(gathered(database, FIRST))))
    wanted = leading.curve(300, seed=0, lag=5, shift=0)
    rebuilt = np.full(300, np.nan)
    for start, end, value in spans["rater-2 arousal"]:
        rebuilt[start // 100 : end // 100] = float(value)
    assert np.array_equal(rebuilt, wanted)
    assert spans["rater-1 comments"] == [(12_000, 13_000, "She turns away here <b>now</b>")]
    assert "fused valence" in spans
    # Who does not count is told apart by the tier's name.
    spans = check_eaf(ET.fromstring(eaf.eaf(gathered(database, SECOND))))
    assert {"rater-4 arousal (excluded)", "rater-3 arousal"} <= set(spans)
    assert check_eaf(ET.fromstring(eaf.eaf(gathered(database, EMPTY)))) == {}


def test_comments_in_elan_never_overlap_and_hold_only_what_xml_can(campaign):
    database, made = campaign
    user, clip = made.people["rater-1"], made.clips[EMPTY]
    zero = np.zeros(200, int)
    said = [("comment", frame, None, {"text": f"at\x01 {frame}"}) for frame in (10, 10, 14, 199)]
    leading.rate(database, annotating.assign(database, clip, user), user, zero, zero, more=said)
    spans = check_eaf(ET.fromstring(eaf.eaf(gathered(database, EMPTY))))
    assert spans["rater-1 comments"] == [
        (1000, 1400, "at 10; at 10"), (1400, 2400, "at 14"), (19_900, 20_000, "at 199"),
    ]  # fmt: skip


def test_a_folder_is_written_whole_and_never_over_another(campaign, tmp_path):
    database, _ = campaign
    folder = tmp_path / "annotations out"
    made = export.export(database, folder)
    names = {path.relative_to(folder).as_posix() for path in made}
    assert names >= {
        "provenance.json", "events.csv", "tracks.csv", "annotations.json", f"elan/{FIRST}.eaf",
    }  # fmt: skip
    assert all(path.stat().st_size for path in made)
    with pytest.raises(AlreadyThereError):
        export.export(database, folder)
    with pytest.raises(NotFoundError, match="no clips of s09"):
        export.export(database, tmp_path / "other", sessions=["s09"])
    with pytest.raises(InputError, match="no format"):
        export.export(database, tmp_path / "other", endings=["docx"])
    with pytest.raises(NotFoundError):
        export.export(database, tmp_path / "not there" / "other")
    assert not (tmp_path / "other").exists()


def test_without_pyarrow_only_who_asks_for_parquet_hears_of_it(campaign, tmp_path, monkeypatch):
    database, _ = campaign
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    assert [one.ending for one in formats.usable()] == ["csv", "json", "eaf"]
    made = export.export(database, tmp_path / "out")
    assert not [path for path in made if path.suffix == ".parquet"]
    with pytest.raises(MissingExtraError, match="pyarrow"):
        export.export(database, tmp_path / "other", endings=["parquet"])


def one_table(tmp_path, text, name="tool.csv"):
    path = tmp_path / name
    path.write_text(text)
    return path


def state_of(database):
    changed = (tables.users, tables.assignments, tables.sittings, tables.events, tables.audit)
    with database.reading() as connection:
        return [connection.execute(sa.select(table)).all() for table in changed]


def test_another_tool_s_trace_counts_as_a_rating_and_keeps_its_fractions(campaign, tmp_path):
    database, _ = campaign
    path = one_table(tmp_path, "t,x\n0,-1\n5,0.125\n10,\n12,1\n")
    how = mapping.Mapping(
        columns=mapping.Columns(time="t", arousal="x", valence="", rater="", clip=""),
        scale=mapping.Scale(lowest=-1, highest=1),
    )
    (brought,) = bring(database, path, time.time_ns(), mapping=how, clip=EMPTY, rater="carma")
    assert brought.rater == "carma"
    (rated,) = [one for one in ratings_of(database, "s01") if one.clip.name == EMPTY]
    (rating,) = rated.ratings
    assert rating.traces[A].values[:2].tolist() == [-10, 1.25]
    assert np.isnan(rating.traces[A].values[2])
    assert rating.traces[A].values[3] == 10
    assert len(rating.traces[V].values) == 0  # what was not said is not made up
    with database.reading() as connection:
        (one,) = of_clips(connection, [r for r in in_use(connection) if r.name == EMPTY])
        log = connection.execute(
            sa.select(tables.audit.c.detail).where(tables.audit.c.what == "imported")
        ).scalar_one()
    assert np.isnan(one.ratings[0].values[V]).all()
    assert log["file"] == "tool.csv"
    assert len(log["sha256"]) == 64


def test_what_was_exported_can_be_imported_elsewhere_and_is_the_same(campaign, tmp_path):
    database, _ = campaign
    data = formats.called("csv").write(gathered(database))
    path = tmp_path / "tracks.csv"
    path.write_bytes(data)
    other = open_database(f"sqlite:///{tmp_path / 'other.sqlite'}")
    with database.reading() as ours, other.writing() as theirs:
        rows = [row._asdict() for row in ours.execute(sa.select(tables.clips))]
        theirs.execute(sa.insert(tables.clips), rows)
    brought = bring(other, path, time.time_ns())
    assert len(brought) == 6
    # Who was left out there is left out here: byte by byte the same, the fused trace as well.
    (left_out,) = [one for one in brought if one.left_out]
    assert (left_out.clip, left_out.rater) == (SECOND, "rater-4")
    assert "where it was excluded" in left_out.left_out
    assert formats.called("csv").write(gathered(other)) == data
    other.close()


def test_fractions_go_out_and_in_again_as_they_were(campaign, tmp_path):
    database, _ = campaign
    values = np.round(np.random.default_rng(3).uniform(-10, 10, 200), 9)
    lines = [f"{n / 10},{value!r}" for n, value in enumerate(values.tolist())]
    path = one_table(tmp_path, "\n".join(["time_s,arousal", *lines]))
    bring(database, path, time.time_ns(), clip=EMPTY, rater="carma")
    whole = gathered(database, EMPTY)
    rows = [row for row in table(formats.called("csv").write(whole)) if row["rater"] == "carma"]
    assert [float(row["arousal"]) for row in rows] == values.tolist()
    assert {row["valence"] for row in rows} == {""}
    spans = check_eaf(ET.fromstring(eaf.eaf(whole)))["carma arousal"]
    assert [float(value) for *_, value in spans] == values.tolist()
    with database.reading() as connection:
        (one,) = of_clips(connection, [r for r in in_use(connection) if r.name == EMPTY])
    assert one.flags(one.ratings[0]) == []  # valence was not asked for: that is no gap


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


def test_the_commands_export_import_and_assign(campaign, tmp_path, study, cli, refused):
    database, _ = campaign
    database.close()
    data = (tmp_path / "annotations.sqlite").read_bytes()
    (study.folder / "annotations.sqlite").write_bytes(data)
    assert cli(study, "annotate", "export", "out", "--format", "csv").code == 0
    assert (study.folder / "out" / "tracks.csv").is_file()
    (study.folder / "tool.csv").write_text("time_s,arousal,valence\n0,1,2\n")
    done = cli(study, "annotate", "import", "tool.csv", "--clip", EMPTY, "--rater", "tool")
    assert (done.code, done.out) == (0, f"{EMPTY}: tool, 100% of the frames\n"), done.err
    assert "its last row is 20 s before the end" in done.err
    done = cli(study, "annotate", "assign", EMPTY, "rater-1")
    assert done.out == f"{EMPTY}: rater-1 (open), tool (done)\n"
    done = cli(study, "annotate", "assign", EMPTY, "rater-1", "--to", "rater-2", "--reason", "ill")
    assert done.out == f"{EMPTY}: rater-1 (taken away), rater-2 (open), tool (done)\n"
    done = cli(study, "annotate", "assign", EMPTY, "tool", "--leave-out", "--reason", "a test")
    assert "tool (left out)" in done.out
    done = cli(study, "annotate", "assign", EMPTY, "tool", "--reopen", "--reason", "ok")
    assert "tool (done)" in done.out, done.err  # nobody can go on with it: it counts again
    done = cli(study, "annotate", "assign", EMPTY, "rater-2", "--take-away", "--reason", "ill")
    assert "rater-2 (taken away)" in done.out
    refused(InputError, study, "annotate", "assign", FIRST, "rater-1", "--leave-out")  # why?
    refused(AlreadyThereError, study, "annotate", "assign", FIRST, "rater-1")
    refused(NotFoundError, study, "annotate", "assign", "none", "rater-1")
    refused(NotFoundError, study, "annotate", "assign", FIRST, "nobody")
    refused(AlreadyThereError, study, "annotate", "export", "out")
    (study.folder / "tool.csv").write_text("time_s,arousal\n0,x\n")
    again = ("import", "tool.csv", "--clip", FIRST, "--rater", "t")
    told = refused(DataError, study, "annotate", *again)
    assert "line 2: arousal 'x' is no number" in told


def test_all_of_it_is_the_same_on_postgresql(campaign, tmp_path):
    here, _ = campaign
    with postgres.postgresql() as url:
        there = open_database(url)
        made = leading.campaign(there, None, frames=(300, 140))
        left_out = made.assignments[SECOND, "rater-4"]
        change.exclude(there, None, left_out, "was interrupted", time.time_ns())
        assert export.table.tracks_csv(gathered(there)) == export.table.tracks_csv(gathered(here))
        path = one_table(tmp_path, f"clip,rater,time_s,arousal\n{EMPTY},tool,0,1.5\n")
        for database in (here, there):
            bring(database, path, time.time_ns())
        assert export.table.tracks_csv(gathered(there)) == export.table.tracks_csv(gathered(here))
        with here.reading() as ours, there.reading() as theirs:
            found = [overview(connection, tmp_path) for connection in (ours, theirs)]
        assert found[0].places == found[1].places
        assert [one.flags for one in found[0].clips] == [one.flags for one in found[1].clips]
        there.close()
