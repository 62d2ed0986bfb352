"""A study that holds a person in every place that there is: P02, beside P01 who stays."""

from __future__ import annotations

import json
from contextlib import closing

import datasets
import numpy as np
import sqlalchemy as sa
import studies

import taver.dataset
from annotate_web.db import tables
from annotate_web.db.open import address_of, open_database
from taver.dataset.documents.make import make
from taver.dataset.documents.told import Told

GONE, STAYS = "P02", "P01"
RATER = "a1"


def full_study(folder):
    """Make the study: sessions, annotations with films, a dataset, a run, an export."""
    study = studies.make_study(folder)
    studies.add_person(study, GONE)
    studies.record_pattern(study, "s01", participant=STAYS)
    studies.record_pattern(study, "s02", participant=GONE)
    studies.record_pattern(study, "interview", participant=GONE)
    datasets.make_dataset(
        study.folder / "dataset.zarr", people=2, seconds=3, size_px=16,
        splits={
            "default": {"train": [STAYS], "validation": [], "test": [GONE]},
            f"without-{GONE}": {"train": [STAYS], "validation": [], "test": [GONE]},
        },
    )  # fmt: skip
    make(taver.dataset.open(study.folder / "dataset.zarr"), Told(), study=study)
    annotate(study)
    _train(study)
    (study.folder / "s02-export.csv").write_text("frame,valence\n0,1\n")
    return study


def database_of(study):
    """Open the study's annotations."""
    return open_database(address_of(study.config.annotation.database, study.folder))


def annotate(study):
    """Put films before a rater who rated all of them."""
    films = study.clips_folder
    films.mkdir()
    with closing(database_of(study)) as database, database.writing() as connection:
        (user,) = connection.execute(
            sa.insert(tables.users).values(
                name=RATER, folded=RATER, role=tables.Role.ANNOTATOR, created_ns=1
            )
        ).inserted_primary_key
        for session in ("s01", "s02", "interview"):
            film = f"{session}.webm" if session != "interview" else "f81d4fae.webm"
            (films / film).write_bytes(b"film")
            (clip,) = connection.execute(
                sa.insert(tables.clips).values(
                    name=f"{session}-a", session=session, phase="interview", from_unix_ns=0,
                    until_unix_ns=9, width_px=64, height_px=48,
                    frame_unix_ns=np.arange(10, dtype="<i8").tobytes(), frames=10, media=film,
                    media_sha256="0" * 64, sound=False, simulated=True, wanted_raters=3,
                    added_ns=1,
                )
            ).inserted_primary_key  # fmt: skip
            (assignment,) = connection.execute(
                sa.insert(tables.assignments).values(
                    clip_id=clip, user_id=user, position=1, state=tables.State.DONE, made_ns=1
                )
            ).inserted_primary_key
            connection.execute(
                sa.insert(tables.sittings).values(
                    id=f"sitting of {session}", assignment_id=assignment, made_ns=1, client="tab"
                )
            )
            connection.execute(
                sa.insert(tables.events),
                [
                    {"sitting_id": f"sitting of {session}", "seq": n, "kind": "valence",
                     "frame": n, "value": 1, "client_ns": n, "received_ns": n}
                    for n in range(1, 6)
                ],
            )  # fmt: skip
            connection.execute(
                sa.insert(tables.audit).values(
                    at_ns=1, what="clip added", about=f"{session}-a", detail={"session": session}
                )
            )


def _train(study):
    run = study.folder / "runs" / "tran"
    (run / "evaluation").mkdir(parents=True)
    (run / "run.json").write_text(
        json.dumps({"about": {"people": {"train": [STAYS, GONE], "validation": []}}})
    )
    rows = "recording,slot,valence\ns01-interview,0,0.1\ns02-interview,0,0.2\n"
    (run / "evaluation" / "predictions.csv").write_text(rows)
    (run / "report.html").write_text(f"<p>CCC of {GONE}: 0.5</p>")
    (run / "best.ckpt").write_bytes(bytes(64))
