import textwrap

import kinect_sdk
import numpy as np
import pytest

from capture.drivers.kinect2_linux import Kinect2LinuxConfig, Kinect2LinuxDriver
from capture.drivers.kinect2_windows import Kinect2WindowsConfig, Kinect2WindowsDriver
from capture.kinect2 import definitions, factory, pictures
from capture.kinect2.counting import Unwrapped
from capture.kinect2.library import FactoryNumbers
from capture.kinect2.silence import AFTER_S, FIRST_AFTER_S, Silence
from taver.core.camera import Camera
from taver.core.distortion import Distortion
from taver.core.errors import InputError, MissingExtraError
from taver.core.frames import Modality

# As pykinect2 0.1.0 has them, without what only Windows knows.
DECLARATIONS = """\
# -*- coding: mbcs -*-
import ctypes
from ctypes import *
INT_PTR = c_int
class tagSTATSTG(Structure):
    _fields_ = [('pwcsName', c_wchar_p), ('other', c_char * 72)]
class _Vector4(Structure):
    _fields_ = [('x', c_float)]
assert sizeof(_Vector4) == 4, sizeof(_Vector4)
assert sizeof(tagSTATSTG) == 72, sizeof(tagSTATSTG)
assert alignment(tagSTATSTG) == 4, alignment(tagSTATSTG)
HANDLES = POINTER(INT_PTR)
from comtypes import _check_version; _check_version('')
"""


def test_a_counter_goes_on_rising_where_32_bits_end():
    counter = Unwrapped()
    told = [2**32 - 300, 2**32 - 34, 232, 498, 5]  # and the last one came too late
    assert [counter(v) for v in told] == [2**32 - 300 + k for k in (0, 266, 532, 798, 305)]


def test_a_counter_goes_round_more_than_once():
    counter = Unwrapped()
    assert [counter(k * 2**30 % 2**32) for k in range(12)] == [k * 2**30 for k in range(12)]


def test_what_was_not_measured_becomes_nothing_and_the_rest_is_rounded_and_turned():
    values = np.array([[np.nan, 0, np.inf, -np.inf, -3, 65536, 65535, 500.6, 1.4]], np.float32)
    assert pictures.counts(values).tolist() == [[1, 501, 65535, 0, 0, 0, 0, 0, 0]]


@pytest.mark.parametrize("blue_first", [True, False])
def test_colour_is_red_green_blue_and_turned(blue_first):
    four = np.zeros((2, 3, 4), np.uint8)
    four[:, 0] = (30, 20, 10, 99) if blue_first else (10, 20, 30, 99)
    color = pictures.color(four, blue_first=blue_first)
    assert color.shape == (2, 3, 3)
    assert color[:, 2].tolist() == [[10, 20, 30]] * 2
    assert not color[:, :2].any()


def test_silence_is_time_that_was_waited_for_a_stream():
    silence = Silence([Modality.COLOR, Modality.DEPTH])
    silence.waited(FIRST_AFTER_S - 0.1)
    assert silence.of() == []
    silence.heard(Modality.DEPTH)
    silence.waited(AFTER_S)
    assert silence.of() == [Modality.COLOR]
    silence.waited(0.1)
    assert silence.of() == [Modality.COLOR, Modality.DEPTH]
    silence.heard(Modality.COLOR)
    assert silence.of() == [Modality.DEPTH]


def test_the_factory_calibration_is_that_of_the_picture_put_right():
    lens = (0.09, -0.27, 0.095, 0.001, 0.002)  # k1 k2 k3 p1 p2 as the device tells them
    told = FactoryNumbers((1081.4, 1081.5, 950.0, 530.0), (365.5, 365.6, 254.9, 205.4, *lens))
    k1, k2, k3, p1, p2 = lens
    mirrored = Camera(
        width_px=512,
        height_px=424,
        fx_px=365.5,
        fy_px=365.6,
        cx_px=254.9,
        cy_px=205.4,
        distortion=Distortion(coefficients=(k1, k2, p1, p2, k3)),
    )
    put_right = factory.cameras(told)[Modality.DEPTH]
    points = np.array([[120.0, -80.0, 700.0], [-300.0, 150.0, 900.0], [0.0, 0.0, 500.0]])
    seen = mirrored.project(points * [-1, 1, 1])  # a mirrored picture is one of a mirrored scene
    expected = np.column_stack([511 - seen[:, 0], seen[:, 1]])
    assert np.allclose(put_right.project(points), expected)
    assert factory.cameras(told)[Modality.COLOR].cx_px == 1919 - 950


@pytest.mark.parametrize("kind", [Kinect2LinuxConfig, Kinect2WindowsConfig])
@pytest.mark.parametrize("given", [(), (Modality.COLOR, Modality.COLOR), (Modality.THERMAL,)])
def test_it_delivers_nothing_that_a_kinect_does_not_have(kind, given):
    with pytest.raises(InputError, match="A Kinect v2 cannot deliver"):
        kind(modalities=given)


def test_pykinect2_is_put_right_before_it_is_run(tmp_path, monkeypatch):
    package = tmp_path / "pykinect2"
    package.mkdir()
    (package / "__init__.py").write_text("raise RuntimeError('never run')")
    (package / "PyKinectV2.py").write_bytes(DECLARATIONS.encode() + b"# M\xfcller\n")
    monkeypatch.syspath_prepend(tmp_path)
    made = definitions.load()
    assert made.ctypes.sizeof(made.HANDLES._type_) == made.ctypes.sizeof(made.ctypes.c_void_p)
    assert made.ctypes.sizeof(made._Vector4) == 4


def test_an_assertion_of_pykinect2_that_means_something_still_counts(tmp_path, monkeypatch):
    package = tmp_path / "pykinect2"
    package.mkdir()
    (package / "__init__.py").touch()
    wrong = DECLARATIONS.replace("sizeof(_Vector4) == 4", "sizeof(_Vector4) == 5")
    (package / "PyKinectV2.py").write_text(textwrap.dedent(wrong))
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(MissingExtraError, match="cannot be used through pykinect2") as raised:
        definitions.load()
    assert "SDK 2.0" in raised.value.fix


def test_each_system_is_told_which_driver_is_for_it(monkeypatch):
    monkeypatch.setattr("sys.platform", "linux")
    assert "kinect2_linux" in Kinect2WindowsDriver.missing()
    assert Kinect2WindowsDriver.discover() == []
    monkeypatch.setattr("sys.platform", "win32")
    assert "kinect2_windows" in Kinect2LinuxDriver.missing()
    assert Kinect2LinuxDriver.discover() == []


def test_the_stand_in_of_the_sdk_is_as_strict_as_the_sdk():
    sdk = kinect_sdk.StandIn()
    sensor = sdk.sensor()
    sensor.Open()
    reader = sensor.DepthFrameSource.OpenReader()
    event = reader.SubscribeFrameArrived()
    assert sdk.wait([event], 5) == 0
    held = reader.AcquireLatestFrame()
    reader.GetFrameArrivedEventData(event)
    assert sdk.wait([event], 5) == 0
    with pytest.raises(kinect_sdk.ComError):  # one frame at a time
        reader.AcquireLatestFrame()
    del held
    reader.GetFrameArrivedEventData(event)
    assert sdk.wait([event], 5) == 0
    assert reader.AcquireLatestFrame().RelativeTime > 0
    sensor.Close()
