"""How well clocks are brought together, and how much better a planned start is than a called one.

Three agents in processes of their own, whose clocks are 10 s off and drift by 100 ppm. What is
right is known to the nanosecond, since all processes share one machine's clock underneath. For the
start every packet, of TCP and UDP alike, is held up by up to 50 ms, each by another time.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import statistics
import sys
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2] / "support"))

import agents
import msgspec
import studies

from capture.agent.launch import Skew
from capture.master.crews import RemoteAgent
from capture.master.master import Master
from capture.master.member import Member
from capture.plan import Plan
from taver.core.clock import NS_PER_S, Epoch, HostClock
from taver.core.frames import Modality
from taver.core.session import clocks
from taver.core.session.footage import Footage

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from taver.core.session.folder import Session
    from taver.core.study import Study

JITTER_S: Final = 0.050
SKEWS: Final = {
    "one": (Modality.COLOR, Skew(ahead_ns=10 * NS_PER_S, drift_ppm=100)),
    "two": (Modality.DEPTH, Skew(ahead_ns=-10 * NS_PER_S, drift_ppm=-100)),
    "three": (Modality.THERMAL, Skew(ahead_ns=10 * NS_PER_S, drift_ppm=-100)),
}
_LEAD_NS: Final = 3 * NS_PER_S // 10


def measure(quick: bool) -> dict[str, float]:
    """Return the two figures; every frame's time is checked on the way."""
    with (
        tempfile.TemporaryDirectory() as folder,
        contextlib.ExitStack() as stack,
    ):
        study = studies.make_study(Path(folder) / "clocks")
        there = stack.enter_context(
            agents.together(
                *(
                    agents.Elsewhere(study, name, modality, skew=skew, scale=0.05)
                    for name, (modality, skew) in SKEWS.items()
                )
            )
        )
        residual_us = _residual_us(study, there, seconds=2.5 if quick else 60.0)
        ratio = _start_ratio(there, rounds=3 if quick else 20)
    return {"clock_residual_p99_us": residual_us, "start_skew_ratio": ratio}


def true_ns(skew: Skew, host_ns: np.ndarray) -> np.ndarray:
    """Return what the right clock said when the skewed one said `host_ns`."""
    since = (host_ns - skew.ahead_ns).astype(np.float64)
    drifted = since * (skew.drift_ppm * 1e-6) / (1 + skew.drift_ppm * 1e-6)
    return host_ns - skew.ahead_ns - np.rint(drifted).astype(np.int64)


def _residual_us(study: Study, there: Sequence[agents.Elsewhere], seconds: float) -> float:
    """Record with all three; return what the frames' fitted times differ from the truth by."""
    plan = Plan(session="clocks", participant="P01", seconds=seconds)
    with Master(study, plan, [agent.crew for agent in there]) as master:
        master.start()
        session = master.finish()
    off = np.concatenate([_off_us(session, modality, skew) for modality, skew in SKEWS.values()])
    told = [record.residual_p99_us for record in clocks.read(session.folder).clocks.values()]
    return max(float(np.percentile(np.abs(off), 99)), *told)


def _off_us(session: Session, modality: Modality, skew: Skew) -> np.ndarray:
    with Footage(session, modality) as footage:
        hosts = np.array([footage.stamp(n).host_ns for n in range(len(footage))], np.int64)
        assert len(hosts) > 0
        (clock,) = {piece.clock for piece in session.manifest.streams[modality].pieces}
        master = clocks.read(session.folder).clocks[clock].master
        right = true_ns(skew, hosts) + (master.unix_ns - master.host_ns)
        return (footage.unix_ns - right) / 1000


def _start_ratio(there: Sequence[agents.Elsewhere], rounds: int) -> float:
    """Return how far apart the machines start when told when, over when told now."""
    with contextlib.ExitStack() as stack:
        epoch, clock = Epoch.now(), HostClock()
        members = []
        for agent in there:
            port = stack.enter_context(jittery(agent.port))
            crew = msgspec.structs.replace(agent.crew, address=f"127.0.0.1:{port}")
            assert isinstance(crew, RemoteAgent)
            member = Member(crew, epoch, clock)
            stack.callback(member.leave)
            members.append(member)
        _all(lambda m: m.join(), members)
        _all(lambda m: m.know_clock(), members)
        # As long as an operator takes from preparing to starting, at the very least.
        threading.Event().wait(1.0)
        planned, called = [], []
        for number in range(rounds):
            for spreads, plans_it in ((planned, True), (called, False)):
                spreads.append(_spread_ns(members, epoch, clock, number, plans_it=plans_it))
    return statistics.median(planned) / statistics.median(called)


def _spread_ns(
    members: list[Member], epoch: Epoch, clock: HostClock, number: int, *, plans_it: bool
) -> int:
    plan = Plan(session=f"start{number}", participant=None, seconds=60)
    _all(lambda m: m.prepare(plan, Path(), passing=True), members)
    _all(
        lambda m: m.arm(
            {s.modality: "x.mcap" for d in m.devices for s in d.streams},
            epoch=m.epoch_now(),
            simulated=True,
        ),
        members,
    )
    now_ns = epoch.to_unix_ns(clock.now_ns())
    at_ns = now_ns + _LEAD_NS if plans_it else 0
    started = _all(lambda m: m.start(at_ns, now_ns + 60 * NS_PER_S, now_ns), members)
    moments = [
        int(true_ns(SKEWS[member.name][1], np.array([told.at_host_ns], np.int64))[0])
        for member, told in zip(members, started, strict=True)
    ]
    _all(lambda m: m.release(), members)
    return max(moments) - min(moments)


def _all(work, members: list[Member]) -> list:
    found: list = [None] * len(members)

    def run(place: int) -> None:
        found[place] = work(members[place])

    threads = [threading.Thread(target=run, args=(n,)) for n in range(len(members))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


@contextlib.contextmanager
def jittery(port: int) -> Iterator[int]:
    """Give a port that leads to `port`, TCP and UDP, on a way that holds packets up."""
    loop = asyncio.new_event_loop()
    ready = threading.Event()
    way = _Way(port)
    thread = threading.Thread(target=loop.run_until_complete, args=(way.run(ready),), daemon=True)
    thread.start()
    ready.wait()
    try:
        yield way.port
    finally:
        loop.call_soon_threadsafe(way.ended.set)
        thread.join()
        loop.close()


class _Way:
    """Both ways of one port."""

    def __init__(self, to: int) -> None:
        self.to, self.port = to, 0
        self.ended = asyncio.Event()
        self._random = random.Random(to)

    def hold_s(self) -> float:
        return self._random.uniform(0.0, JITTER_S)

    async def run(self, ready: threading.Event) -> None:
        server = await asyncio.start_server(self._tcp, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        loop = asyncio.get_running_loop()
        udp, _ = await loop.create_datagram_endpoint(
            lambda: _Outside(self), local_addr=("127.0.0.1", self.port)
        )
        ready.set()
        await self.ended.wait()
        server.close()
        udp.close()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _tcp(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", self.to)
        with contextlib.suppress(asyncio.CancelledError, OSError):
            await asyncio.gather(self._pass(reader, inner_writer), self._pass(inner_reader, writer))

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(1 << 16):
            await asyncio.sleep(self.hold_s())
            writer.write(data)
        writer.close()


class _Outside(asyncio.DatagramProtocol):
    """The near end of UDP: for each asker a socket of its own to the far end."""

    def __init__(self, way: _Way) -> None:
        self._way = way
        self._inside: dict[tuple, asyncio.DatagramTransport] = {}

    def connection_made(self, transport) -> None:
        self._transport = transport

    def datagram_received(self, data: bytes, sender) -> None:
        asyncio.get_running_loop().create_task(self._forward(data, sender))

    async def _forward(self, data: bytes, sender) -> None:
        await asyncio.sleep(self._way.hold_s())
        if sender not in self._inside:
            self._inside[sender], _ = await asyncio.get_running_loop().create_datagram_endpoint(
                lambda: _Inside(self._way, self._transport, sender),
                remote_addr=("127.0.0.1", self._way.to),
            )
        self._inside[sender].sendto(data)


class _Inside(asyncio.DatagramProtocol):
    """The far end of UDP."""

    def __init__(self, way: _Way, back, sender) -> None:
        self._way, self._back, self._sender = way, back, sender

    def datagram_received(self, data: bytes, _) -> None:
        loop = asyncio.get_running_loop()
        loop.call_later(self._way.hold_s(), self._back.sendto, data, self._sender)


if __name__ == "__main__":
    print(measure("--quick" in sys.argv))
