"""An agent by itself: who may speak to it, what it makes of nonsense, what it keeps."""

import contextlib
import random
import re
import signal
import socket

import agents
import children
import pytest
import telling
import zmq
from agents import elsewhere

from capture.keys import files as keys
from capture.plan import Plan
from capture.timesync import packets
from capture.wire import messages as wire
from capture.wire.address import Address
from capture.wire.link import Link
from capture.wire.messages import AgentState, Question
from taver import __version__
from taver.core.clock import Epoch, HostClock
from taver.core.errors import (
    AlreadyThereError,
    BusyError,
    DataError,
    DeviceError,
    InputError,
    NotFoundError,
    StorageError,
)
from taver.core.frames import Modality
from taver.core.recording.reader import StreamReader

DEPTH = Modality.DEPTH
ANSWER_S = 30.0  # far more than it takes, also where much else is done
HEARING = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)
from taver.cli.main import main
main()
"""


@contextlib.contextmanager
def linked(study, agent):
    own = keys.read_master(study.keys_folder).pair
    public = keys.read_public(study.keys_folder, agent.name).public
    address = Address(host="127.0.0.1", port=agent.port)
    link = Link(agent.name, address, agent_public=public, public=own.public, secret=own.secret)
    try:
        yield link
    finally:
        link.close()


def record(link, seconds, run="run1"):
    """Let an agent record, as a master on the same machine would; return when it has begun."""
    epoch, now_ns = Epoch.now(), HostClock().now_ns()
    link.greet(ANSWER_S)
    line = wire.Line(host_ns=now_ns, unix_ns=epoch.to_unix_ns(now_ns), gain=0.0, error_us=1.0)
    plan = Plan(session="s01", participant=None, seconds=seconds)
    link.ask(wire.Prepare(run=run, plan=plan), wire.Prepared, seconds=ANSWER_S)
    link.begin(wire.Beat(line=line))
    arm = wire.Arm(files={DEPTH: "depth.mcap"}, simulated=True, epoch=epoch)
    link.ask(arm, wire.Done, seconds=ANSWER_S)
    start_ns = epoch.to_unix_ns(HostClock().now_ns()) + 50_000_000
    start = wire.Start(
        at_unix_ns=start_ns,
        until_unix_ns=start_ns + round(seconds * 1e9),
        grid_start_unix_ns=start_ns,
    )
    link.ask(start, wire.Started, seconds=ANSWER_S)


def peer(context, study, agent, *, secret=None):
    """Return a socket to an agent that says what it likes."""
    own = secret or keys.read_master(study.keys_folder).pair
    socket_ = context.socket(zmq.DEALER)
    socket_.setsockopt(zmq.LINGER, 0)
    socket_.curve_serverkey = keys.read_public(study.keys_folder, agent.name).public.encode()
    socket_.curve_publickey, socket_.curve_secretkey = own.public.encode(), own.secret.encode()
    socket_.connect(f"tcp://127.0.0.1:{agent.port}")
    return socket_


def test_an_agent_goes_on_recording_whatever_comes_to_its_port(study):
    chance = random.Random(7)
    with elsewhere(study, "one", DEPTH, rate_hz=50.0) as agent, linked(study, agent) as link:
        record(link, seconds=4.0)
        where = ("127.0.0.1", agent.port)
        for size in (0, 1, 9, 64, 500, 70_000):  # as anybody on the network can
            with socket.create_connection(where) as plain, contextlib.suppress(OSError):
                plain.sendall(chance.randbytes(size))
        with socket.create_connection(where) as plain, contextlib.suppress(OSError):
            plain.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        silent = socket.create_connection(where)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
            secret = link.greet(ANSWER_S).clock_secret
            asked = packets.question(packets.Asked(1, 2), secret)
            for data in (b"", b"x", asked[:-1], asked + b"x", chance.randbytes(len(asked))):
                udp.sendto(data, where)
            udp.sendto(packets.question(packets.Asked(3, 4), b"another" * 4), where)
            udp.sendto(asked, where)
            udp.settimeout(ANSWER_S)  # they are taken in their order: only the last is answered
            assert packets.read_answer(udp.recv(100), secret)[:2] == (1, 2)
            udp.settimeout(0.2)
            with pytest.raises(TimeoutError):
                udp.recv(100)
        with zmq.Context() as context:
            stranger = peer(context, study, agent, secret=agents.stranger().pair)
            friend = peer(context, study, agent)
            hello = wire.encode(Question(number=5, ask=wire.Beat()))
            for _ in range(150):  # as somebody who has the key, and another program
                torn = bytearray(hello)
                torn[chance.randrange(len(torn))] = chance.randrange(256)
                endless = b"\xdd\xff\xff\xff\xff"
                friend.send(chance.choice([bytes(torn), chance.randbytes(40), endless]))
            friend.send_multipart([chance.randbytes(20)] * 30)
            friend.send(b"\x91" * 50_000)
            for hostile in (
                wire.Fetch(run="../../etc", file="passwd", offset=0, size=100),
                wire.Fetch(run="run1", file="../depth.mcap", offset=0, size=100),
                wire.Confirm(run="run1", file="depth.mcap", digest="00"),
                wire.Prepare(run="x/y", plan=Plan(session="..", participant=None, seconds=1)),
                wire.StopAt(at_unix_ns=2**63 - 1),
            ):
                friend.send(wire.encode(Question(number=6, ask=hostile)))
            answers = []
            # Hundreds of answers, and whatever comes behind them.
            while friend.poll(500 if len(answers) > 100 else 1000 * ANSWER_S):
                answers.append(wire.answer(friend.recv()).tell)
            refused = [a for a in answers if isinstance(a, wire.Refused)]
            assert len(refused) > 100
            assert not [a for a in answers if isinstance(a, wire.Chunk)]
            friend.send(bytes(3 << 20))  # more than anybody may say at once: the line is cut
            stranger.send(hello)
            assert not stranger.poll(300)
            friend.close()
            stranger.close()
        silent.close()
        finished = link.ask(wire.Finish(), wire.Finished, seconds=ANSWER_S)
        assert agent.process.poll() is None
        assert finished.problems == ()
        piece = finished.pieces[DEPTH]
        assert piece.frames >= 20
        assert piece.dropped == {}


def test_an_agent_of_another_version_is_named_with_both(study):
    code = (
        "import taver; taver.__version__ = '9.9'\nfrom capture.agent.__main__ import main; main()"
    )
    with (
        elsewhere(study, "one", DEPTH, code=code) as agent,
        linked(study, agent) as link,
        pytest.raises(DeviceError) as caught,
    ):
        link.greet(ANSWER_S)
    assert "taver 9.9" in caught.value.what
    assert f"taver {__version__}" in caught.value.what
    assert "same version" in caught.value.fix


def test_steps_out_of_order_are_refused_and_change_nothing(study):
    with elsewhere(study, "one", DEPTH) as agent, linked(study, agent) as link:
        link.greet(ANSWER_S)
        for ask in (
            wire.Arm(files={}, simulated=True, epoch=Epoch.now()),
            wire.Start(at_unix_ns=0, until_unix_ns=1, grid_start_unix_ns=0),
            wire.Finish(),
        ):
            with pytest.raises((BusyError, DeviceError)):
                link.ask(ask, wire.Done, seconds=ANSWER_S)
        record(link, seconds=60.0)
        plan = Plan(session="s02", participant=None, seconds=1)
        with pytest.raises(BusyError, match="recording s01"):
            link.ask(wire.Prepare(run="b", plan=plan), wire.Prepared, seconds=ANSWER_S)
        agents.wait_for_frames(agent.spool, "depth.mcap", 1)
        assert link.ask(wire.Finish(), wire.Finished, seconds=ANSWER_S).pieces[DEPTH].frames > 0
        assert link.greet(ANSWER_S).state is AgentState.STOPPED


def test_what_a_killed_agent_recorded_is_offered_by_the_next(study):
    with elsewhere(study, "one", DEPTH) as agent:
        with linked(study, agent) as link:
            record(link, seconds=30)
            agents.wait_for_frames(agent.spool, "depth.mcap")
        agent.kill()
        agent.start().listening()
        with linked(study, agent) as link:
            assert link.greet(ANSWER_S).held == 1
            (held,) = link.ask(wire.List(), wire.Holding, seconds=ANSWER_S).recordings
            assert (held.session, held.finished) == ("s01", True)
            assert held.pieces[DEPTH].frames > 5
            assert [marker.name for marker in held.markers] == ["broken off"]
            confirm = wire.Confirm(run=held.run, file="depth.mcap", digest="00")
            with pytest.raises(DataError, match="checksum"):
                link.ask(confirm, wire.Done, seconds=ANSWER_S)
            told = link.ask(
                wire.Digest(run=held.run, file="depth.mcap"), wire.Digested, seconds=ANSWER_S
            )
            assert told.size == held.pieces[DEPTH].size_bytes
            confirm = wire.Confirm(run=held.run, file="depth.mcap", digest=told.digest)
            link.ask(confirm, wire.Done, seconds=ANSWER_S)
            assert link.ask(wire.List(), wire.Holding, seconds=ANSWER_S).recordings == ()


def test_two_agents_do_not_share_a_spool_or_a_port(study):
    with elsewhere(study, "one", DEPTH) as agent:
        key = study.keys_folder / "one.key"
        same = ("--device", "pattern", "--key", key)
        done = children.taver("agent", *same, "--spool", agent.spool, cwd=study.folder)
        telling.assert_told(done.returncode, done.stderr, BusyError)
        port = f"127.0.0.1:{agent.port}"
        done = children.taver("agent", *same, "--listen", port, cwd=study.folder)
        telling.assert_told(done.returncode, done.stderr, BusyError)


GOOD = ("--device", "pattern", "--key", "one.key")


@pytest.mark.parametrize(
    ("arguments", "kind", "words"),
    [
        (GOOD[:2], InputError, "--key"),
        (GOOD[2:], InputError, "--device"),
        ((*GOOD[:3], "none.key"), NotFoundError, "none.key"),
        ((*GOOD, "--device", "nix", "--device", "nax"), NotFoundError, "nax"),
        ((*GOOD[2:], "--device", "pattern:7", "--device", "pattern:7"), InputError, "twice"),
        ((*GOOD, "--listen", "x:y"), InputError, "no address"),
        ((*GOOD, "--listen", "no.such.host.invalid:1"), InputError, "cannot be found"),
        ((*GOOD, "--listen", "192.0.2.1:7200"), InputError, "this machine"),
        (("keygen", "one"), AlreadyThereError, "overwritten"),
        (("keygen", "a/b"), InputError, "cannot name"),
        (("keygen", "master"), InputError, "leading machine"),
        (("collect", "s09"), NotFoundError, "s09"),
    ],
)
def test_what_a_person_gets_wrong_is_told(study, cli, arguments, kind, words):
    path = keys.make(study.keys_folder, "one")
    (study.folder / "one.key").write_bytes(path.read_bytes())
    (study.folder / "one.key").chmod(0o600)
    done = cli(study, "agent", *arguments)
    telling.assert_told(done.code, done.err, kind)
    assert words in done.err


@telling.posix_only
def test_a_key_that_others_can_read_is_refused(study, cli):
    keys.make(study.keys_folder, "one").chmod(0o640)
    done = cli(study, "agent", "--device", "pattern", "--key", "keys/one.key")
    telling.assert_told(done.code, done.err, StorageError)
    assert "chmod 600" in done.err


@telling.posix_only
@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGINT])
def test_an_agent_that_is_told_to_end_finishes_its_files(study, sent):
    keys.make(study.keys_folder, "one")
    arguments = ("agent", "--device", "pattern", "--key", "keys/one.key")
    with children.started(
        HEARING, *arguments, "--listen", "127.0.0.1:0", cwd=study.folder
    ) as child:
        told = child.stderr.readline()
        agent = agents.Elsewhere(study, "one", DEPTH)
        agent.port = int(re.search(r"127\.0\.0\.1:(\d+)", told)[1])
        with linked(study, agent) as link:
            epoch = Epoch.now()
            link.greet(ANSWER_S)
            plan = Plan(session="s01", participant=None, seconds=60, streams=(DEPTH,))
            link.ask(wire.Prepare(run="r", plan=plan), wire.Prepared, seconds=ANSWER_S)
            line = wire.Line(host_ns=epoch.host_ns, unix_ns=epoch.unix_ns, gain=0.0, error_us=1.0)
            link.begin(wire.Beat(line=line))
            arm = wire.Arm(files={DEPTH: "depth.mcap"}, simulated=True, epoch=epoch)
            link.ask(arm, wire.Done, seconds=ANSWER_S)
            until_ns = epoch.unix_ns + 60 * 10**9
            start = wire.Start(at_unix_ns=0, until_unix_ns=until_ns, grid_start_unix_ns=0)
            link.ask(start, wire.Started, seconds=ANSWER_S)
            agents.wait_for_frames(study.folder / "taver-spool", "depth.mcap", 3)
            child.send_signal(sent)
            assert child.wait(60) == 0
    (file,) = (study.folder / "taver-spool").rglob("depth.mcap")
    with StreamReader(file) as reader:
        assert len(reader) >= 3


def test_ports_are_opened_on_this_machine_alone_unless_told(study):
    with elsewhere(study, "one", DEPTH) as agent:
        outside = [
            found[4][0]
            for found in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)
            if not found[4][0].startswith("127.")
        ]
        for host in outside:
            with pytest.raises(OSError, match=r"refused|unreachable|timed out"):
                socket.create_connection((host, agent.port), timeout=1).close()
