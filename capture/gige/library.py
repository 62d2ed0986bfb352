"""Loads Aravis' C library and declares what is called of it.

It is called through ctypes rather than GObject's Python package: that one is built for one Python,
the system's, so that a virtual environment needs a compiler to have it. The C interface of 0.8 is
the same on every machine, and a call waits without holding up other threads.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import functools
import sys
from ctypes import (
    POINTER,
    c_char_p,
    c_double,
    c_int,
    c_size_t,
    c_uint,
    c_uint32,
    c_uint64,
    c_void_p,
)
from typing import Any, Final

from taver.core import install
from taver.core.errors import MissingExtraError

DEBIAN: Final = "libaravis-0.8-0"
_NAMES: Final = ("aravis-0.8", "aravis-0.8-0", "libaravis-0.8-0")  # Linux and macOS; Windows twice
_GOBJECT_NAMES: Final = ("gobject-2.0", "gobject-2.0-0", "libgobject-2.0-0")

# Aravis has two kinds of functions: those that can fail, whose last argument takes an error, and
# those that cannot.
_CAN_FAIL: Final[dict[str, tuple[Any, tuple[Any, ...]]]] = {
    "arv_open_device": (c_void_p, (c_char_p,)),
    "arv_device_create_stream": (c_void_p, (c_void_p, c_void_p, c_void_p)),
    "arv_device_execute_command": (None, (c_void_p, c_char_p)),
    "arv_gc_feature_node_set_value_from_string": (None, (c_void_p, c_char_p)),
    "arv_gc_feature_node_get_value_as_string": (c_char_p, (c_void_p,)),
    "arv_gv_device_auto_packet_size": (c_uint, (c_void_p,)),
    "arv_gv_device_get_packet_size": (c_uint, (c_void_p,)),
    "arv_gv_device_set_packet_size": (None, (c_void_p, c_int)),
}
_CANNOT_FAIL: Final[dict[str, tuple[Any, tuple[Any, ...]]]] = {
    "arv_get_major_version": (c_uint, ()),
    "arv_get_minor_version": (c_uint, ()),
    "arv_get_micro_version": (c_uint, ()),
    "arv_device_get_feature": (c_void_p, (c_void_p, c_char_p)),
    "arv_device_set_access_check_policy": (None, (c_void_p, c_int)),
    "arv_gc_feature_node_get_type": (c_size_t, ()),
    "arv_gc_feature_node_get_actual_access_mode": (c_int, (c_void_p,)),
    "arv_gv_device_is_controller": (c_int, (c_void_p,)),
    "arv_gv_device_set_packet_size_adjustment": (None, (c_void_p, c_int)),
    "arv_stream_push_buffer": (None, (c_void_p, c_void_p)),
    "arv_stream_timeout_pop_buffer": (c_void_p, (c_void_p, c_uint64)),
    "arv_buffer_new": (c_void_p, (c_size_t, c_void_p)),
    "arv_buffer_set_frame_id": (None, (c_void_p, c_uint64)),
    "arv_buffer_set_timestamp": (None, (c_void_p, c_uint64)),
    "arv_buffer_set_system_timestamp": (None, (c_void_p, c_uint64)),
    "arv_buffer_get_status": (c_int, (c_void_p,)),
    "arv_buffer_get_frame_id": (c_uint64, (c_void_p,)),
    "arv_buffer_get_timestamp": (c_uint64, (c_void_p,)),
    "arv_buffer_get_system_timestamp": (c_uint64, (c_void_p,)),
}
_GOBJECT: Final[dict[str, tuple[Any, tuple[Any, ...]]]] = {
    "g_object_unref": (None, (c_void_p,)),
    "g_type_check_instance_is_a": (c_int, (c_void_p, c_size_t)),
    "g_error_free": (None, (c_void_p,)),
    "g_value_init": (c_void_p, (c_void_p, c_size_t)),
    "g_value_set_int": (None, (c_void_p, c_int)),
    "g_object_set_property": (None, (c_void_p, c_char_p, c_void_p)),
}
_G_TYPE_INT: Final = 6 << 2


class _Error(ctypes.Structure):
    _fields_ = (("domain", c_uint32), ("code", c_int), ("message", c_char_p))


class _Value(ctypes.Structure):
    _fields_ = (("type", c_size_t), ("data", c_double * 2))


class AravisError(Exception):
    """What Aravis said when a call failed."""


class Aravis:
    """The functions of the library, each with its types; see `_CAN_FAIL` and `_CANNOT_FAIL`."""

    def __init__(self, library: ctypes.CDLL, gobject: ctypes.CDLL) -> None:
        self._functions = {
            **_declared(library, _CANNOT_FAIL),
            **_declared(library, _CAN_FAIL, POINTER(POINTER(_Error))),
            **_declared(gobject, {k: v for k, v in _GOBJECT.items() if k != "g_error_free"}),
        }
        # GObject's library links GLib's, so its functions are found there too.
        self._free_error = _declared(gobject, {"g_error_free": _GOBJECT["g_error_free"]})

    def call(self, name: str, *arguments: Any) -> Any:
        """Call a function; raises AravisError if it fails."""
        if name not in _CAN_FAIL:
            return self._functions[name](*arguments)
        error = POINTER(_Error)()
        result = self._functions[name](*arguments, ctypes.byref(error))
        if bool(error):
            said = (error.contents.message or b"it did not say why").decode(errors="replace")
            self._free_error["g_error_free"](error)
            raise AravisError(said)
        return result

    def set_property(self, item: int, name: str, value: int) -> None:
        """Set a number, or the number of a choice, as a property of a GObject."""
        held = _Value()
        self.call("g_value_init", ctypes.byref(held), _G_TYPE_INT)
        self.call("g_value_set_int", ctypes.byref(held), value)
        self.call("g_object_set_property", item, name.encode(), ctypes.byref(held))

    def version(self) -> str:
        """Return the version of the library, such as 0.8.26."""
        return ".".join(str(self.call(f"arv_get_{n}_version")) for n in ("major", "minor", "micro"))


@functools.cache
def aravis() -> Aravis:
    """Load the library; raises MissingExtraError where it is not installed."""
    try:
        return Aravis(_load(_NAMES), _load(_GOBJECT_NAMES))
    except (OSError, AttributeError) as error:
        raise MissingExtraError(f"Aravis 0.8 cannot be loaded: {error}", fix=how_to_get()) from None


def how_to_get() -> str:
    """Return the line that installs the library."""
    if sys.platform == "darwin":
        return "brew install aravis"
    return install.apt(DEBIAN)


def _load(names: tuple[str, ...]) -> ctypes.CDLL:
    found = next(filter(None, map(ctypes.util.find_library, names)), None)
    if found is None:
        raise OSError(f"no library {names[0]} is on this system")
    return ctypes.CDLL(found)


def _declared(
    library: ctypes.CDLL, table: dict[str, tuple[Any, tuple[Any, ...]]], *last: Any
) -> dict[str, Any]:
    functions = {}
    for name, (result, arguments) in table.items():
        function = getattr(library, name)
        function.restype = result
        function.argtypes = (*arguments, *last)
        functions[name] = function
    return functions
