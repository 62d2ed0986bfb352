"""How corpora lie in their folders: which films there are, of whom, and where their labels are.

csv       films anywhere, NAME.csv beside each: time (or frame), arousal, valence
afew-va   a folder of pictures a clip, and NAME.json in it: valence, arousal, landmarks a frame
recola    films anywhere, arousal/NAME.csv and valence/NAME.csv: time, then a column a rater
sewa      films anywhere, NAME.csv in any folder: name, timestamp, arousal, valence

`people.csv` (recording, participant) says who is in which film; without it each film is somebody.
"""

from __future__ import annotations

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
RATE_HZ: Final = 25.0


class Found(NamedTuple):
    """One film with its labels."""

    name: str
    participant: str
    film: Film
    labels: Labels | None
    points: dict[int, npt.NDArray[np.float64]]  # 68 of a frame, by its number, where they are given


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
    return [_found(video, _one_table(_beside(video, folder), rate_hz)) for video in _videos(folder)]


def _sewa(folder: Path, rate_hz: float) -> list[Found]:
    tables = {path.stem: path for path in sorted(folder.rglob("*.csv")) if path.name != PEOPLE}
    return [_found(video, _one_table(tables.get(video.stem), rate_hz)) for video in _videos(folder)]


def _recola(folder: Path, rate_hz: float) -> list[Found]:
    found = []
    for video in _videos(folder):
        paths = {
            name: path
            for name in DIMENSIONS
            for path in sorted(folder.rglob(f"{name}/{video.stem}.csv"))
        }
        found.append(_found(video, reading.of_tables(paths, rate_hz) if paths else None))
    return found


def _afew_va(folder: Path, rate_hz: float) -> list[Found]:
    found = []
    for document in sorted(folder.rglob("*.json")):
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
            name: np.array([[_value(frames[n], name)] for n in numbers], np.float64)
            for name in DIMENSIONS
        }
        points = {
            n: np.array(frames[n]["landmarks"], np.float64)
            for n in numbers
            if np.shape(frames[n].get("landmarks", ())) == (68, 2)
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


def _value(told: dict[str, Any], name: str) -> float:
    value = told.get(name)
    return float(value) if isinstance(value, (int, float)) else float("nan")


def _videos(folder: Path) -> list[Path]:
    found = sorted(path for path in folder.rglob("*") if path.suffix.lower() in VIDEOS)
    seen: dict[str, Path] = {}
    for path in found:
        if path.stem in seen:
            raise DataError(
                f"Two films are called {path.stem}: {seen[path.stem]} and {path}",
                fix="give one another name, and its labels with it",
            )
        seen[path.stem] = path
    return found


def _beside(video: Path, folder: Path) -> Path | None:
    for place in (video.with_suffix(".csv"), folder / "labels" / f"{video.stem}.csv"):
        if place.is_file():
            return place
    return None


def _one_table(path: Path | None, rate_hz: float) -> Labels | None:
    return None if path is None else reading.of_one_table(path, rate_hz)


def _found(video: Path, labels: Labels | None) -> Found:
    return Found(video.stem, video.stem, Video(video), labels, {})


def _of_people(folder: Path, found: Iterable[Found]) -> list[Found]:
    """Return what was found with people's names from people.csv, and names that fit anywhere."""
    people = _people(folder / PEOPLE)
    named = [
        one._replace(name=_fit(one.name), participant=_fit(people.get(one.name, one.participant)))
        for one in found
    ]
    unknown = sorted(set(people) - {one.name for one in found})
    if unknown:
        raise DataError(
            f"{folder / PEOPLE} names films that are not there: {', '.join(unknown)}",
            fix="correct the names: a film's is that of its file, without the ending",
        )
    return named


def _people(path: Path) -> dict[str, str]:
    if not path.is_file():
        return {}
    found = reading.table(path)
    if not {"recording", "participant"} <= set(found.names):
        raise DataError(f"{path} has no columns recording and participant", fix="add that header")
    columns = [found.names.index(name) for name in ("recording", "participant")]
    return {row[columns[0]].strip(): row[columns[1]].strip() for row in found.rows}


def _fit(name: str) -> str:
    """Return the name with what cannot stand in a folder's name replaced."""
    plain = "".join(c if c.isascii() and (c.isalnum() or c in "._-") else "-" for c in name)
    plain = plain.strip("-._")[:64] or "film"
    return names.checked(plain, "recording")


LAYOUTS: Final = {
    "csv": Layout(_csv, (-1.0, 1.0)),
    "afew-va": Layout(_afew_va, (-10.0, 10.0)),
    "recola": Layout(_recola, (-1.0, 1.0)),
    "sewa": Layout(_sewa, (-1.0, 1.0)),
}
