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
import msgspec
from desks import RIG, device, status, stream
from capture.desk.lsl import outlets
from taver.core.session.manifest import Marker, Phase

NOW = 1_800_000_000 * 10**9
with outlets("s01", [device()], wanted=True) as told:
    found = pylsl.resolve_streams(2.0)
    print(sorted((i.name(), i.type(), i.source_id()) for i in found))
    inlets = {i.name(): pylsl.StreamInlet(i) for i in found}
    for inlet in inlets.values():
        inlet.open_stream(timeout=10)
    here = pylsl.local_clock()
    times = tuple(NOW - 10**9 + n * 10**8 for n in range(10))
    for end in (4, 4, 10):  # the same frames are told of again and again
        told.tell_frames(status(*(stream(m, recent_unix_ns=times[:end]) for m in RIG)), NOW)
    markers = [Marker(name="marker 1", unix_ns=NOW - 5 * 10**8, note="smiled")]
    phases = [Phase(name="video", start_unix_ns=NOW - 9 * 10**8)]
    told.tell_markers(markers[:0], phases, NOW)
    told.tell_markers(markers, phases, NOW)
    told.tell_markers([Marker(name="shutter", unix_ns=NOW - 8 * 10**8), *markers], phases, NOW)
    for name in ("taver color frames", "taver markers"):
        for _ in range(10):
            sample, at = inlets[name].pull_sample(timeout=1.0 if name == "taver markers" else 5.0)
            if sample is None:
                break
            print(name, sample[0], round(at - here, 1))
"""


def test_each_frame_and_each_marker_arrives_once_at_its_own_moment(tmp_path):
    code = LISTENS % tmp_path.name + TELLS
    with children.started(code, cwd=tmp_path) as child:
        out, err = child.communicate(timeout=60)
    assert child.returncode == 0, err
    found, *samples = out.splitlines()
    for name in (
        "taver color frames",
        "taver depth frames",
        "taver markers",
        "taver thermal frames",
    ):
        assert name in found
    frames = [line.split() for line in samples if "color" in line]
    assert [float(at) for *_, at in frames] == pytest.approx(
        [n / 10 - 1 for n in range(10)], abs=0.11
    )
    assert [float(value) for *_, value, _ in frames] == [1_799_999_999 + n / 10 for n in range(10)]
    told = [
        line.removeprefix("taver markers ").rsplit(" ", 1) for line in samples if "markers" in line
    ]
    assert [text for text, _ in told] == ["phase video", "marker 1: smiled", "shutter"]
    assert [float(at) for _, at in told] == pytest.approx([-0.9, -0.5, -0.8], abs=0.11)
