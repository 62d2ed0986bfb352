"""A session's protocol: what may stand in its file, and how it takes its course."""

import itertools
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capture.protocol import course
from capture.protocol.course import Cue
from capture.protocol.file import Ends, Kind, Phase, Protocol, load
from taver.core.errors import ConfigError

EXAMPLE = Path(__file__).parents[2] / "examples" / "03_interview_protocol.toml"
SECOND = 1_000_000_000


def written(tmp_path, text):
    path = tmp_path / "Müller's protocol 1.toml"
    path.write_text('name = "x"\n' + text, "utf-8")
    return path


def phase(name, kind=Kind.RELAXING, seconds=10, ends=Ends.TIME):
    return Phase(name=name, kind=kind, length_ns=seconds * SECOND, ends=ends)


def three(*kinds):
    return Protocol(
        name="x", phases=tuple(phase(f"{kind} {n}", kind) for n, kind in enumerate(kinds))
    )


def test_the_example_has_ten_minutes_of_relaxing_then_five_of_interview_with_reports():
    protocol = load(EXAMPLE)
    lengths = [(p.kind, p.length_ns // SECOND) for p in protocol.phases]
    report = (Kind.SELF_REPORT, 120)
    assert lengths[1:] == [(Kind.RELAXING, 600), report, (Kind.INTERVIEW, 300), report]
    assert protocol.seconds == sum(length for _, length in lengths)
    assert all(p.tell for p in protocol.phases)


def test_a_self_report_ends_by_its_answer_and_all_else_by_time_unless_told_otherwise(tmp_path):
    path = written(
        tmp_path,
        '[[phases]]\nname = "a"\nkind = "self-report"\nseconds = 5\n'
        '[[phases]]\nname = "b"\nkind = "break"\nminutes = 0.5\n'
        '[[phases]]\nname = "c"\nkind = "interview"\nminutes = 1\nends = "key"\n',
    )
    protocol = load(path)
    assert [p.ends for p in protocol.phases] == [Ends.ANSWER, Ends.TIME, Ends.KEY]
    assert [p.length_ns // SECOND for p in protocol.phases] == [5, 30, 60]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("phases = []", "no phases"),
        ('[[phases]]\nname = "a"\nkind = "break"', "either minutes or seconds"),
        ('[[phases]]\nname = "a"\nkind = "break"\nminutes = 1\nseconds = 1', "either"),
        ('[[phases]]\nname = "a"\nkind = "break"\nminutes = 0', "from a second to a day"),
        ('[[phases]]\nname = "a"\nkind = "break"\nminutes = -3', "from a second to a day"),
        ('[[phases]]\nname = "a"\nkind = "break"\nminutes = nan', "from a second to a day"),
        ('[[phases]]\nname = "a"\nkind = "break"\nminutes = inf', "from a second to a day"),
        ('[[phases]]\nname = "a"\nkind = "break"\nminutes = 1\nends = "answer"', "self-report"),
        (
            (
                '[[phases]]\nname = "a"\nkind = "break"\nminutes = 1\n'
                '[[phases]]\nname = "A"\nkind = "break"\nminutes = 1'
            ),
            "another has that name",
        ),
        (
            "".join(
                f"[[phases]]\nname = '{n}'\nkind = 'break'\nminutes = 1000\n" for n in range(2)
            ),
            "a day is the most",
        ),
    ],
)
def test_what_cannot_be_carried_out_is_refused_in_words(tmp_path, text, told):
    with pytest.raises(ConfigError) as refused:
        load(written(tmp_path, text + "\n"))
    assert told in " ".join((refused.value.what, *refused.value.problems))


def test_an_unknown_key_is_named_with_its_line_and_what_was_meant(tmp_path):
    text = '[[phases]]\nname = "a"\nkind = "break"\nminuts = 1\n'
    with pytest.raises(ConfigError) as refused:
        load(written(tmp_path, text))
    (problem,) = refused.value.problems
    assert "line 5" in problem
    assert "'minutes'" in problem


@pytest.mark.parametrize("line", ["kind = 'party'", "kind = 3", "ends = 'never'", "name = ''"])
def test_a_wrong_value_is_named_with_its_line(tmp_path, line):
    given = {"name": "'a'", "kind": "'break'", "minutes": "1"}
    key, _, value = line.partition(" = ")
    text = "[[phases]]\n" + "".join(f"{k} = {v}\n" for k, v in (given | {key: value}).items())
    with pytest.raises(ConfigError, match=rf"line \d+: phases\.1\.{key}"):
        load(written(tmp_path, text))


def run_through(protocol, steps, **how):
    """Take the steps (how long after the last, which cue); return what began, and when."""
    place, first = course.begin(protocol, 0)
    now_ns, began = 0, [first]
    for wait_ns, cue in steps:
        now_ns += wait_ns
        place, more = course.step(protocol, place, now_ns, cue, **how)
        began += more
    return place, began, now_ns


KINDS = st.lists(st.sampled_from(Kind), min_size=1, max_size=5)
WAITS = st.integers(0, 25 * SECOND)


@given(KINDS, st.lists(WAITS, max_size=12))
def test_however_seldom_it_is_looked_at_phases_begin_when_they_were_to(kinds, waits):
    protocol = three(*kinds)
    _, began, now_ns = run_through(protocol, [(wait, None) for wait in waits])
    planned = [number * 10 * SECOND for number in range(len(kinds) + 1)]
    assert [moment for _, moment in began] == [at for at in planned if at <= now_ns]


@given(KINDS, st.lists(st.tuples(WAITS, st.sampled_from([None, *Cue])), max_size=12))
def test_each_phase_begins_once_in_order_and_none_outlasts_its_length(kinds, steps):
    protocol = three(*kinds)
    place, began, now_ns = run_through(protocol, steps, shutter_ns=2 * SECOND)
    phases = [found for found, _ in began]
    assert phases == [*protocol.phases, None][: len(phases)]
    times = [moment for _, moment in began]
    assert all(0 <= b - a <= 10 * SECOND for a, b in itertools.pairwise(times))
    assert course.is_over(protocol, place) == (phases[-1] is None)
    assert now_ns < protocol.length_ns or course.is_over(protocol, place)


@given(KINDS, st.lists(st.tuples(WAITS, st.sampled_from(Cue)), max_size=8))
def test_time_that_goes_back_changes_nothing(kinds, steps):
    protocol = three(*kinds)
    place, _, now_ns = run_through(protocol, steps)
    assert course.step(protocol, place, now_ns - 5 * SECOND) == (place, [])


def test_the_key_ends_any_phase_and_an_answer_only_a_report():
    protocol = Protocol(
        name="x",
        phases=(phase("a"), phase("b", Kind.SELF_REPORT, ends=Ends.ANSWER), phase("c")),
    )
    place, _ = course.begin(protocol, 0)
    assert course.step(protocol, place, SECOND, Cue.ANSWER) == (place, [])
    place, (began,) = course.step(protocol, place, SECOND, Cue.NEXT)
    assert (began.phase.name, began.at_ns) == ("b", SECOND)
    place, (began,) = course.step(protocol, place, 3 * SECOND, Cue.ANSWER)
    assert (began.phase.name, began.at_ns) == ("c", 3 * SECOND)


def test_an_interview_begun_by_key_waits_for_the_shutter_once():
    protocol = three(Kind.RELAXING, Kind.INTERVIEW, Kind.INTERVIEW)
    place, _ = course.begin(protocol, 0)
    place, began = course.step(protocol, place, SECOND, Cue.NEXT, shutter_ns=2 * SECOND)
    assert began == []
    place, began = course.step(protocol, place, 2 * SECOND, Cue.NEXT, shutter_ns=2 * SECOND)
    assert began == []  # pressing again does not put it off
    place, (began,) = course.step(protocol, place, 3 * SECOND, shutter_ns=2 * SECOND)
    assert began.at_ns == 3 * SECOND
    _, (began,) = course.step(protocol, place, 4 * SECOND, Cue.NEXT, shutter_ns=2 * SECOND)
    assert began.at_ns == 4 * SECOND  # from one interview into another nothing is waited for
