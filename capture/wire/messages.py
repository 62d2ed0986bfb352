"""Everything a master can ask of an agent, and everything an agent can answer.

A question and its answer carry one number; answers come in any order. `Hello`, `Welcome` and
`Refused` are understood by every version, so that versions can find out about each other: fields
may be added to them, never changed.
"""

from __future__ import annotations

import enum
import typing
from typing import Annotated, Final

import msgspec

from capture.glimpse import Glimpse
from capture.plan import Plan
from capture.status import DeviceStatus, Happening
from capture.timesync.line import Line
from taver.core.clock import Epoch, Ns
from taver.core.frames import DeviceInfo, Modality
from taver.core.session.manifest import Marker, Piece

PROTOCOL: Final = 1  # counted up with every change of a message
CHUNK_BYTES: Final = 1 << 20

_Word = Annotated[str, msgspec.Meta(max_length=200)]
_Text = Annotated[str, msgspec.Meta(max_length=4_000)]
_Size = Annotated[int, msgspec.Meta(ge=0, le=2**62)]


class AgentState(enum.StrEnum):
    """How far an agent is with a recording."""

    IDLE = "idle"
    PREPARED = "prepared"  # devices are open
    ARMED = "armed"  # files are open
    RECORDING = "recording"  # or waiting for the moment it was told to start at
    STOPPED = "stopped"  # files are finished; what came of it can be asked for


class _Message(msgspec.Struct, frozen=True, kw_only=True, tag=True, tag_field="is"):
    """One message; its kind's name travels with it."""


# What a master asks.


class Hello(_Message, frozen=True, kw_only=True):
    """Tell who you are; I am this version."""

    taver: _Word
    protocol: int
    machine: _Word


class Beat(_Message, frozen=True, kw_only=True):
    """Tell how it goes; asked twice a second."""

    heard: int = 0  # the last happening that arrived
    line: Line | None = None  # how the agent's clock stands now; None where it is the master's own
    wants: tuple[Modality, ...] = ()  # glimpses of these


class Prepare(_Message, frozen=True, kw_only=True):
    """Open your devices for this."""

    run: _Word  # what this recording is called between the two, and in a spool
    plan: Plan
    folder: str = ""  # where the files will be; empty: in the agent's own spool
    passing: bool = False  # only to see how it runs: what is recorded is deleted afterwards


class Arm(_Message, frozen=True, kw_only=True):
    """Make these files, and be ready to start."""

    files: dict[Modality, _Word]
    simulated: bool  # whether anything in the session is
    epoch: Epoch  # of the agent's own clock


class Start(_Message, frozen=True, kw_only=True):
    """Start at this moment of the master's time; 0 means when this arrives."""

    at_unix_ns: Ns
    until_unix_ns: Ns
    grid_start_unix_ns: Ns  # the first slot of the grid, for all machines


class StopAt(_Message, frozen=True, kw_only=True):
    """Stop at this moment of the master's time; 0 means when this arrives."""

    at_unix_ns: Ns


class Shutter(_Message, frozen=True, kw_only=True):
    """Close the shutters now, once; or let the cameras close them when they like, or not."""

    close: bool = False
    automatic: bool | None = None


class Finish(_Message, frozen=True, kw_only=True):
    """Tell what came of it; what still runs ends."""


class Release(_Message, frozen=True, kw_only=True):
    """Let go of the devices; what was not started is undone."""


class List(_Message, frozen=True, kw_only=True):
    """Tell which recordings you hold."""


class Digest(_Message, frozen=True, kw_only=True):
    """Tell the checksum of this file."""

    run: _Word
    file: _Word


class Fetch(_Message, frozen=True, kw_only=True):
    """Give a part of a file."""

    run: _Word
    file: _Word
    offset: _Size
    size: Annotated[int, msgspec.Meta(ge=1, le=CHUNK_BYTES)]


class Confirm(_Message, frozen=True, kw_only=True):
    """It is here, with this checksum: you need not keep it."""

    run: _Word
    file: _Word
    digest: _Word


class Bye(_Message, frozen=True, kw_only=True):
    """I am going; an agent that was started for this master ends."""


# What an agent answers.


class Welcome(_Message, frozen=True, kw_only=True):
    """This is who I am."""

    taver: _Word
    protocol: int
    name: _Word = ""
    machine: _Word = ""
    instance: _Word = ""  # another one after each start of the agent's program
    state: AgentState = AgentState.IDLE
    run: _Word = ""  # the recording it is at
    clock_secret: bytes = b""  # by which the clocks' packets are known to be the master's
    held: int = 0  # recordings in its spool
    last: int = 0  # the number of the last happening


class Refused(_Message, frozen=True, kw_only=True):
    """No, and why not."""

    what: _Text
    fix: _Text
    problems: tuple[_Text, ...] = ()
    kind: _Word = "TaverError"  # the error's class


class Pulse(_Message, frozen=True, kw_only=True):
    """So it is going."""

    instance: _Word
    state: AgentState
    run: _Word
    host_ns: Ns
    devices: tuple[DeviceStatus, ...] = ()
    free_bytes: int = 0
    happenings: tuple[Happening, ...] = ()  # after the last that was heard
    last: int = 0  # the number of the last of them
    glimpses: tuple[Glimpse, ...] = ()


class Prepared(_Message, frozen=True, kw_only=True):
    """The devices are open."""

    devices: tuple[DeviceInfo, ...]
    free_bytes: int


class Done(_Message, frozen=True, kw_only=True):
    """It is done."""


class Started(_Message, frozen=True, kw_only=True):
    """It will start at this moment of my own clock."""

    at_host_ns: Ns


class Finished(_Message, frozen=True, kw_only=True):
    """This came of it; the pieces' clock is not filled in."""

    pieces: dict[Modality, Piece]
    markers: tuple[Marker, ...]
    problems: tuple[Refused, ...]


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """A recording in an agent's spool."""

    run: _Word
    session: _Word
    part: int
    epoch: Epoch
    devices: tuple[DeviceInfo, ...]
    pieces: dict[Modality, Piece]
    markers: tuple[Marker, ...]
    finished: bool  # False while it is being recorded


class Holding(_Message, frozen=True, kw_only=True):
    """These recordings are here."""

    recordings: tuple[Held, ...]


class Digested(_Message, frozen=True, kw_only=True):
    """The file's size, and its BLAKE2b checksum."""

    digest: _Word
    size: _Size


class Chunk(_Message, frozen=True, kw_only=True):
    """A part of a file; empty at its end."""

    data: bytes


Ask = (
    Hello
    | Beat
    | Prepare
    | Arm
    | Start
    | StopAt
    | Shutter
    | Finish
    | Release
    | List
    | Digest
    | Fetch
    | Confirm
    | Bye
)
Tell = Welcome | Refused | Pulse | Prepared | Done | Started | Finished | Holding | Digested | Chunk


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """What goes to an agent."""

    number: Annotated[int, msgspec.Meta(ge=0, le=2**62)]
    ask: Ask


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What comes back; number 0 answers what could not be understood."""

    number: int
    tell: Tell


_encode = msgspec.msgpack.Encoder().encode
_decode_question = msgspec.msgpack.Decoder(Question).decode
_decode_answer = msgspec.msgpack.Decoder(Answer).decode


def encode(message: Question | Answer) -> bytes:
    """Return a message as bytes."""
    return _encode(message)


def question(data: bytes) -> Question:
    """Return what a master asks; raises ValueError if it is no question."""
    return _decoded(_decode_question, data)


def answer(data: bytes) -> Answer:
    """Return what an agent answers; raises ValueError if it is no answer."""
    return _decoded(_decode_answer, data)


_T = typing.TypeVar("_T")


def _decoded(decode: typing.Callable[[bytes], _T], data: bytes) -> _T:
    try:
        return decode(data)
    except RecursionError as error:
        raise ValueError("it is nested without end") from error
    except UnicodeDecodeError as error:
        raise ValueError(f"it holds no text: {error}") from error
