"""A campaign as a lead meets it: clips, annotators, and ratings that came in as events."""

from __future__ import annotations

import time
import uuid
from typing import NamedTuple

import annotating
import numpy as np
import webm

from annotate_web.db import tables
from annotate_web.events import intake, sittings
from annotate_web.settings import Limits
from taver.labels.trace import Dimension

SLIDERS = (Dimension.AROUSAL, Dimension.VALENCE)


def curve(frames, *, seed, lag=0, shift=0.0, scale=1.0):
    """Return whole values as a rater would give them: a slow movement, late by `lag` frames."""
    rng = np.random.default_rng(seed)
    moments = np.arange(frames) - lag
    waves = sum(
        rng.uniform(1, 4) * np.sin(2 * np.pi * moments / rng.uniform(60, 400) + rng.uniform(0, 6))
        for _ in range(3)
    )
    return np.clip(np.rint(scale * waves + shift), -10, 10).astype(int)


def rate(database, assignment, user, arousal, valence, *, done=True, more=()):
    """Send what a browser sends while somebody rates every frame of a clip once.

    `more` are further events as (kind, frame, value, fields).
    """
    now_ns = time.time_ns()
    sitting = sittings.open_one(
        database, assignment, user, str(uuid.uuid4()), now_ns, Limits(), take_over=True
    )
    told = [("play", 0, None, {})]
    before = [0, 0]
    for frame, pair in enumerate(zip(arousal, valence, strict=True)):
        for place, (slider, value) in enumerate(zip(SLIDERS, pair, strict=True)):
            if value != before[place]:
                told.append((str(slider), frame, int(value), {}))
                before[place] = value
    told += more
    told.sort(key=lambda one: one[1] if one[1] is not None else 0)
    told.append(("stop", len(arousal) - 1, None, {}))
    if done:
        told.append(("done", None, None, {}))
    events = [
        annotating.event(seq, kind, frame, value, **fields)
        for seq, (kind, frame, value, fields) in enumerate(told, 1)
    ]
    for first in range(0, len(events), 1000):
        taken = intake.take(database, sitting, user, events[first : first + 1000], now_ns, Limits())
        assert not taken.refused, taken.refused
    return sitting


class Campaign(NamedTuple):
    """Who and what there is."""

    people: dict[str, int]
    clips: dict[str, int]
    assignments: dict[tuple[str, str], int]


def campaign(database, media, *, frames=(600, 450)):
    """Return two clips that three of four annotators rated, and one that nobody has rated.

    rater-3 of the first clip never moves arousal, stays at the end with valence and lost frames;
    rater-4 is left out of the second clip by the lead.
    """
    names = ["rater-1", "rater-2", "rater-3", "rater-4"]
    people = dict(zip(names, annotating.add_people(database, *names), strict=True))
    (people["lead"],) = annotating.add_people(database, "lead", role=tables.Role.LEAD)
    clips = {}
    for place, count in enumerate((*frames, 200)):
        name = f"s01-interview-{place + 1}"
        if media is not None:
            webm.barcode(media / f"{name}.webm", frames=count)
        start = annotating.START_UNIX_NS + place * 10**12
        times = start + np.arange(count, dtype="<i8") * annotating.PERIOD_NS
        clips[name] = annotating.add_clip(
            database, name, frames=count, phase="interview", frame_unix_ns=times.tobytes(),
            from_unix_ns=int(times[0]), until_unix_ns=int(times[-1]) + 1,
        )  # fmt: skip
    given = {}
    for place, (clip, count) in enumerate(zip(clips, frames, strict=False)):
        for number, rater in enumerate(names[:3] if place == 0 else names[1:]):
            given[clip, rater] = annotating.assign(database, clips[clip], people[rater])
            odd = place == 0 and rater == "rater-3"
            arousal = curve(count, seed=place, lag=5 * number, shift=number - 1)
            valence = curve(count, seed=place + 50, lag=8 * number, scale=1.2)
            more = []
            if odd:
                arousal, valence = np.zeros(count, int), np.full(count, 10)
                more = [("dropped", 50, 30, {}), ("lag", 60, 400, {})]
            if number == 0:
                more = [("comment", 120, None, {"text": "She turns away here <b>now</b>"})]
            rate(database, given[clip, rater], people[rater], arousal, valence, more=more)
    return Campaign(people, clips, given)
