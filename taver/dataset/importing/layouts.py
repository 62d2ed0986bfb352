"""How corpora lie in their folders: which films there are, of whom, and where their labels are.

csv       films anywhere, NAME.csv beside each: time (or frame), arousal, valence
afew-va   a folder of pictures a clip, and NAME.json in it: valence, arousal, landmarks a frame
recola    films anywhere, arousal/NAME.csv and valence/NAME.csv: time, then a column a rater
sewa      films anywhere, NAME.csv in any folder: name, timestamp, arousal, valence

`people.csv` (recording, participant) says who is in which film; without it each film is somebody.
"""

from __future__ import annotations

import collections
import hashlib
import unicodedata
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec
import numpy as np

from taver.core import names
from taver.core.clock import NS_PER_S
from taver.core.errors import DataError, InputError, NotFoundError
from taver.core.storage import explained
from taver.dataset.importing import labels as reading
from taver.dataset.importing.films import VIDEOS, Film, Pictures, Video, number_of
from taver.dataset.importing.labels import DIMENSIONS, GIVEN, Labels

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    import numpy.typing as npt

PEOPLE: Final = "people.csv"
_POINTS: Final = 68
RATE_HZ: Final = 25.0


class Found(NamedTuple):
    """One film with its labels."""

    name: str
    participant: str
    film: Film
    labels: Labels | None
    points: dict[int, npt.NDArray[np.float64]]  # 68 of a frame, by its number, where they are given
    told: tuple[str, ...] = ()  # what it and its person are called here, where that is new


class Layout(NamedTuple):
    """How to look through a folder, and which scale its labels have."""

    find: Callable[[Path, float], list[Found]]
    scale: tuple[float, float]


def find(folder: Path, layout: str, rate_hz: float = RATE_HZ) -> list[Found]:
    """Return every film of a corpus, by name; `rate_hz` is that of frames without times."""
    if layout not in LAYOUTS:
        raise InputError(
            f"There is no layout {layout!r}", fix=f"choose one of: {', '.join(LAYOUTS)}"
        )
    with explained(folder):
        if not folder.is_dir():
            raise NotFoundError(f"There is no folder {folder}", fix="check the path")
        found = sorted(LAYOUTS[layout].find(folder, rate_hz), key=lambda one: one.name)
        if not found:
            raise NotFoundError(
                f"There is nothing in {folder} that looks like {layout}",
                fix="check --layout; how folders have to look stands in docs/reading.md",
            )
        return _of_people(folder, found)


def _csv(folder: Path, rate_hz: float) -> list[Found]:
    tables, found = _tables(folder), []
    for video in _videos(folder):
        near = [p for p in tables.get(_stem(video), ()) if p.parent == video.parent]
        near = near or [p for p in tables.get(_stem(video), ()) if p.parent == folder / "labels"]
        found.append(_found(video, _one_table(_only(video, near), rate_hz)))
    return found


def _sewa(folder: Path, rate_hz: float) -> list[Found]:
    tables, found = _tables(folder), []
    for video in _videos(folder):
        several = tables.get(_stem(video), [])
        # Features of sound and pictures lie there under the same name as labels.
        rated = [path for path in several if reading.is_of_labels(path)]
        found.append(_found(video, _one_table(_only(video, rated or several[:1]), rate_hz)))
    return found


def _recola(folder: Path, rate_hz: float) -> list[Found]:
    tables, found = _tables(folder), []
    for video in _videos(folder):
        paths = {}
        for name in DIMENSIONS:
            of_name = [p for p in tables.get(_stem(video), ()) if p.parent.name.lower() == name]
            path = _only(video, of_name)
            if path is not None:
                paths[name] = path
        found.append(_found(video, reading.of_tables(paths, rate_hz) if paths else None))
    return found


def _only(video: Path, tables: list[Path]) -> Path | None:
    """Return the table that there is; of several nobody can tell which is meant."""
    if len(tables) > 1:
        raise DataError(
            f"Several tables may hold the labels of {video.name}",
            fix="leave one of them in the folder",
            problems=[str(path) for path in tables],
        )
    return tables[0] if tables else None


def _afew_va(folder: Path, rate_hz: float) -> list[Found]:
    found = []
    for document in _files(folder):
        if document.suffix.lower() != ".json":
            continue
        clip = document.parent
        if document.stem != clip.name or not any(
            number_of(path) is not None for path in clip.iterdir()
        ):
            continue
        frames, actor = _afew_frames(document)
        first = min(number for path in clip.iterdir() if (number := number_of(path)) is not None)
        numbers = sorted(frames)
        times = np.array([round((n - first) * NS_PER_S / rate_hz) for n in numbers], np.int64)
        values = {
            name: np.array([[_value(frames[n], name, document, n)] for n in numbers], np.float64)
            for name in DIMENSIONS
        }
        points = {
            n: given
            for n in numbers
            if (given := _points(frames[n].get("landmarks"), document, n)) is not None
        }
        labelled = Labels(times, (GIVEN,), values)
        found.append(
            Found(clip.name, actor or clip.name, Pictures(clip, rate_hz), labelled, points)
        )
    return found


def _afew_frames(document: Path) -> tuple[dict[int, dict[str, Any]], str]:
    try:
        tree = msgspec.json.decode(document.read_bytes())
        frames = {int(number): dict(told) for number, told in tree["frames"].items()}
    except (msgspec.DecodeError, LookupError, TypeError, ValueError, AttributeError) as error:
        raise DataError(
            f"{document} is not what AFEW-VA writes ({type(error).__name__}: {error})",
            fix='it has to hold {"frames": {"00000": {"valence": ..., "arousal": ...}}}',
        ) from None
    if not frames:
        raise DataError(f"{document} names no frame", fix="leave that folder out")
    actor = tree.get("actor", "")
    return frames, str(actor) if isinstance(actor, (str, int)) else ""


def _value(told: dict[str, Any], name: str, document: Path, number: int) -> float:
    value = told.get(name)
    if value is None:
        return float("nan")
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value)
    raise DataError(
        f"{document}, frame {number}: {name} is {value!r}, and no number",
        fix="correct it; leave it out, or null, where nothing was said",
    )


def _points(told: Any, document: Path, number: int) -> npt.NDArray[np.float64] | None:
    """Return the points of a face; None where none are given."""
    if not told:
        return None
    try:
        points = np.array(told, np.float64)
    except (TypeError, ValueError):
        points = np.empty(0)
    if points.shape != (_POINTS, 2):
        raise DataError(
            f"{document}, frame {number}: its landmarks are not {_POINTS} pairs of numbers",
            fix="correct them; leave them out where there is no face",
        )
    # Where no face was found some programs write the same place for every point.
    return points if np.ptp(points, axis=0).all() else None


def _videos(folder: Path) -> list[Path]:
    found = [path for path in _files(folder) if path.suffix.lower() in VIDEOS]
    seen: dict[str, Path] = {}
    for path in found:
        if _stem(path) in seen:
            raise DataError(
                f"Two films are called {path.stem}: {seen[_stem(path)]} and {path}",
                fix="give one another name, and its labels with it",
            )
        seen[_stem(path)] = path
    return found


def _tables(folder: Path) -> dict[str, list[Path]]:
    """Return the tables of a corpus by their names without the ending."""
    found: dict[str, list[Path]] = {}
    for path in _files(folder):
        if path.suffix.lower() == ".csv" and path != folder / PEOPLE:
            found.setdefault(_stem(path), []).append(path)
    return found


def _files(folder: Path) -> list[Path]:
    """Return all files of a corpus but those that macOS and others hide in it."""
    return [
        path
        for path in sorted(folder.rglob("*"))
        if not any(part.startswith((".", "__MACOSX")) for part in path.relative_to(folder).parts)
        and path.is_file()
    ]


def _stem(path: Path) -> str:
    """Return a file's name without its ending, its letters as most systems write them."""
    return unicodedata.normalize("NFC", path.stem)


def _one_table(path: Path | None, rate_hz: float) -> Labels | None:
    return None if path is None else reading.of_one_table(path, rate_hz)


def _found(video: Path, labels: Labels | None) -> Found:
    return Found(_stem(video), _stem(video), Video(video), labels, {})


def _of_people(folder: Path, found: Iterable[Found]) -> list[Found]:
    """Return what was found with people's names from people.csv, and names that fit anywhere."""
    people = _people(folder / PEOPLE)
    unknown = sorted(set(people) - {one.name for one in found})
    if unknown:
        raise DataError(
            f"{folder / PEOPLE} names films that are not there: {', '.join(unknown)}",
            fix="correct the names: a film's is that of its file, without the ending",
        )
    who = {one.name: people.get(one.name, one.participant) for one in found}
    films, persons = _called(who, "film"), _called(who.values(), "person")
    return [
        one._replace(
            name=films[one.name],
            participant=persons[who[one.name]],
            told=tuple(
                f"{what} {before!r} is called {after} here"
                for what, before, after in (
                    ("film", one.name, films[one.name]),
                    ("person", who[one.name], persons[who[one.name]]),
                )
                if before != after
            ),
        )
        for one in found
    ]


def _called(given: Iterable[str], what: str) -> dict[str, str]:
    """Return by each name one that fits anywhere, and is nobody else's."""
    fitting = {name: _fit(name, what) for name in dict.fromkeys(given)}
    taken = collections.Counter(fit.casefold() for fit in fitting.values())
    return {
        name: fit if name == fit or taken[fit.casefold()] == 1 else f"{fit[:55]}-{_short(name)}"
        for name, fit in fitting.items()
    }


def _short(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()[:8]


def _people(path: Path) -> dict[str, str]:
    if not path.is_file():
        return {}
    found = reading.table(path)
    if not {"recording", "participant"} <= set(found.names):
        raise DataError(f"{path} has no columns recording and participant", fix="add that header")
    columns = [found.names.index(name) for name in ("recording", "participant")]
    rows = [[unicodedata.normalize("NFC", row[column]) for column in columns] for row in found.rows]
    nobody = [film for film, who in rows if not who]
    if nobody:
        raise DataError(
            f"{path} does not say who is in: {', '.join(nobody)}",
            fix="write a name or number beside each, or take the line out",
        )
    return dict(rows)


def _fit(name: str, what: str) -> str:
    """Return the name with what cannot stand in a folder's name replaced."""
    plain = "".join(c if c.isascii() and (c.isalnum() or c in "._-") else "-" for c in name)
    plain = plain.strip("-._")[:64].strip("-._") or what
    return names.checked(plain, "recording")


LAYOUTS: Final = {
    "csv": Layout(_csv, (-1.0, 1.0)),
    "afew-va": Layout(_afew_va, (-10.0, 10.0)),
    "recola": Layout(_recola, (-1.0, 1.0)),
    "sewa": Layout(_sewa, (-1.0, 1.0)),
}
