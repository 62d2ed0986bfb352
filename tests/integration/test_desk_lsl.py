"""Frame times and markers as another program of the lab receives them, on this machine alone."""

import children
import pytest

pytest.importorskip("pylsl", reason="needs pylsl; to have it: pip install 'taver[lsl]'")

# In a process of its own: LSL reads its configuration once, before anything else.
LISTENS = """
import pylsl
pylsl.set_config_content(
    "[multicast]\\nResolveScope = machine\\nListenAddress = 127.0.0.1\\n"
    "[lab]\\nKnownPeers = {127.0.0.1}\\nSessionID = %s\\n"
)
"""
TELLS = """
import time
from desks import RIG, device, status, stream
from capture.desk.lsl import outlets
from taver.core.session.manifest import Marker, Phase

NOW = 1_800_000_000 * 10**9
with outlets("s01", [device()], wanted=True) as told:
    until_s = time.monotonic() + 40
    while len(found := pylsl.resolve_streams(2.0)) < 4 and time.monotonic() < until_s:
        pass
    print(sorted((i.name(), i.type(), i.source_id()) for i in found))
    inlets = {i.name(): pylsl.StreamInlet(i) for i in found}
    for inlet in inlets.values():
        inlet.open_stream(timeout=40)
    here = pylsl.local_clock()
    times = tuple(NOW - 10**9 + n * 10**8 for n in range(10))
    for end in (4, 4, 10):  # the same frames are told of again and again
        told.tell_frames(status(*(stream(m, recent_unix_ns=times[:end]) for m in RIG)), NOW)
    markers = [Marker(name="marker 1", unix_ns=NOW - 5 * 10**8, note="smiled")]
    phases = [Phase(name="video", start_unix_ns=NOW - 9 * 10**8)]
    told.tell_markers(markers[:0], phases, NOW)
    told.tell_markers(markers, phases, NOW)
    told.tell_markers([Marker(name="shutter", unix_ns=NOW - 8 * 10**8), *markers], phases, NOW)
    print(pylsl.local_clock() - here)
    for name, count in (("taver color frames", 10), ("taver markers", 3)):
        for number in range(count + 1):
            sample, at = inlets[name].pull_sample(timeout=40.0 if number < count else 0.5)
            if sample is not None:
                print(name, sample[0], at - here)
"""


def test_each_frame_and_each_marker_arrives_once_at_its_own_moment(tmp_path):
    code = LISTENS % tmp_path.name + TELLS
    with children.started(code, cwd=tmp_path) as child:
        out, err = child.communicate(timeout=110)
    assert child.returncode == 0, err
    found, took, *samples = out.splitlines()

    def is_at(told_s, wanted_s):
        """Told of in between, a moment is that much later by the clock of who hears of it."""
        return wanted_s - 0.01 < told_s < wanted_s + float(took) + 0.01

    for name in (
        "taver color frames",
        "taver depth frames",
        "taver markers",
        "taver thermal frames",
    ):
        assert name in found
    frames = [line.split() for line in samples if "color" in line]
    assert len(frames) == 10
    assert all(is_at(float(at), n / 10 - 1) for n, (*_, at) in enumerate(frames))
    assert [float(value) for *_, value, _ in frames] == [1_799_999_999 + n / 10 for n in range(10)]
    told = [
        line.removeprefix("taver markers ").rsplit(" ", 1) for line in samples if "markers" in line
    ]
    assert [text for text, _ in told] == ["phase video", "marker 1: smiled", "shutter"]
    assert all(
        is_at(float(at), wanted_s)
        for (_, at), wanted_s in zip(told, (-0.9, -0.5, -0.8), strict=True)
    )
