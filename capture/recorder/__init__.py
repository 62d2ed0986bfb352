"""Records one machine's devices: every frame is stored, or counted as dropped with its reason."""

from capture.plan import Plan
from capture.recorder.course import Timeline
from capture.recorder.machine import MachineRecorder
from capture.recorder.outcome import BROKEN_OFF, GAP, Recorded
from capture.recorder.record import record
from capture.recorder.source import Source

__all__ = [
    "BROKEN_OFF",
    "GAP",
    "MachineRecorder",
    "Plan",
    "Recorded",
    "Source",
    "Timeline",
    "record",
]
