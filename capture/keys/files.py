"""The files keys are kept in: readable by their owner alone, and never overwritten."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, TypeVar

from capture.keys.pair import Z85, KeyPair
from taver.core import lock, names
from taver.core.document import Document
from taver.core.errors import AlreadyThereError, DataError, InputError, NotFoundError, StorageError
from taver.core.private import make_private_folder, others_can_open
from taver.core.shell import quoted
from taver.core.storage import explained

if TYPE_CHECKING:
    from pathlib import Path

MASTER = "master"
_CARRIED = ".key"
_PUBLIC = ".pub"


class MasterKey(Document, frozen=True, kw_only=True):
    """What the leading machine proves itself with; it stays there."""

    FORMAT: ClassVar[str] = "taver-master-key"
    VERSION: ClassVar[int] = 1

    pair: KeyPair


class AgentKey(Document, frozen=True, kw_only=True):
    """What is carried to a sensor's machine: its own pair, and the master it obeys."""

    FORMAT: ClassVar[str] = "taver-agent-key"
    VERSION: ClassVar[int] = 1

    name: str
    pair: KeyPair
    master_public: Z85


class AgentPublic(Document, frozen=True, kw_only=True):
    """What the master knows an agent by; no secret."""

    FORMAT: ClassVar[str] = "taver-agent-public"
    VERSION: ClassVar[int] = 1

    name: str
    public: Z85


Secret = TypeVar("Secret", MasterKey, AgentKey)


def make(folder: Path, name: str) -> Path:
    """Make the key of a new agent, and the master's if there is none; return the file to carry."""
    names.checked(name, "agent")
    if name.casefold() == MASTER:
        raise InputError(
            f"{name!r} is what the leading machine's own key is called",
            fix="give the agent another name, such as thermal",
        )
    with explained(folder):
        if not folder.is_dir():
            folder.parent.mkdir(parents=True, exist_ok=True)
            make_private_folder(folder)
    with lock.held(folder, f"The folder {folder}"):
        _refuse_taken(folder, name)
        own = folder / f"{MASTER}{_CARRIED}"
        if not own.exists():
            MasterKey(pair=KeyPair.fresh()).write(own)
        master = read_master(folder)
        pair = KeyPair.fresh()
        AgentPublic(name=name, public=pair.public).write(folder / f"{name}{_PUBLIC}")
        path = folder / f"{name}{_CARRIED}"
        AgentKey(name=name, pair=pair, master_public=master.pair.public).write(path)
    return path


def read_master(folder: Path) -> MasterKey:
    """Read the leading machine's own key."""
    path = folder / f"{MASTER}{_CARRIED}"
    if not path.is_file():
        raise NotFoundError(
            f"There is no {path}, by which agents know this machine",
            fix="make the keys of this study's agents here: taver agent keygen NAME",
        )
    return _secret(path, MasterKey)


def read_public(folder: Path, name: str) -> AgentPublic:
    """Read what the master knows the agent called `name` by."""
    path = folder / f"{name}{_PUBLIC}"
    if not path.is_file():
        raise NotFoundError(
            f"There is no {path}, by which the agent {name!r} is known",
            fix=f"taver agent keygen {name}; then carry {name}{_CARRIED} to its machine",
        )
    return AgentPublic.read(path)


def read_agent(path: Path) -> AgentKey:
    """Read the key that was carried to this machine."""
    if not path.is_file():
        raise NotFoundError(
            f"There is no key {path}",
            fix="on the leading machine: taver agent keygen NAME; carry keys/NAME.key here, "
            "and name it with --key",
        )
    return _secret(path, AgentKey)


def _secret(path: Path, kind: type[Secret]) -> Secret:
    with explained(path):
        if others_can_open(path):
            raise StorageError(
                f"The key {path} can be read by others on this machine",
                fix=f"chmod 600 {quoted(path)}; if others did read it, make a new one",
            )
    key = kind.read(path)
    if not key.pair.belongs_together:
        raise DataError(
            f"{path} does not hold a key: its two halves do not belong together",
            fix="carry the file here again, or make a new one: taver agent keygen NAME",
        )
    return key


def _refuse_taken(folder: Path, name: str) -> None:
    with explained(folder):
        taken = {path.name.casefold() for path in folder.iterdir()}
    for suffix in (_CARRIED, _PUBLIC):
        if f"{name}{suffix}".casefold() in taken:
            raise AlreadyThereError(
                f"{folder / name}{suffix} is there already",
                fix="use it, or choose another name; a key is never overwritten "
                "(delete the files of an agent that is no longer used yourself)",
            )
