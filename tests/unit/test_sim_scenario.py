import re
from pathlib import Path

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from capture.sim.curves import Curve, RandomWalk
from capture.sim.scenario import Person, Scenario, Walk, check, interview, load
from capture.sim.truth_schema import PICTURES, SCHEMA
from taver.core.errors import ConfigError

EXAMPLES = Path(__file__).parents[2] / "examples"
SCENARIOS = sorted(p for p in EXAMPLES.glob("*.toml") if not p.stem.endswith("_protocol"))

times = st.lists(st.integers(0, 5000), min_size=1, max_size=12, unique=True).map(
    lambda ticks: [tick / 10 for tick in sorted(ticks)]
)
within = st.floats(-1, 1)


@st.composite
def points(draw):
    t_s = draw(times)
    return list(zip(t_s, draw(st.lists(within, min_size=len(t_s), max_size=len(t_s))), strict=True))


def read(folder, text):
    path = folder / "scenario.toml"
    path.write_text(text, encoding="utf-8")
    return load(path)


def refused(folder, text):
    with pytest.raises(ConfigError) as caught:
        read(folder, text)
    return "\n".join([caught.value.what, *caught.value.problems])


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda p: p.name)
def test_every_example_can_be_read(path):
    assert load(path).seconds > 0


def test_the_ready_made_interview_is_possible():
    check(interview(10.0))


def test_a_key_that_is_unknown_is_refused_with_the_nearest_one(tmp_path):
    told = refused(tmp_path, "seconds = 5\n[[people]]\nidentity = 1\narousel = [[0, 1]]\n")
    assert "did you mean 'arousal'" in told
    assert "line 4" in told


def test_a_value_beyond_one_is_refused_with_its_time(tmp_path):
    told = refused(
        tmp_path, "seconds = 5\n[[people]]\nidentity = 1\nvalence = [[0, 0], [2, 1.5]]\n"
    )
    assert "people.1.valence at 2 s = 1.5" in told
    assert "from -1 to 1" in told


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ("arousal = [[3, 0], [2, 0]]", "times have to rise"),
        ("arousal = [[-1, 0]]", "there is no second -1"),
        ("arousal = []", "at least one"),
        ("arousal = [[0, nan]]", "arousal at 0 s = nan"),
        ("arousal = { mean = 2 }", "arousal.mean = 2"),
        ("talking = [[8, 9]]", "not within the 5 seconds"),
        ("talking = [[3, 2]]", "not within the 5 seconds"),
        ("talking = [[1, 3], [2, 4]]", "before the end at 3"),
        ("away = [[1, 2]]", "shorter than the 3.2 s"),
        ("hand = [[1, 1.4]]", "shorter than the 1 s"),
        ("distance_mm = 100", "people.1.distance_mm = 100"),
        ("distance_mm = 2100", "people.1.distance_mm = 2100"),
        ("body = { nose_time_constant_s = 0 }", "nose_time_constant_s = 0"),
        ('participant = "a/b"', "cannot name a participant"),
    ],
)
def test_what_a_person_cannot_do_is_refused(tmp_path, wrong, told):
    assert told in refused(tmp_path, f"seconds = 5\n[[people]]\nidentity = 1\n{wrong}\n")


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ("seconds = 0", "seconds = 0"),
        ("seconds = inf", "seconds = inf"),
        ("seconds = 5\n[room]\nlight = 0", "room.light = 0"),
        ("seconds = 5\n[cameras]\nkinect_hz = 60", "kinect_hz = 60"),
        ("seconds = 5\n[cameras]\nthermal_hz = 0", "thermal_hz = 0"),
        ("seconds = 5\n[cameras]\nshutter_every_s = 0.5", "shutter_every_s = 0.5"),
        ("seconds = 5\n[faults.kinect]\ndrop_every = 1", "every frame would be lost"),
        ("seconds = 5\n[faults.thermal]\njitter_ms = 200", "jitter_ms = 200"),
        ("seconds = 5\n[faults.thermal]\ndrift_ppm = 1e6", "drift_ppm = 1e+06"),
        ('seconds = 5\n[[parts]]\nname = "interview"\nstart_s = 9', "parts.1.start_s = 9"),
        ("seconds = 5\n[boards]\nsquare_mm = 1", "boards.square_mm = 1"),
        ("seconds = 5\n" + 13 * "[[people]]\nidentity = 1\n", "13 are too many"),
        ("seconds = 5\n[[passers]]\nidentity = 1\nstart_s = 7", "passers.1.start_s = 7"),
    ],
)
def test_what_a_rig_or_a_room_cannot_be_is_refused(tmp_path, wrong, told):
    assert told in refused(tmp_path, wrong)


def test_all_problems_are_told_at_once():
    scenario = Scenario(
        seconds=-1.0,
        people=(Person(identity=1, valence=[(0.0, 3.0)], hand=((2.0, 1.0),)),),
    )
    with pytest.raises(ConfigError) as caught:
        check(scenario)
    assert len(caught.value.problems) == 3


def test_an_empty_scene_is_refused(tmp_path):
    assert "nobody is in it" in refused(tmp_path, "seconds = 5")


def test_the_fingerprint_tells_any_two_scenarios_apart():
    one = interview(10.0)
    assert one.sha256 == interview(10.0).sha256
    assert one.sha256 != msgspec.structs.replace(one, seed=one.seed + 1).sha256


@given(points())
def test_a_curve_goes_through_its_points(given_points):
    curve = Curve(given_points)
    assert [float(curve.at(t_s)) for t_s, _ in given_points] == pytest.approx(
        [value for _, value in given_points], abs=1e-9
    )


@given(points())
def test_a_curve_never_leaves_the_range_of_the_two_points_around(given_points):
    curve = Curve(given_points)
    t_s, values = (np.array(part) for part in zip(*given_points, strict=True))
    for left in range(len(t_s) - 1):
        between = curve.at(np.linspace(t_s[left], t_s[left + 1], 50))
        assert between.min() >= values[left : left + 2].min() - 1e-12
        assert between.max() <= values[left : left + 2].max() + 1e-12


def test_a_curve_is_level_outside_its_points():
    curve = Curve([(2.0, -0.5), (4.0, 0.5)])
    assert curve.at([-10.0, 0.0, 2.0, 4.0, 99.0]).tolist() == [-0.5, -0.5, -0.5, 0.5, 0.5]


def walk(**changed):
    return RandomWalk(**{"key": 5, "mean": 0.0, "spread": 0.35, "time_constant_s": 8.0, **changed})


def test_a_walk_stays_within_bounds_and_moves_smoothly():
    for spread in (0.1, 0.5, 1.0):
        values = walk(spread=spread).at(np.arange(0, 600, 0.05))
        assert np.abs(values).max() <= 1.0
        # Two neighbouring knots, 0.8 s apart, differ by at most their whole range.
        assert np.abs(np.diff(values)).max() < 0.05 / 0.8 * 1.6 * 2 * spread


def test_a_walk_has_the_mean_spread_and_time_constant_it_was_given():
    t_s = np.arange(0, 40_000, 0.8)
    values = walk(mean=0.1, spread=0.2).at(t_s)
    assert values.mean() == pytest.approx(0.1, abs=0.02)
    assert values.std() == pytest.approx(0.2, rel=0.06)
    later = np.corrcoef(values[:-10], values[10:])[0, 1]  # 8 s later
    assert later == pytest.approx(np.exp(-1), abs=0.06)


def test_a_walk_is_the_same_however_it_is_asked():
    t_s = np.linspace(3, 90, 200)
    together = walk().at(t_s)
    one_by_one = np.array([float(walk().at(t)) for t in t_s[::-1]])[::-1]
    assert np.array_equal(together, one_by_one)
    assert not np.array_equal(together, walk(key=6).at(t_s))


def test_a_walk_is_what_the_file_gives_by_default():
    assert Person(identity=1).valence == Walk()


def keys(kind):
    """Return every key of a scenario file, of all its sections."""
    for field in msgspec.structs.fields(kind):
        yield field.name
        for part in (field.type, *getattr(field.type, "__args__", ())):
            if isinstance(part, type) and issubclass(part, msgspec.Struct):
                yield from keys(part)


def test_the_docs_name_every_key_of_a_scenario_and_every_array_of_the_truth():
    text = (EXAMPLES.parent / "docs" / "scenario.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`([a-z_.0-9]+)`", text))
    sections = {"room", "cameras", "people", "parts", "passers", "boards", "faults", "body"}
    arrays = {*SCHEMA, *(name for name, *_ in PICTURES.values())}
    assert set(keys(Scenario)) - sections - {"kinect", "thermal"} <= named
    assert arrays <= named
