"""The faces of a simulated session, held against its truth."""

import faced
import numpy as np
import zarr

from capture.sim.scenario import Person
from taver.core.frames import Modality
from taver.core.session.folder import find
from taver.faces import pipeline, schema, store
from taver.faces.options import Options
from taver.faces.state import State

INNER = slice(17, 68)


def test_there_is_one_row_for_each_frame_and_it_contradicts_nothing(made, rows, truth):
    assert np.array_equal(rows["number"], truth["number"])
    assert schema.problems(zarr.open_group(find(made, "s01").folder / schema.FILE, mode="r")) == []
    lost = rows["state"] == State.LOST
    assert np.isnan(rows["landmarks"][lost]).all()
    assert np.isfinite(rows["landmarks"][~lost]).all()
    assert (rows["confidence"][lost] == 0).all()


def test_a_face_that_is_to_be_seen_is_found_where_it_is(rows, truth):
    seen = truth["present"] & (truth["visible"][:, INNER].mean(axis=1) > 0.98)
    assert (rows["state"][seen] > 0).mean() > 0.98
    good = seen & (rows["state"] > 0)
    off = np.linalg.norm(rows["landmarks"] - truth["landmarks_px"], axis=-1)[good][:, INNER]
    assert off.mean() < 2.5
    assert rows["confidence"][good].mean() > 0.8


def test_a_face_that_is_covered_or_gone_is_not_made_up(rows, truth):
    gone = ~truth["present"] | (truth["visible"][:, INNER].mean(axis=1) < 0.5)
    assert gone.sum() > 20
    assert (rows["state"][gone] == State.LOST).mean() > 0.9


def test_the_points_are_carried_to_depth_and_heat(made, rows):
    group = zarr.open_group(find(made, "s01").folder / "truth.zarr", mode="r")
    good = (rows["state"] == State.TRACKED) & (rows["confidence"] > 0.8)
    for name, most_px in (("depth", 1.0), ("thermal", 2.2)):
        true = group[name]["landmarks_px"][:][rows[f"{name}_frame"]]
        seen = rows[f"{name}_visible"] & good[:, None]
        seen[:, :17] = False
        off = np.linalg.norm(rows[f"{name}_landmarks"] - true, axis=-1)[seen]
        assert seen[good][:, INNER].mean() > 0.9
        assert off.mean() < most_px
        assert (rows[f"{name}_sigma_px"][seen] > 0).all()


def test_the_head_turns_as_it_turned(made, rows):
    group = zarr.open_group(find(made, "s01").folder / "truth.zarr", mode="r")["color"]
    turn = group["head_rotation"][:]
    yaw = np.degrees(np.arctan2(turn[:, 0, 2], turn[:, 2, 2]))
    good = (rows["confidence"] > 0.85) & np.isfinite(yaw)
    assert np.abs(rows["yaw_deg"] - yaw)[good].mean() < 2.0


def test_somebody_else_in_the_chair_is_not_the_participant(tmp_path, the_kit):
    first = Person(identity=12, away=((2.6, 9.0),))
    second = Person(identity=4, away=((0.0, 5.0), (6.6, 10.6)))
    study = faced.study_of(
        tmp_path, first, second, seconds=10.6, modalities=(Modality.COLOR,), rate_hz=5.0
    )
    pipeline.make(study, "s01", Options(), the_kit)
    session = find(study, "s01")
    group = store.open_faces(session)
    state, flaws = group["state"][:], group["flaws"][:]
    seen_s = np.arange(len(state)) / 5
    other = (seen_s > 5.2) & (seen_s < 6.5)
    assert (state[other] == State.LOST).all()
    assert (flaws[other] & schema.Flaw.OTHER_PERSON).any()
    back = (seen_s > 9.3) & (seen_s < 10.1)
    assert (state[back] > 0).all()
    assert store.open_faces(session).attrs["others"]
