"""A stand-in for PySpin that behaves as the SDK's documentation says; the real one never ran here.

It is strict where the SDK is: a value of the wrong kind, a camera that is used before Init, an
image that is not released, and an instance that is released while a camera is held are errors.
"""

from __future__ import annotations

import time
import types

import numpy as np

WIDTH_PX, HEIGHT_PX = 640, 512
PERIOD_S = 0.01

intfIInteger, intfIBoolean, intfICommand, intfIFloat, intfIString = 2, 3, 4, 5, 6  # noqa: N816
intfIEnumeration = 9  # noqa: N816
TIMEOUT, ACCESS_DENIED, NOT_INITIALIZED, IO = -1011, -1005, -1002, -1010


class SpinnakerException(Exception):  # noqa: N818  the SDK's name
    def __init__(self, message, errorcode):
        super().__init__(f"Spinnaker: {message} [{errorcode}]")
        self.errorcode = errorcode


class Node:
    """One node: a value of a kind, the choices of an enumeration, and whether it can be set."""

    def __init__(self, kind, value, *, choices=(), writable=True):
        self.kind, self.value, self.choices, self.writable = kind, value, choices, writable
        self.executed = 0

    def GetPrincipalInterfaceType(self):  # noqa: N802
        return self.kind


def choice(value, *choices, writable=True):
    return Node(intfIEnumeration, value, choices=choices, writable=writable)


def a65():
    """Return the nodes of a camera that was just switched on."""
    return {
        "DeviceVersion": Node(intfIString, "stand-in 1.0", writable=False),
        "DeviceTemperature": Node(intfIFloat, 36.5, writable=False),
        "Width": Node(intfIInteger, 320),
        "Height": Node(intfIInteger, 256),
        "WidthMax": Node(intfIInteger, WIDTH_PX, writable=False),
        "HeightMax": Node(intfIInteger, HEIGHT_PX, writable=False),
        "PixelFormat": choice("Mono8", "Mono8", "Mono14"),
        "CMOSBitDepth": choice("bit8bit", "bit8bit", "bit14bit"),
        "SensorGainMode": choice("LowGainMode", "LowGainMode", "HighGainMode"),
        "TemperatureLinearMode": choice("Off", "Off", "On"),
        "TemperatureLinearResolution": choice("Low", "Low", "High"),
        "NUCMode": choice("Manual", "Manual", "Automatic"),
        "NUCAction": Node(intfICommand, None),
        "SyncMode": choice("SelfSync", "SelfSync", "Master"),
        "AcquisitionMode": choice("SingleFrame", "SingleFrame", "Continuous"),
        "AcquisitionFrameRate": Node(intfIFloat, 30.0, writable=False),
        "GevSCPSPacketSize": Node(intfIInteger, 1400),
    }


class Camera:
    """A camera that sends a moving ramp; `lost` numbers never come, `incomplete` ones in part."""

    def __init__(self, serial="A65-S1", *, vendor="FLIR", lost=(), incomplete=(), nodes=None):
        self.nodes = a65() if nodes is None else nodes
        self.device = {
            "DeviceVendorName": Node(intfIString, vendor, writable=False),
            "DeviceModelName": Node(intfIString, "A65", writable=False),
            "DeviceSerialNumber": Node(intfIString, serial, writable=False),
            "GevDeviceIPAddress": Node(intfIInteger, 0xA9FE0105, writable=False),
        }
        self.stream = {
            "StreamBufferHandlingMode": choice("NewestOnly", "NewestOnly", "OldestFirst"),
            "StreamBufferCountMode": choice("Auto", "Auto", "Manual"),
            "StreamBufferCountManual": Node(intfIInteger, 10),
            "StreamPacketResendEnable": Node(intfIBoolean, False),
        }
        self.lost, self.incomplete = set(lost), set(incomplete)
        self.taken_elsewhere = self.unplugged = False
        self.initialized = self.acquiring = False
        self.out = self.number = 0

    def Init(self):  # noqa: N802
        if self.taken_elsewhere:
            raise SpinnakerException("Camera is controlled by another application", ACCESS_DENIED)
        self.initialized = True

    def DeInit(self):  # noqa: N802
        assert not self.acquiring, "DeInit while acquiring"
        self.initialized = False

    def GetTLDeviceNodeMap(self):  # noqa: N802
        return NodeMap(self.device)

    def GetTLStreamNodeMap(self):  # noqa: N802
        return NodeMap(self.stream)

    def GetNodeMap(self):  # noqa: N802
        if not self.initialized:
            raise SpinnakerException("Camera is not initialized", NOT_INITIALIZED)
        return NodeMap(self.nodes)

    def BeginAcquisition(self):  # noqa: N802
        self.acquiring, self.number = True, 0

    def EndAcquisition(self):  # noqa: N802
        assert self.out == 0, "images were not released"
        self.acquiring = False

    def GetNextImage(self, timeout_ms):  # noqa: N802
        assert self.acquiring
        if self.unplugged:
            time.sleep(timeout_ms / 1000)
            raise SpinnakerException("Failed waiting for EventData", TIMEOUT)
        time.sleep(PERIOD_S)
        while self.number in self.lost:
            self.number += 1
        image = Image(self, self.number, incomplete=self.number in self.incomplete)
        self.number += 1
        self.out += 1
        return image


class Image:
    def __init__(self, camera, number, *, incomplete):
        self._camera, self._number, self._incomplete = camera, number, incomplete

    def GetFrameID(self):  # noqa: N802
        return self._number

    def GetTimeStamp(self):  # noqa: N802
        return 5_000_000_000 + round(self._number * PERIOD_S * 1e9)

    def IsIncomplete(self):  # noqa: N802
        return self._incomplete

    def GetNDArray(self):  # noqa: N802
        row = np.arange(WIDTH_PX, dtype=np.uint16) + self._number
        return np.broadcast_to(row, (HEIGHT_PX, WIDTH_PX))

    def Release(self):  # noqa: N802
        self._camera.out -= 1


class NodeMap:
    def __init__(self, nodes):
        self._nodes = nodes

    def GetNode(self, name):  # noqa: N802
        return self._nodes.get(name)


class _Pointer:
    def __init__(self, node):
        self.node = node

    def ToString(self):  # noqa: N802
        value = self.node.value
        return f"{value:g}" if isinstance(value, float) else str(value)

    def SetValue(self, value):  # noqa: N802
        assert (
            type(value)
            is {intfIInteger: int, intfIFloat: float, intfIBoolean: bool}[self.node.kind]
        )
        self.node.value = value

    def Execute(self):  # noqa: N802
        assert self.node.kind == intfICommand
        self.node.executed += 1

    def GetEntryByName(self, name):  # noqa: N802
        known = name in self.node.choices
        return types.SimpleNamespace(place=self.node.choices.index(name)) if known else None

    def GetValue(self):  # noqa: N802
        return self.node.place

    def SetIntValue(self, place):  # noqa: N802
        self.node.value = self.node.choices[place]


def module(*cameras):
    """Return what `import PySpin` gives on a machine with these cameras."""
    instances = []

    class CameraList:
        def GetSize(self):  # noqa: N802
            return len(cameras)

        def GetByIndex(self, place):  # noqa: N802
            return cameras[place]

        def Clear(self):  # noqa: N802
            pass

    class System:
        @staticmethod
        def GetInstance():  # noqa: N802
            instances.append(1)
            return System()

        def GetCameras(self):  # noqa: N802
            return CameraList()

        def ReleaseInstance(self):  # noqa: N802
            instances.pop()
            assert instances or not any(camera.initialized for camera in cameras)

    made = types.ModuleType("PySpin")
    made.__dict__.update(
        System=System,
        SpinnakerException=SpinnakerException,
        IsReadable=lambda node: getattr(node, "kind", None) != intfICommand,
        IsWritable=lambda node: node.writable,
        instances=instances,
        **{f"C{kind}Ptr": _Pointer for kind in ("Value", "Enumeration", "EnumEntry", "Integer")},
        **{f"C{kind}Ptr": _Pointer for kind in ("Float", "Boolean", "Command")},
        **{name: value for name, value in globals().items() if name.startswith("intfI")},
    )
    return made
