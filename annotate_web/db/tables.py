"""The tables of the annotator, for SQLite and PostgreSQL alike.

Times are nanoseconds since 1970 by the server's clock, if nothing else is said; NULL in a column
that ends in _ns says that it has not happened. Names are pseudonyms. Events are only ever added.
"""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

if TYPE_CHECKING:
    from sqlalchemy.engine import Row

VERSION: Final = 1
ERASED: Final = "erased-"  # a user's name begins so once nothing tells any more who they are
AnyRow: TypeAlias = "Row[*tuple[Any, ...]]"


class Role(enum.StrEnum):
    """What a user may do; each may do what those before it may."""

    ANNOTATOR = "annotator"
    LEAD = "lead"
    ADMINISTRATOR = "administrator"


class State(enum.StrEnum):
    """How far one annotator is with one clip."""

    OPEN = "open"
    WORKING = "working"
    DONE = "done"
    EXCLUDED = "excluded"  # by a lead, with a reason: does not count, nothing is deleted
    WITHDRAWN = "withdrawn"  # given to somebody else, or the person left


# These take up one of the places that a clip has.
TAKEN: Final = (State.OPEN, State.WORKING, State.DONE)


class Kind(enum.StrEnum):
    """What an event tells."""

    AROUSAL = "arousal"  # value -10..10, frame: the one that was seen
    VALENCE = "valence"
    PLAY = "play"  # a pass begins at frame; the sliders' values hold
    STOP = "stop"  # the pass ends with frame: paused, hidden, stalled, at the end
    SEEK = "seek"  # to frame
    RATE = "rate"  # value in percent
    UNSEEN = "unseen"  # from frame on the face is not visible
    SEEN = "seen"  # from frame on it is again
    COMMENT = "comment"  # body.text
    DROPPED = "dropped"  # value: frames that were not presented
    LAG = "lag"  # value in milliseconds
    DONE = "done"
    IMPORTED = "imported"  # another tool's trace: body has its dimension and values, as runs
    REFUSED = "refused"  # written by the server: body tells what came, and why it was not taken


metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# Nothing is NULL in these, and not the word null.
_Json = JSON(none_as_null=True)
# SQLite numbers rows by itself only in a column that is called INTEGER.
_Id = BigInteger().with_variant(Integer, "sqlite")


def _id() -> Column[Any]:
    return Column("id", _Id, primary_key=True, autoincrement=True)


def _ns(name: str, *, always: bool = False, **more: Any) -> Column[Any]:
    return Column(name, BigInteger, nullable=not always, **more)


def _of(name: str, table: str, *, always: bool = True, **more: Any) -> Column[Any]:
    return Column(name, _Id, ForeignKey(f"{table}.id"), nullable=not always, **more)


# What a database says of itself: its version, and the secret that signs cookies.
keeping = Table(
    "keeping",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("value", Text, nullable=False),
)

users = Table(
    "users",
    metadata,
    _id(),
    Column("name", String(64), nullable=False, unique=True),
    Column("folded", String(64), nullable=False, unique=True),  # letters of either case: the same
    Column("role", String(16), nullable=False),
    Column("password_hash", Text),  # NULL: nobody can log in
    Column("must_change", Boolean, nullable=False, default=False),  # a one-time password
    Column("age", Integer),
    Column("gender", String(64)),
    Column("language", String(16)),  # of the pages: en, ko
    _ns("instructed_ns"),  # has read the instructions
    _ns("created_ns", always=True),
    _ns("disabled_ns"),
    _ns("erased_ns"),
    sqlite_autoincrement=True,
)

invitations = Table(
    "invitations",
    metadata,
    _id(),
    Column("token_hash", String(64), nullable=False, unique=True),  # SHA-256: links are not kept
    Column("role", String(16), nullable=False),
    _of("user_id", "users", always=False),  # of one who is there: the link sets a new password
    _of("made_by", "users", always=False),  # NULL: from the command line
    _ns("made_ns", always=True),
    _ns("expires_ns", always=True),
    _ns("used_ns"),
    _of("used_by", "users", always=False),
    _ns("cancelled_ns"),
)

web_sessions = Table(
    "web_sessions",
    metadata,
    _id(),
    Column("token_hash", String(64), nullable=False, unique=True),
    _of("user_id", "users", index=True),
    _ns("made_ns", always=True),
    _ns("seen_ns", always=True),
    _ns("expires_ns", always=True),
    _ns("ended_ns"),
)

login_attempts = Table(
    "login_attempts",
    metadata,
    _id(),
    Column("who", String(64), nullable=False),  # SHA-256 of a name, of an address, or of both
    _ns("at_ns", always=True),
    Index(None, "who", "at_ns"),
)

clips = Table(
    "clips",
    metadata,
    _id(),
    Column("name", String(128), nullable=False, unique=True),
    Column("session", String(64), nullable=False),
    Column("phase", String(64)),
    _ns("from_unix_ns", always=True),
    _ns("until_unix_ns", always=True),
    Column("width_px", Integer, nullable=False),
    Column("height_px", Integer, nullable=False),
    Column("frame_unix_ns", LargeBinary, nullable=False),  # int64, little-endian, increasing
    Column("frames", Integer, nullable=False),
    Column("media", String(200), nullable=False),  # a file's name in the media folder
    Column("media_sha256", String(64), nullable=False),
    Column("sound", Boolean, nullable=False),
    Column("simulated", Boolean, nullable=False),
    Column("wanted_raters", Integer, nullable=False),
    Column("practice", Boolean, nullable=False, default=False),
    # Of a practice clip: {"arousal": [value or null a frame], "valence": [...], "within": points}.
    Column("reference", _Json),
    _ns("added_ns", always=True),
    _ns("removed_ns"),
    sqlite_autoincrement=True,
)

assignments = Table(
    "assignments",
    metadata,
    _id(),
    _of("clip_id", "clips"),
    _of("user_id", "users", index=True),
    Column("position", Integer, nullable=False),  # in which order the annotator meets the clips
    Column("state", String(16), nullable=False),
    Column("reason", Text),  # why excluded, withdrawn or reopened
    Column("seed", BigInteger),  # of the draw that made it
    _ns("made_ns", always=True),
    _ns("opened_ns"),
    _ns("done_ns"),
    UniqueConstraint("clip_id", "user_id"),
    sqlite_autoincrement=True,
)

sittings = Table(
    "sittings",
    metadata,
    Column("id", String(36), primary_key=True),  # a UUID
    _of("assignment_id", "assignments", index=True),
    _ns("made_ns", always=True),
    Column("client", String(36), nullable=False),  # a UUID of the tab
    Column("start_arousal", Integer, nullable=False, default=0),  # where its sliders stood
    Column("start_valence", Integer, nullable=False, default=0),
    Column("acknowledged", BigInteger, nullable=False, default=0),  # no number up to it is missing
    Column("last_seq", BigInteger),  # of its "done": nothing comes after it
    _ns("heard_ns"),  # when events last came: another tab is told that this one is at work
    _ns("ended_ns"),
    Column("ended_by", String(16)),  # done, taken (by another tab), reopened
)

events = Table(
    "events",
    metadata,
    Column("sitting_id", String(36), ForeignKey("sittings.id"), primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("kind", String(16), nullable=False),
    Column("frame", Integer),
    Column("media_ns", BigInteger),
    Column("value", Integer),
    Column("delay_us", BigInteger),  # from the frame's presentation to the input
    _ns("client_ns", always=True),  # by the client's clock, which may go backwards
    _ns("received_ns", always=True),
    Column("body", _Json),
)

audit = Table(
    "audit",
    metadata,
    _id(),
    _ns("at_ns", always=True, index=True),
    _of("user_id", "users", always=False),  # NULL: from the command line, or nobody known
    Column("what", String(64), nullable=False),
    Column("about", String(128), nullable=False),
    Column("detail", _Json),
    sqlite_autoincrement=True,
)
