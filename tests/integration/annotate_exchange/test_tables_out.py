"""Ratings go out as tables and as a tree, each value as it was said, with provenance."""

import io
import json

import leading
import numpy as np
import pytest
import sqlalchemy as sa
from exchanging import EMPTY, FIRST, SECOND, gathered, table

from annotate_web.db import tables
from annotate_web.exchange import export, formats


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
