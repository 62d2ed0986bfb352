"""The operator's desk without a recording: keys, the shutter's times, what is shown and noted."""

import io

import msgspec
from desks import RIG, START_UNIX_NS, Player, device, picture, status, stream
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from capture.desk import lines, screen, shutter
from capture.desk.desk import Desk
from capture.desk.health.finding import Finding, Level
from capture.desk.health.watch import Watch
from capture.desk.keys import Typing
from capture.desk.order import Order
from capture.desk.view import Answer, Board, Event, View
from capture.plan import Nuc
from capture.protocol import course
from capture.protocol.course import Cue
from capture.protocol.file import Ends, Kind, Phase, Protocol
from capture.status import Happening, HappeningKind
from taver.core.clock import NS_PER_S, VirtualClock
from taver.core.frames import Modality

S = NS_PER_S
PROTOCOL = Protocol(
    name="x",
    phases=(
        Phase(name="ready", kind=Kind.BREAK, length_ns=60 * S, ends=Ends.KEY, tell="Press n."),
        Phase(name="video", kind=Kind.RELAXING, length_ns=300 * S, ends=Ends.TIME),
        Phase(name="report", kind=Kind.SELF_REPORT, length_ns=60 * S, ends=Ends.ANSWER),
        Phase(name="talk", kind=Kind.INTERVIEW, length_ns=300 * S, ends=Ends.TIME),
    ),
)


class Room:
    """A desk, and time that goes on when it is told to."""

    def __init__(self, protocol=PROTOCOL, nuc=Nuc.AUTO):
        self.clock = VirtualClock()
        self.player = Player(self.clock)
        self.board = Board()
        self.typing = Typing()
        order = Order(
            session="s01",
            protocol=protocol,
            nuc=nuc,
            nuc_every_ns=120 * S,
        )
        watch = Watch((device(),), None)
        self.desk = Desk(self.player, order, watch, self.board, self.clock)
        self.desk.begin()

    def go(self, seconds, step=0.5):
        for _ in range(round(seconds / step)):
            self.clock.sleep_until_ns(self.clock.now_ns() + round(step * S))
            self.desk.go_on()
            self.desk.look()
            self.view()

    def type(self, characters):
        self.desk.obey(self.typing.take(characters))

    def view(self):
        return self.desk.view(self.typing, keys=True, pages=())

    @property
    def manifest(self):
        return self.player.session.manifest

    def phases(self):
        return [(p.name, (p.start_unix_ns - START_UNIX_NS) / S) for p in self.manifest.phases]


KINDS = st.lists(st.sampled_from(Kind), min_size=1, max_size=6)


@given(KINDS, st.lists(st.integers(1, 40), max_size=60), st.sets(st.integers(0, 60), max_size=8))
def test_the_shutter_is_closed_before_each_phase_and_never_in_an_interview(kinds, waits, keys):
    protocol = Protocol(
        name="x",
        phases=tuple(
            Phase(name=f"{n}", kind=kind, length_ns=20 * S, ends=Ends.TIME)
            for n, kind in enumerate(kinds)
        ),
    )
    place, _ = course.begin(protocol, 0)
    closings, now_ns, closed = shutter.Closings(last_ns=0), 0, []
    for number, tenths in enumerate(waits):
        closings, why = shutter.due(closings, protocol, place, now_ns, 7 * S)
        if why:
            phase = course.current(protocol, place)
            assert phase is not None
            assert phase.kind is not Kind.INTERVIEW
            closed.append(why)
        now_ns += tenths * S // 10
        cue = Cue.NEXT if number in keys else None
        place, _ = course.step(protocol, place, now_ns, cue, shutter_ns=shutter.LEAD_NS)
    before = [why for why in closed if why.startswith("before")]
    assert len(before) == len(set(before))


def test_without_a_protocol_the_shutter_is_closed_every_so_often():
    room = Room(protocol=None, nuc=Nuc.MANUAL)
    room.go(500)
    assert [at for _, _, at in room.player.asked] == [120, 240, 360, 480]


def test_the_shutter_goes_with_the_protocol_and_stays_open_in_the_interview():
    room = Room(nuc=Nuc.MANUAL)
    room.go(1)
    room.type("n")
    room.go(900)
    closed = [(why, at) for kind, why, at in room.player.asked[:-1] if kind == "shutter"]
    began = dict(room.phases())
    assert closed[0] == ("before ready", 0.5)
    assert ("before video", 1.5) in closed
    assert ("before talk", began["talk"] - 2) in closed
    assert [at for why, at in closed if "minutes after" in why] == [121.5, 241.5]
    assert not [at for _, at in closed if began["talk"] <= at]


def test_left_to_the_camera_the_shutter_is_closed_by_the_key_alone_and_not_in_an_interview():
    room = Room()
    room.type("s")
    room.go(1)
    assert room.player.asked == [("shutter", "by the operator", 0.0)]
    room.go(900, step=1)
    room = Room(
        protocol=Protocol(
            name="x",
            phases=(Phase(name="talk", kind=Kind.INTERVIEW, length_ns=60 * S, ends=Ends.TIME),),
        )
    )
    room.type("s")
    assert room.player.asked == []
    assert "stays open" in room.view().events[-1].text


def test_phases_markers_and_reports_land_in_the_session_at_once():
    room = Room()
    room.go(2)
    room.type("m")
    room.type("Msmiled\r")
    room.type("n")
    room.go(300)
    room.view()
    assert not room.board.answer(Answer(phase="video", valence=5, arousal=5, dominance=5))
    assert room.board.answer(Answer(phase="report", valence=7, arousal=2, dominance=5))
    assert room.board.answer(Answer(phase="report", valence=1, arousal=1, dominance=1))  # twice
    room.go(400)
    assert [(m.name, m.note, m.source) for m in room.manifest.markers] == [
        ("marker 1", "", "operator"),
        ("marker 2", "smiled", "operator"),
    ]
    assert room.phases() == [("ready", 0), ("video", 2), ("report", 302), ("talk", 302.5)]
    (report,) = room.manifest.reports
    assert (report.phase, report.valence, report.unix_ns) == (
        "report", 7, START_UNIX_NS + round(302.5 * S),
    )  # fmt: skip
    assert room.player.asked == [("end phase",)]
    assert room.desk.ending == "the protocol is over"


def test_markers_go_on_counting_in_a_session_that_is_taken_up_again():
    room = Room(protocol=None)
    room.type("mm")
    room.desk.begin()
    room.type("m")
    assert [m.name for m in room.manifest.markers] == ["marker 1", "marker 2", "marker 3"]


def test_next_without_a_protocol_says_so_and_q_ends():
    room = Room(protocol=None)
    room.type("n")
    assert "no protocol" in room.view().events[-1].text
    room.type("q")
    assert room.desk.ending == "stopped by the operator"
    room.desk.end("something else", early=True)
    assert room.desk.ending == "stopped by the operator"
    assert [(m.name, m.note) for m in room.manifest.markers] == [
        ("stopped", "stopped by the operator")
    ]


def test_a_warning_is_told_marked_and_taken_back():
    room = Room(protocol=None)
    room.player.shown = status(skew_ms=90.0)
    room.go(5)
    (warning,) = room.view().warnings
    assert "90 ms" in warning.text
    room.player.shown = status()
    room.go(6)
    assert room.view().warnings == ()
    assert [m.name for m in room.manifest.markers] == ["warning: skew", "well again: skew"]
    assert {m.source for m in room.manifest.markers} == {"health"}


def test_what_happens_to_devices_is_told_with_what_to_do():
    room = Room(protocol=None)
    room.desk.hear(
        [
            Happening(kind=HappeningKind.LOST, unix_ns=1, text="the A65 is gone", fix="plug it in"),
            Happening(kind=HappeningKind.MARKER, unix_ns=1, text="our own marker"),
        ]
    )
    assert [(e.text, e.fix) for e in room.view().events] == [("the A65 is gone", "plug it in")]


LONG = "a very long sentence that goes on and on about a thing of no great importance at all, 얼굴"
VIEWS = st.builds(
    View,
    status=st.builds(
        status,
        elapsed_s=st.floats(0, 1e5),
        planned_s=st.floats(1, 1e5),
        markers=st.integers(0, 999),
        skew_ms=st.none() | st.floats(0, 999),
        minutes_left_on_disk=st.none() | st.floats(0, 1e6),
    ),
    participant=st.none() | st.just("P07"),
    simulated=st.booleans(),
    warnings=st.lists(
        st.builds(
            Finding, about=st.just("x"), level=st.just(Level.BAD), text=st.just(LONG),
            fix=st.sampled_from(["", LONG, LONG * 2]),
        ),
        max_size=6,
    ).map(tuple),
    events=st.lists(
        st.builds(Event, number=st.just(1), unix_ns=st.just(10**18), text=st.just(LONG)),
        max_size=9,
    ).map(tuple),
    note=st.none() | st.just("a note"),
    keys=st.booleans(),
    ending=st.sampled_from(["", "stopped: Ctrl-C"]),
    pages=st.sampled_from([(), (("preview", f"http://127.0.0.1:40000/{'x' * 32}/"),)]),
)  # fmt: skip


def printed(view, height=24, width=80):
    console = Console(width=width, file=io.StringIO(), force_terminal=False)
    console.print(screen.drawn(view, height))
    return console.file.getvalue().splitlines()


@given(VIEWS, st.booleans())
def test_whatever_is_shown_fits_eighty_columns_and_twenty_four_lines(view, with_phase):
    if with_phase:
        room = Room()
        view = msgspec.structs.replace(view, phase=room.view().phase)
    shown = printed(view)
    assert max(len(line) for line in shown) <= 80
    assert len(shown) <= 24
    if view.warnings:
        assert any(line.startswith("! ") for line in shown)
    if view.ending:
        assert "ENDING" in shown[0]
        assert "wait" in shown[-1]


def test_the_screen_says_what_an_operator_wants_to_know():
    room = Room()
    room.player.shown = status(
        stream(Modality.COLOR, dropped={"queue full": 3, "not on the grid": 20}),
        stream(Modality.THERMAL, queued=5, write_p99_ms=8.4, size_bytes=2_000_000),
        markers=2,
    )
    told = "\n".join(printed(room.view()))
    for words in (
        "s01", "SIMULATED", "01:00 of 15:00", "ready", "Press n.", "until you press n",
        "next: video (relaxing, 5 min)", "30.0 Hz", "5/64", "8 ms", "2 MB", "skew 9 ms",
        "±0.02 ms", "400 GB = 83 h", "38.1 °C", "2 markers", "m marker", "q stop",
    ):  # fmt: skip
        assert words in told, words
    assert " 3 " in told  # and not 23


def test_without_a_terminal_events_are_told_once_and_a_line_every_ten_seconds():
    room, said = Room(), []
    plain = lines.PlainLines(said.append)
    for second in range(31):
        room.player.shown = status(elapsed_s=float(second), planned_s=60.0)
        room.clock.sleep_until_ns(second * S)
        if second == 12:
            room.type("m")
        plain.show(msgspec.structs.replace(room.view(), pages=(("preview", "http://x/"),)))
    assert said[0] == "preview: http://x/"
    assert sum("http" in line for line in said) == 1
    assert sum("marker 1" in line for line in said) == 1
    assert sum("ready begins" in line for line in said) == 1
    summaries = [line for line in said if " of 01:00; " in line]
    assert [line[:5] for line in summaries] == ["00:10", "00:20", "00:30"]
    assert "color 100 at 30.0 Hz" in summaries[0]


def test_pictures_are_asked_for_twice_a_second_and_pinned_for_the_page():
    import numpy as np

    room = Room(protocol=None)
    room.player.pictures = {
        m: picture(m, np.ones((4, 4), np.uint16)) for m in RIG if m is not Modality.COLOR
    }
    room.go(1)
    assert set(room.board.glimpses()) == {Modality.DEPTH, Modality.THERMAL}


def test_what_a_recording_does_not_depend_on_may_fail_and_is_told_once():
    room, tried = Room(protocol=None), []

    def fails():
        tried.append(1)
        raise RuntimeError("no such picture")

    for _ in range(3):
        room.desk.aside("the look", fails)
    (event,) = room.view().events
    assert "the look failed" in event.text
    assert "no such picture" in event.text
    assert event.fix
    assert tried == [1]


def test_a_device_that_is_gone_is_on_the_screen_as_long_as_it_is():
    room = Room(protocol=None)
    shown = status()
    (machine,) = shown.machines
    lost = msgspec.structs.replace(machine.devices[0], connected=False, problem="it was unplugged")
    machines = (msgspec.structs.replace(machine, devices=(lost,)),)
    room.player.shown = msgspec.structs.replace(shown, machines=machines)
    told = "\n".join(printed(room.view()))
    assert "! pattern 0 is gone: it was unplugged" in told
    machines = (msgspec.structs.replace(machine, reachable=False),)
    room.player.shown = msgspec.structs.replace(shown, machines=machines)
    assert "! here does not answer" in "\n".join(printed(room.view()))


def test_a_note_is_about_the_moment_it_was_begun_at():
    room = Room(protocol=None)
    room.go(2)
    room.type("M")
    room.go(3)
    room.type("smiled\r")
    (marker,) = room.manifest.markers
    assert (marker.unix_ns - START_UNIX_NS) / S == 2.0
