"""Annotators who sat through clips, in a study's own database, the way their pages write it."""

from __future__ import annotations

import time
import uuid
from typing import TYPE_CHECKING

import annotating
import numpy as np
import rated
import sqlalchemy as sa
import studies

from annotate_web.db import tables
from annotate_web.db.open import address_of, open_database
from annotate_web.events import intake, sittings
from annotate_web.settings import Limits

if TYPE_CHECKING:
    from annotate_web.db.open import Database

# What the study's annotators would send within an hour or so.
LIMITS = Limits(batch_events=100_000)


def database_of(study) -> Database:
    """Open the study's annotations; they are made if there are none."""
    return open_database(address_of(study.config.annotation.database, study.folder))


def add(database, name, times, *, session="s01", wanted=3, **more):
    """Put a clip of these frames on file; return its number."""
    clip = annotating.add_clip(
        database, name, frames=len(times), wanted=wanted, session=session, phase="interview", **more
    )
    with database.writing() as connection:
        connection.execute(
            sa.update(tables.clips)
            .where(tables.clips.c.id == clip)
            .values(frame_unix_ns=np.asarray(times, dtype="<i8").tobytes())
        )
    return clip


def sit(database, clip, user, arousal, valence, *, done=True):
    """Let a user rate a clip: NaN is a face that was not visible, on both sliders."""
    assignment = annotating.assign(database, clip, user)
    sitting = sittings.open_one(
        database, assignment, user, str(uuid.uuid4()), time.time_ns(), LIMITS
    )
    told = list(_told(arousal, valence, done))
    events = [annotating.event(n + 1, *one) for n, one in enumerate(told)]
    taken = intake.take(database, sitting, user, events, time.time_ns(), LIMITS)
    assert not taken.refused
    assert taken.acknowledged == len(events)
    return assignment


def _told(arousal, valence, done):
    """Yield kind, frame and value of each event."""
    frames = len(arousal)
    if frames:
        yield "play", 0
        now, unseen = {"arousal": 0, "valence": 0}, False
        for frame, pair in enumerate(zip(arousal, valence, strict=True)):
            if np.isnan(pair).any() != unseen:
                unseen = not unseen
                yield "unseen" if unseen else "seen", frame
            for kind, value in zip(now, pair, strict=True):
                if not np.isnan(value) and int(value) != now[kind]:
                    now[kind] = int(value)
                    yield kind, frame, int(value)
        yield "stop", frames - 1
    if done:
        yield "done", None


def rate(database, name, raters, *, session="s01", frames=900, seed=1, wanted=3, lags=(10, 14, 18)):
    """Put a clip on file that these users rated, each late and noisy; return its times, values."""
    rng = np.random.default_rng(seed)
    times = rated.frame_times(frames, rated.START_NS + seed * 10**12)
    truths = [rated.wandering(rng, frames) for _ in range(2)]
    clip = add(database, name, times, session=session, wanted=wanted)
    said = []
    for user, lag in zip(raters, lags, strict=False):
        values = [rated.late(rng, truth, lag) for truth in truths]
        sit(database, clip, user, *values)
        said.append(values)
    return clip, times, truths, said


def annotated_study(folder):
    """Return a study of two rated sessions and one that is not: six raters, three a clip."""
    study = studies.make_study(folder / studies.STRANGE_NAME)
    for name in ("s01", "s02", "s03"):
        studies.record_pattern(study, name)
    database = database_of(study)
    people = annotating.add_people(database, "P1", "P2", "P3", "P4", "P5", "P6")
    rate(database, "s01-interview", people[:3])
    rate(database, "s01-later", [people[n] for n in (1, 3)], seed=2)
    rate(database, "s02-interview", people[3:], session="s02", seed=3)
    database.close()
    return study
