"""Traces come in from other tools and from other studies as they were said there."""

import importlib.util
import time
from xml.etree import ElementTree as ET

import annotating
import elan
import leading
import numpy as np
import pytest
import sqlalchemy as sa
from exchanging import EMPTY, FIRST, SECOND, gathered, one_table, state_of, table

from annotate_web.assign import by_hand, change
from annotate_web.auth import accounts
from annotate_web.db import tables
from annotate_web.db.open import open_database
from annotate_web.exchange import eaf, export, formats, mapping
from annotate_web.exchange.bring import bring
from annotate_web.lead.rated import in_use, of_clips
from annotate_web.people import personal
from annotate_web.people.listed import listed
from annotate_web.traces import ratings_of
from taver.labels.trace import Dimension

A, V = Dimension.AROUSAL, Dimension.VALENCE


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


def elsewhere(database, tmp_path):
    """Return a study with the same clips, which nobody has rated."""
    other = open_database(f"sqlite:///{tmp_path / 'other.sqlite'}")
    with database.reading() as ours, other.writing() as theirs:
        rows = [row._asdict() for row in ours.execute(sa.select(tables.clips))]
        theirs.execute(sa.insert(tables.clips), rows)
    return other


@pytest.mark.parametrize("ending", ["csv", "json", "eaf", "parquet"])
def test_what_was_exported_can_be_imported_elsewhere_and_is_the_same(
    campaign, tmp_path, needs, ending
):
    found = importlib.util.find_spec("pyarrow")
    needs(ending != "parquet" or found, "pyarrow", install="pip install pyarrow")
    database, made = campaign
    # A stretch without a value, and one who said nothing: what is missing stays missing.
    hidden = [("unseen", 50, None, {}), ("seen", 90, None, {})]
    user, curve = made.people["rater-4"], leading.curve(200, seed=5)
    given = annotating.assign(database, made.clips[EMPTY], user)
    leading.rate(database, given, user, curve, curve, more=hidden)
    annotating.assign(database, made.clips[EMPTY], made.people["rater-1"])
    data = formats.called("csv").write(gathered(database))
    files = export.export(database, tmp_path / "out", endings=[ending])
    other = elsewhere(database, tmp_path)
    brought = []
    for path in files:
        if path.suffix == f".{ending}" and path.name not in {"events.csv", "provenance.json"}:
            brought += bring(other, path, time.time_ns())
    assert len(brought) == 7
    # Who was left out there is left out here: byte by byte the same, the fused trace as well.
    (left_out,) = [one for one in brought if one.left_out]
    assert (left_out.clip, left_out.rater) == (SECOND, "rater-4")
    assert "where it was excluded" in left_out.left_out
    assert formats.called("csv").write(gathered(other)) == data
    other.close()


def test_who_was_erased_comes_in_as_a_rater_without_a_name(campaign, tmp_path):
    database, made = campaign
    with database.drawing() as connection:
        gone = personal.erase(connection, None, made.people["rater-2"], 1, ratings=False).name
    path = tmp_path / "tracks.csv"
    path.write_bytes(formats.called("csv").write(gathered(database)))
    other = elsewhere(database, tmp_path)
    # Who has that number in the other study was somebody else, and rated the same clip.
    *_, number = annotating.add_people(other, *(f"p{n}" for n in range(made.people["rater-2"])))
    zero = np.zeros(300, int)
    given = annotating.assign(other, made.clips[FIRST], number)
    leading.rate(other, given, number, zero, zero)
    with other.drawing() as connection:
        assert personal.erase(connection, None, number, 1, ratings=False).name == gone
    brought = bring(other, path, time.time_ns())
    unnamed = {one.rater for one in brought if one.was == gone}
    assert len(brought) == 6
    assert len(unnamed) == 1  # one person, whatever they rated
    assert not unnamed & {gone, "rater-2"}

    def said(which, rater):
        rows = table(formats.called("csv").write(gathered(which)))
        return [(r["clip"], r["frame"], r["arousal"], r["valence"]) for r in rows
                if r["rater"] == rater]  # fmt: skip

    assert said(other, *unnamed) == said(database, gone)
    assert {(arousal, valence) for *_, arousal, valence in said(other, gone)} == {("0", "0")}
    # They are no name to log in by, and their rating is left out as any other.
    change.exclude(other, None, by_hand.found(other, FIRST, *unnamed), "a test", time.time_ns())
    with other.reading() as connection:
        assert not [row for row in listed(connection) if row[0] in unnamed]
    other.close()


def test_the_name_of_an_imported_file_goes_with_whom_it_tells_of(campaign, tmp_path):
    database, _ = campaign
    path = one_table(tmp_path, "time_s,arousal\n0,3\n", "Xanthippe's.csv")
    bring(database, path, time.time_ns(), clip=EMPTY, rater="xan")
    assert "Xanthippe" in repr(state_of(database))
    with database.drawing() as connection:
        user = accounts.by_name(connection, "xan").id
        gone = personal.erase(connection, None, user, 1, ratings=False)
    assert gone.words == (0, 1)
    assert "Xanthippe" not in repr(state_of(database))
    (rated,) = [one for one in ratings_of(database, "s01") if one.clip.name == EMPTY]
    assert rated.ratings[0].traces[A].values.tolist() == [3]


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
    spans = elan.check(ET.fromstring(eaf.eaf(whole)))["carma arousal"]
    assert [float(value) for *_, value in spans] == values.tolist()
    with database.reading() as connection:
        (one,) = of_clips(connection, [r for r in in_use(connection) if r.name == EMPTY])
    assert one.flags(one.ratings[0]) == []  # valence was not asked for: that is no gap
