"""Takes a person's recordings out of a dataset, and the person out of its splits."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from taver.core import lock
from taver.core.errors import BusyError, TaverError
from taver.core.storage import explained
from taver.dataset import schema
from taver.dataset.documents.sums import documents_of
from taver.dataset.forget.folders import everything
from taver.dataset.forget.ratings import FORGOTTEN
from taver.dataset.stores import is_remote, open_root

if TYPE_CHECKING:
    from taver.core.study import Study
    from taver.dataset.forget.who import Who

_DOCUMENT: Final = "zarr.json"
_BUILDING: Final = ".building"


def of_study(study: Study) -> list[Any]:
    """Return every dataset that the study knows: that of study.toml, and all in its folders."""
    named = study.config.dataset.store
    found: list[Any] = []
    if is_remote(named):
        found.append(named)
    elif (study.folder / named / _DOCUMENT).is_file():
        found.append(study.folder / named)
    for document in everything(study):
        folder = document.parent
        if (
            document.name == _DOCUMENT
            and folder not in found
            and not _in_building(folder)
            and _is_dataset(document)
        ):
            found.append(folder)
    return found


def half_built(study: Study) -> list[Any]:
    """Return where builds were begun and not finished: folders, or an address."""
    found: list[Any] = [
        path for path in everything(study) if _is_building(path.name) and path.is_dir()
    ]
    named = study.config.dataset.store
    if is_remote(named):
        parent, leaf = _parted(named)
        if parent.keys(leaf):
            found.append(f"{parent.address}/{leaf}")
    else:
        beside = (study.folder / named).with_name(f".{Path(named).name}{_BUILDING}")
        if beside.is_dir() and beside not in found:
            found.append(beside)
    return found


def _parted(address: str) -> tuple[Any, str]:
    """Return what a dataset's address lies in, and under which prefix it is built there."""
    from taver.dataset.build.bucket import Objects

    parent, _, leaf = address.rstrip("/").rpartition("/")
    return Objects(parent), leaf if _is_building(leaf) else f".{leaf}{_BUILDING}"


def recordings_of(store: Any, who: Who) -> list[str]:
    """Return the names of the person's recordings in a dataset."""
    root = open_root(store)
    return [name for name, group in root[schema.RECORDINGS].groups() if _theirs(group.attrs, who)]


def recordings_of_others(store: Any, who: Who) -> list[str]:
    """Return the names of everybody else's recordings in a dataset."""
    root = open_root(store)
    every = [name for name, _ in root[schema.RECORDINGS].groups()]
    gone = set(recordings_of(store, who))
    return [name for name in every if name not in gone]


def remove(store: Any, who: Who) -> list[str]:
    """Delete the person's recordings from a dataset; return their names.

    First nothing leads to them any more, then they are deleted: who reads meanwhile finds them
    whole or not at all.
    """
    gone = recordings_of(store, who)
    root = open_root(store, mode="r+")
    told = without(dict(root.attrs), who)
    if told != dict(root.attrs):
        root.attrs.put(told)
    with explained(str(store)):
        for name in gone:
            del root[schema.RECORDINGS][name]
    return gone


def documents(stores: list[Any], who: Who) -> list[Path]:
    """Return the folders with documents of datasets in which the person is, or was."""
    found = []
    for store in stores:
        folder = None if isinstance(store, str) else documents_of(store)
        if (
            folder is not None
            and folder.is_dir()
            and (recordings_of(store, who) or _named_in(folder, who))
        ):
            found.append(folder)
    return found


def _named_in(folder: Path, who: Who) -> bool:
    with explained(folder):
        return any(
            who.named_in(path.read_text("utf-8", "replace"))
            for path in folder.iterdir()
            if path.is_file()
        )


def remove_half_built(where: Any) -> None:
    """Delete a build that was begun; the next one starts anew."""
    if is_remote(where):
        parent, leaf = _parted(where)
        parent.delete(parent.keys(leaf))
        return
    if lock.is_held(where):
        raise BusyError(
            f"A dataset is being built in {where}",
            fix="wait until it is finished, or stop it; then run again",
        )
    with explained(where):
        shutil.rmtree(where)


def without(tree: Any, who: Who) -> Any:
    """Return a tree of JSON without every list's entry, key and value that names the person."""
    if isinstance(tree, dict):
        kept = {key: value for key, value in tree.items() if not who.named_in(key)}
        return {
            key: FORGOTTEN if who.named_in(value) else without(value, who)
            for key, value in kept.items()
        }
    if isinstance(tree, list):
        return [without(entry, who) for entry in tree if not _about(entry, who)]
    return tree


def _about(entry: Any, who: Who) -> bool:
    """Tell whether an entry of a list is the person's: their name, or a record about them."""
    if isinstance(entry, dict):
        return any(who.named_in(value) for value in entry.values())
    return who.named_in(entry)


def _theirs(attributes: Any, who: Who) -> bool:
    participant, session = attributes.get("participant"), attributes.get("session")
    return (
        isinstance(participant, str) and participant.casefold() == who.name.casefold()
    ) or session in who.sessions


def _is_dataset(document: Path) -> bool:
    import msgspec

    try:
        with explained(document):
            tree = msgspec.json.decode(document.read_bytes())
        return bool(tree["attributes"]["format"] == schema.FORMAT)
    except (msgspec.DecodeError, LookupError, TypeError, TaverError):
        return False


def _in_building(folder: Path) -> bool:
    return any(_is_building(part) for part in folder.parts)


def _is_building(name: str) -> bool:
    return name.startswith(".") and name.endswith(_BUILDING)
