"""Takes a person's recordings out of a dataset, and the person out of its splits."""

from __future__ import annotations

import secrets
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from taver.core import lock
from taver.core.errors import BusyError, DataError, TaverError
from taver.core.private import make_private_folder
from taver.core.storage import explained
from taver.dataset import schema
from taver.dataset.documents.sums import documents_of
from taver.dataset.forget.folders import everything
from taver.dataset.forget.ratings import FORGOTTEN
from taver.dataset.stores import calm, is_remote, open_root

if TYPE_CHECKING:
    from taver.core.study import Study
    from taver.dataset.forget.who import Who

_DOCUMENT: Final = "zarr.json"
_BUILDING: Final = ".building"
# A recording gets this name beside its dataset before it is deleted: one that is half deleted
# would make the dataset unreadable, or be found by nobody.
_FORGETTING: Final = ".forgetting"
_OR_BRING_BACK: Final = (
    "nothing was deleted: delete that dataset, or bring a whole copy back, and run again"
)
_WRITING: Final = ".tmp"  # what `atomic.replacing_folder` calls a folder that is not whole yet


def of_study(study: Study) -> list[Any]:
    """Return every dataset that the study knows: that of study.toml, and all in its folders."""
    named = study.config.dataset.store
    found: list[Any] = []
    if is_remote(named):
        if _is_there(named):
            found.append(named)
    elif (study.folder / named / _DOCUMENT).is_file():
        found.append(study.folder / named)
    for document in everything(study):
        folder = document.parent
        if (
            document.name == _DOCUMENT
            and folder not in found
            and not _is_unfinished(folder)
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


def keys(address: str) -> list[str]:
    """Return what every object of a dataset under an address, and of its build, is called."""
    parent, leaf = _parted(address)
    dataset = address.rstrip("/").rpartition("/")[2]
    found: list[str] = [*parent.keys(dataset), *parent.keys(leaf)]
    return found


def left_over(stores: list[Any]) -> list[Any]:
    """Return what a run that was killed took out of datasets and did not delete yet."""
    found: list[Any] = []
    for store in stores:
        if is_remote(store):
            objects, orphans = _orphans(store)
            found += [f"{objects.address}/{name}" for name in orphans]
        elif _aside(store).is_dir():
            found.append(_aside(store))
    return found


def _parted(address: str) -> tuple[Any, str]:
    """Return what a dataset's address lies in, and under which prefix it is built there."""
    from taver.dataset.build.bucket import Objects

    parent, _, leaf = address.rstrip("/").rpartition("/")
    return Objects(parent), leaf if _is_building(leaf) else f".{leaf}{_BUILDING}"


def recordings_of(store: Any, who: Who) -> list[str]:
    """Return the names of the person's recordings in a dataset."""
    return [name for name, told in _recordings(store) if _theirs(told, who)]


def people_of(store: Any) -> set[str]:
    """Return everybody who is in a dataset; one that is not whole is refused."""
    found = {told.get("participant") for _, told in _recordings(store, checked=True)}
    return {name for name in found if isinstance(name, str)}


def recordings_of_others(store: Any, who: Who) -> list[str]:
    """Return the names of everybody else's recordings in a dataset."""
    return [name for name, told in _recordings(store) if not _theirs(told, who)]


def remove(store: Any, who: Who) -> list[str]:
    """Delete the person's recordings from a dataset; return their names.

    First nothing leads to them any more, then they are deleted: who reads meanwhile finds them
    whole or not at all. What an earlier run left half deleted goes, too.
    """
    gone = recordings_of(store, who)
    root = _opened(store, mode="r+", checked=False)
    told = without(dict(root.attrs), who)
    if gone or told != dict(root.attrs):
        root.attrs.put(told)  # who has it open notices by that, and reads no zeros for what is gone
    if is_remote(store):
        _delete_objects(store, gone)
    else:
        _delete_folders(Path(store), gone)
    return gone


def _delete_folders(store: Path, names: list[str]) -> None:
    aside = _aside(store)
    with explained(store):
        if not aside.is_dir() and names:
            make_private_folder(aside)
        for name in names:
            (store / schema.RECORDINGS / name).rename(aside / f"{secrets.token_hex(4)}-{name}")
        if aside.is_dir():
            shutil.rmtree(aside)


def _delete_objects(store: str, names: list[str]) -> None:
    """Delete a recording's own document first, and then, found without it, all the rest."""
    objects = _objects(store)
    objects.delete([f"{schema.RECORDINGS}/{name}/{_DOCUMENT}" for name in names])
    objects, orphans = _orphans(store)
    for name in orphans:
        objects.delete(objects.keys(f"{schema.RECORDINGS}/{name}/"))


def _orphans(store: str) -> tuple[Any, list[str]]:
    """Return what is below an address, and the recordings there whose document is gone."""
    objects = _objects(store)
    inside: dict[str, bool] = {}
    for key in objects.keys(f"{schema.RECORDINGS}/"):
        name, _, rest = key.removeprefix(f"{schema.RECORDINGS}/").partition("/")
        if rest:
            inside[name] = inside.get(name, False) or rest == _DOCUMENT
    return objects, sorted(name for name, whole in inside.items() if not whole)


def _objects(store: str) -> Any:
    from taver.dataset.build.bucket import Objects

    return Objects(store.rstrip("/"))


def _aside(store: Path) -> Path:
    return Path(store).with_name(f".{Path(store).name}{_FORGETTING}")


def _recordings(store: Any, *, checked: bool = False) -> list[tuple[str, dict[str, Any]]]:
    """Return the name and the attributes of every recording in a dataset."""
    with calm():
        groups = _opened(store, checked=checked)[schema.RECORDINGS].groups()
        return [(name, dict(group.attrs)) for name, group in groups]


def _opened(store: Any, *, mode: Literal["r", "r+"] = "r", checked: bool) -> Any:
    try:
        return open_root(store, mode=mode, checked=checked)
    except DataError as error:
        raise DataError(
            f"{error.what}; who is in it cannot be told",
            fix=_OR_BRING_BACK,
            problems=error.problems,
        ) from None


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


def _is_there(address: str) -> bool:
    objects = _objects(address)
    if objects.get(_DOCUMENT) is not None:
        return True
    if objects.keys(f"{schema.RECORDINGS}/"):
        raise DataError(
            f"{address} holds recordings, and no document says that it is a dataset; who is in it "
            "cannot be told",
            fix=_OR_BRING_BACK,
        )
    return False  # a study whose dataset was not built yet


def _is_unfinished(folder: Path) -> bool:
    """Tell whether a folder is part of what a build or an import is writing, or left behind."""
    return any(
        _is_building(part) or (part.startswith(".") and part.endswith((_WRITING, _FORGETTING)))
        for part in folder.parts
    )


def _is_building(name: str) -> bool:
    return name.startswith(".") and name.endswith(_BUILDING)
