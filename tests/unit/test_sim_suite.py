"""All sensors together: what is taken of one moment, and the same bytes anywhere."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys

import children
import numpy as np
import pytest

from capture.sim.ideal import Ideal
from capture.sim.rig import standard_rig
from capture.sim.scene import Room
from capture.sim.sensors.suite import SensorSuite
from taver.core.clock import NS_PER_MS
from taver.core.errors import InputError
from taver.core.frames import PICTURES, Modality

RIG = standard_rig()
FRAME_NS = 100 * NS_PER_MS
F = np.float32


def ideal(seed: int = 0) -> Ideal:
    """A view with edges, darkness, warmth and colours."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[:424, :512]
    near = (x - 250) ** 2 + (y - 200) ** 2 < 90**2
    return Ideal(
        color=random.integers(0, 256, (1080, 1920, 3), dtype=np.uint8),
        depth_mm=np.where(near, 1000 + 0.3 * x, 2200).astype(F),
        reflectance=np.where(y < 100, 0.02, 0.5).astype(F),
        thermal_k=(295 + 12 * random.random((512, 640))).astype(F),
    )


def digest(pixels) -> str:
    joined = b"".join(np.ascontiguousarray(pixels[m]).tobytes() for m in PICTURES)
    return hashlib.sha256(joined).hexdigest()


def test_a_frame_s_noise_does_not_depend_on_the_frames_before():
    view = ideal()
    alone = SensorSuite(RIG, 4).take(view, Room(), 7, 700 * NS_PER_MS)
    suite = SensorSuite(RIG, 4)
    for number in range(7):
        suite.take(view, Room(), number, number * FRAME_NS)
    after = suite.take(view, Room(), 7, 700 * NS_PER_MS)
    # The exposure had nothing to follow in a scene that stands still.
    assert digest(alone.pixels) == digest(after.pixels)
    other = SensorSuite(RIG, 5).take(view, Room(), 7, 700 * NS_PER_MS)
    for modality in PICTURES:
        assert (other.pixels[modality] != alone.pixels[modality]).mean() > 0.2


def test_the_same_frames_in_the_same_order_are_the_same_bytes():
    def taken():
        suite = SensorSuite(RIG, 4, shutter_period_s=2.0)
        return [
            digest(suite.take(ideal(n % 2), Room(light=0.3), n, n * 300 * NS_PER_MS).pixels)
            for n in range(8)
        ]

    assert taken() == taken()


CHILD = """
import importlib.util, sys
spec = importlib.util.spec_from_file_location("sensors_test", sys.argv[1])
tests = importlib.util.module_from_spec(spec)
spec.loader.exec_module(tests)
print(tests.digest_of_three())
"""


def child(code: str, *arguments: str, **environment: str) -> str:
    """Run a piece of Python that can import what this process can; return what it printed."""
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), **environment},
        stdout=subprocess.PIPE,
        encoding="utf-8",
        timeout=60,
        check=True,
    ).stdout


def digest_of_three() -> str:
    suite = SensorSuite(RIG, 4)
    taken = [suite.take(ideal(n), Room(light=0.5), n, n * FRAME_NS) for n in range(3)]
    return "".join(digest(one.pixels) for one in taken)


@pytest.mark.parametrize("threads", ["1", "2"])
def test_another_process_with_other_threads_makes_the_same_bytes(threads):
    told = child(CHILD, __file__, NUMBA_NUM_THREADS=threads, OMP_NUM_THREADS=threads)
    assert told.strip() == digest_of_three()


def test_only_what_was_drawn_is_taken():
    view = ideal()
    some = Ideal(color=None, depth_mm=view.depth_mm, reflectance=None, thermal_k=view.thermal_k)
    taken = SensorSuite(RIG, 4).take(some, Room(), 0, 0)
    assert set(taken.pixels) == set(taken.status) == {Modality.DEPTH, Modality.THERMAL}
    assert taken.exposure is None


def test_a_view_of_other_cameras_is_refused():
    view = Ideal(
        color=np.zeros((4, 4, 3), np.uint8), depth_mm=None, reflectance=None,
        thermal_k=np.zeros((4, 4), F),
    )  # fmt: skip
    with pytest.raises(InputError) as refused:
        SensorSuite(RIG, 4).take(view, Room(), 0, 0)
    assert len(refused.value.problems) == 2
    with pytest.raises(InputError, match="cannot close every 0"):
        SensorSuite(RIG, 4, shutter_period_s=0)


def test_without_numba_the_line_that_installs_it_is_told():
    code = (
        children.without("numba")
        + """
from taver.core.errors import MissingExtraError
try:
    import capture.sim.sensors.suite
except MissingExtraError as error:
    print(error.what, error.fix)
"""
    )
    told = child(code)
    assert "numba" in told
    assert "[sim]" in told
