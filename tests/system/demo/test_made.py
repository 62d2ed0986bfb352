"""What the demo makes holds what was so, stage after stage."""

import itertools

import numpy as np
import pytest
import sqlalchemy as sa

import taver.dataset
from calibration import store
from taver.cli.story import rater
from taver.core.session import check
from taver.core.session.folder import find
from taver.labels.store import open_labels

pytestmark = pytest.mark.timeout(600)  # the whole of it is run once

SESSIONS = ["s01", "s02", "s03", "s04"]


def test_every_interview_is_of_three_modalities_and_whole(demo):
    for name in SESSIONS:
        session = find(demo, name)
        counts = {m.value: s.frames for m, s in session.manifest.streams.items()}
        assert counts == {"color": 40, "depth": 40, "thermal": 40}
        assert session.manifest.length_s == pytest.approx(3.9, abs=0.1)
        assert check.problems(session) == []


def test_the_live_session_is_on_the_grid_whole_and_has_its_report(demo):
    session = find(demo, "live01")
    assert check.problems(session) == []
    assert session.manifest.grid.rate_hz == 10
    for stream in session.manifest.streams.values():  # few are stored where much else goes on
        slots = round((stream.last_unix_ns - stream.first_unix_ns) / 1e8) + 1
        assert stream.frames + sum(stream.dropped.values()) >= slots
    page = (session.folder / "report.html").read_text(encoding="utf-8")
    assert "SIMULATED" in page


def test_faces_are_followed_through_every_frame(first, demo):
    (line,) = [line for line in first.stdout.splitlines() if line.startswith("faces ")]
    assert "160 frames, " in line
    assert "lost" not in line
    assert (demo.sessions_folder / "s01" / "faces.html").is_file()


def test_three_raters_a_clip_were_kept_by_the_server(demo):
    from annotate_web.db.open import address_of, open_database
    from annotate_web.db.tables import clips
    from annotate_web.traces import ratings_of

    database = open_database(address_of(demo.config.annotation.database, demo.folder))
    try:
        with database.reading() as connection:
            added = connection.execute(sa.select(clips.c.session).order_by(clips.c.id)).scalars()
            # Films are made side by side; who rates what is drawn from the clips' numbers.
            assert list(added) == SESSIONS
        for name in SESSIONS:
            (rated,) = ratings_of(database, name)
            assert len(rated.ratings) == 3
            assert len(rated.clip.frame_unix_ns) == 40
    finally:
        database.close()


def test_raters_agree_with_what_was_so(demo):
    """The whole way: truth, a rater's hand, the server, fusion; only lag and noise between."""
    for name in SESSIONS:
        session = find(demo, name)
        (clip,) = [clip for _, clip in open_labels(session).groups()]
        times = clip["frame_unix_ns"][:]
        fused = clip["valence_fused"][:, 0]
        known = np.isfinite(fused)
        assert known.mean() > 0.9
        off = []
        for later_s in (0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8):
            felt = rater.truth_at(session, times - round(later_s * 1e9))["valence"]
            off.append(np.abs(fused / 10 - felt)[known].mean())
        assert min(off) < 0.25


def test_its_dataset_is_of_all_people_split_by_person(demo):
    data = taver.dataset.open(demo.folder / "dataset.zarr")
    assert sorted(data.people) == ["P01", "P02", "P03", "P04"]
    parts = [data.splits["default"][part] for part in ("train", "validation", "test")]
    assert sorted(itertools.chain(*parts)) == ["P01", "P02", "P03", "P04"]
    assert all(parts)
    assert data.simulated


def test_both_models_are_judged_on_people_they_have_not_seen(first, demo):
    lines = [line for line in first.stdout.splitlines() if line.startswith("judged ")]
    assert ["TRAN on 2 unseen" in lines[0], "URAN on 2 unseen" in lines[1]] == [True, True]
    assert all("the training people's mean" in line for line in lines)
    for model in ("tran", "uran"):
        assert (demo.folder / "runs" / model / "report.html").is_file()


def test_its_rig_is_near_the_simulated_one(demo):
    from capture.sim.rig import standard_rig

    truth, rig = standard_rig(), store.read(demo.rig_file)
    assert rig.simulated
    assert rig.depth_shift_mm == pytest.approx(truth.depth_shift_mm, abs=2)
    off_mm = np.subtract(
        rig.ir_to_color.translation_mm, truth.ir.from_color.inverse().translation_mm
    )
    assert np.linalg.norm(off_mm) < 2
