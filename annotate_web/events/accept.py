"""What an event may say: one is checked against its clip, and told what is wrong with it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeGuard

from annotate_web.db.tables import Kind
from taver.core.errors import InputError
from taver.labels.trace import HIGHEST, LOWEST

if TYPE_CHECKING:
    from collections.abc import Mapping

    from annotate_web.settings import Limits

_LARGEST: Final = 2**63 - 1
_MOST_FRAMES: Final = 1_000_000
_HOUR_MS: Final = 3_600_000
_DAY_US: Final = 86_400_000_000
_BODY_CHARACTERS: Final = 4000
_KEPT_CHARACTERS: Final = 1000  # of an event that was refused
_KNOWN: Final = frozenset(
    {"seq", "kind", "frame", "media_ns", "value", "delay_us", "client_ns", "body"}
)
_SENT: Final = frozenset(Kind) - {Kind.IMPORTED, Kind.REFUSED}
_WITH_FRAME: Final = frozenset(
    {Kind.AROUSAL, Kind.VALENCE, Kind.PLAY, Kind.STOP, Kind.SEEK, Kind.UNSEEN, Kind.SEEN}
)
_VALUES: Final[Mapping[Kind, tuple[int, int]]] = {
    Kind.AROUSAL: (int(LOWEST), int(HIGHEST)),
    Kind.VALENCE: (int(LOWEST), int(HIGHEST)),
    Kind.RATE: (1, 1600),
    Kind.DROPPED: (0, _MOST_FRAMES),
    Kind.LAG: (0, _HOUR_MS),
}


class Refused(NamedTuple):
    """An event that can never be taken, and why."""

    seq: int
    error: str
    fix: str


class Wrong(Exception):  # noqa: N818  it is caught where one event is checked
    """An event says something that cannot be."""

    def __init__(self, what: str, fix: str) -> None:
        super().__init__(what)
        self.what = what
        self.fix = fix


def numbers(batch: Any, limits: Limits) -> list[dict[str, Any]]:
    """Return the events of a batch, each with a usable number; else the batch is not one."""
    if not isinstance(batch, list) or not all(isinstance(event, dict) for event in batch):
        raise InputError(
            "A batch is a list of events", fix='send {"batch": [{"seq": 1, "kind": ...}, ...]}'
        )
    if len(batch) > limits.batch_events:
        raise InputError(
            f"{len(batch)} events in one batch",
            fix=f"send {limits.batch_events} at most; what is over goes into the next",
        )
    for event in batch:
        seq = event.get("seq")
        if not _is_whole(seq) or not 1 <= seq <= limits.sequence:
            raise InputError(
                f"An event's number is {_shown(seq)}",
                fix=f"number the events of a sitting from 1 (to {limits.sequence})",
            )
    return batch


def checked(event: Mapping[str, Any], frames: int, limits: Limits) -> dict[str, Any]:
    """Return the event as it is kept; raise Wrong if it says what cannot be."""
    given = event.get("kind")
    if not isinstance(given, str) or given not in _SENT:
        raise Wrong(f"There is no kind of event called {_shown(given)}", "load the page again")
    kind = Kind(given)
    return {
        "seq": event["seq"],
        "kind": str(kind),
        "frame": _frame(event.get("frame"), kind, frames),
        "media_ns": _bounded(event, "media_ns", 0, _LARGEST),
        "value": _value(event.get("value"), kind),
        "delay_us": _bounded(event, "delay_us", -_DAY_US, _DAY_US),
        # A clock may say anything, and go backwards: the order is that of the numbers.
        "client_ns": _bounded(event, "client_ns", 0, _LARGEST, needed=True),
        "body": _body(event, kind, limits),
    }


def kept_of_refused(event: Mapping[str, Any], why: Wrong) -> dict[str, Any]:
    """Return the row that stands for a refused event, with what came: nothing is lost."""
    client_ns = event.get("client_ns")
    return {
        "seq": event["seq"],
        "kind": str(Kind.REFUSED),
        "frame": None,
        "media_ns": None,
        "value": None,
        "delay_us": None,
        "client_ns": client_ns if _is_whole(client_ns) and 0 <= client_ns <= _LARGEST else 0,
        "body": {"why": why.what, "came": json.dumps(event, default=str)[:_KEPT_CHARACTERS]},
    }


def _frame(given: Any, kind: Kind, frames: int) -> int | None:
    if given is None:
        if kind in _WITH_FRAME:
            raise Wrong(f"A {kind} event names no frame", "load the page again")
        return None
    if not _is_whole(given):
        raise Wrong(f"A frame is {_shown(given)}, no whole number", "load the page again")
    if not 0 <= given < frames:
        raise Wrong(
            f"There is no frame {_shown(given)}: the clip has 0 to {frames - 1}",
            "load the page again",
        )
    return given


def _value(given: Any, kind: Kind) -> int | None:
    bounds = _VALUES.get(kind)
    if given is None:
        if bounds:
            raise Wrong(f"A {kind} event has no value", "load the page again")
        return None
    if not _is_whole(given):
        raise Wrong(f"A value of {kind} is {_shown(given)}, no whole number", "use steps of one")
    lowest, highest = bounds or (-(2**31), 2**31 - 1)
    if not lowest <= given <= highest:
        raise Wrong(
            f"{_shown(given)} is outside of what {kind} can be",
            f"stay within {lowest} to {highest}",
        )
    return given


def _bounded(
    event: Mapping[str, Any], name: str, lowest: int, highest: int, *, needed: bool = False
) -> int | None:
    given = event.get(name)
    if given is None and not needed:
        return None
    if not _is_whole(given) or not lowest <= given <= highest:
        raise Wrong(f"{name} is {_shown(given)}", "load the page again")
    return given


def _body(event: Mapping[str, Any], kind: Kind, limits: Limits) -> dict[str, Any] | None:
    body = event.get("body")
    if body is not None and not isinstance(body, dict):
        raise Wrong("An event's body is no object", "load the page again")
    whole = {k: v for k, v in event.items() if k not in _KNOWN} | (body or {})
    if not whole and kind is not Kind.COMMENT:
        return None
    if kind is Kind.COMMENT:
        text = whole.get("text")
        if not isinstance(text, str) or not text.strip():
            raise Wrong("A comment says nothing", "write something, or leave it")
        if len(text) > limits.comment_characters:
            raise Wrong(
                f"A comment of {len(text)} characters",
                f"use {limits.comment_characters} at most; write two",
            )
        if "\0" in text:
            raise Wrong("A comment holds a character that is none", "leave it out")
    try:
        written = json.dumps(whole, allow_nan=False)  # no database keeps what is no JSON
    except ValueError:
        raise Wrong("An event's body holds a number that is none", "load the page again") from None
    if len(written) > 6 * _BODY_CHARACTERS or "\\u0000" in written:
        raise Wrong("An event's body is too large, or no text", "load the page again")
    return whole if "\\ud" not in written else _in_whole_letters(whole)


def _in_whole_letters(body: dict[str, Any]) -> dict[str, Any]:
    """Return a body without halves of letters: a picture letter that was cut fits into no file."""
    text = json.dumps(body, ensure_ascii=False)
    whole: dict[str, Any] = json.loads(
        text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    )
    return whole


def _is_whole(value: Any) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)


def _shown(value: Any) -> str:
    return repr(value)[:60]
