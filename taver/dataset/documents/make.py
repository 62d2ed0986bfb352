"""Writes all documents of a dataset into the folder beside it, all at once."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from taver.core import atomic
from taver.core.consent import Audience, Scope
from taver.core.errors import ConsentError, InputError, NotFoundError
from taver.core.progress import Silent
from taver.core.storage import explained
from taver.dataset import share
from taver.dataset.about.info import info
from taver.dataset.about.stats import stats
from taver.dataset.documents import croissant, datasheet, nobody, sums, tables, words
from taver.dataset.documents.gallery import CLIPS, gallery
from taver.dataset.stores import local_folder

if TYPE_CHECKING:
    from pathlib import Path

    from taver.core.participant import Participant
    from taver.core.progress import Progress
    from taver.core.study import Study
    from taver.dataset.about.info import Info
    from taver.dataset.documents.told import Told
    from taver.dataset.read import Dataset, Recording


def make(
    data: Dataset,
    told: Told,
    *,
    study: Study | None = None,
    clips: int = CLIPS,
    seed: int = 0,
    on: dt.date | None = None,
    progress: Progress | None = None,
) -> Path:
    """Write the documents and return their folder.

    Within a study they tell of its people, and the gallery obeys what each of them agrees to today.
    """
    folder = local_folder(data.root)
    if folder is None:
        raise InputError(
            f"{data.where} is not in a folder of this machine, and its files cannot be summed",
            fix="copy it here, document the copy, and upload both",
        )
    figures = info(data)
    if figures.imported:
        study = None  # whose people are other people, whatever they are called
    if study is not None:
        _refuse_withdrawn(data, study)
    progress = progress or Silent()
    progress.begin("Writing documents", 4)
    day = on or dt.datetime.now(tz=dt.UTC).astimezone().date()
    labels = stats(data)
    title = told.title or _called(folder, figures, study)
    about = told.description or _described(figures)
    progress.advance()
    files = {
        "recordings.csv": tables.recordings(data),
        "labels.csv": tables.labels(data),
        sums.FILE: "\n".join(sums.lines(folder)) + "\n",
        "LICENSE.txt": words.licence(told, title, figures),
        "CITATION.cff": words.citation(told, title, day),
        datasheet.FILE: datasheet.datasheet(
            figures, labels, told, title=title, about=about, people=_people(data, study)
        ),
    }
    written = {name: text.encode() for name, text in files.items()}
    progress.advance()
    tree = croissant.croissant(figures, told, written, title=title, about=about, on=day)
    written[croissant.FILE] = msgspec.json.format(msgspec.json.encode(tree), indent=2) + b"\n"
    page, _ = gallery(
        data, title, count=clips, seed=seed, may_be_shown=lambda one: _may_be_shown(one, study)
    )
    written["gallery.html"] = page.encode()
    progress.advance()
    place = sums.documents_of(folder)
    with explained(place), atomic.replacing_folder(place) as beside:
        for name, content in written.items():
            (beside / name).write_bytes(content)
    progress.advance()
    return place


def _called(folder: Path, figures: Info, study: Study | None) -> str:
    """Return what it is called where nobody said.

    A study's own name is for those who work in it: it may name a clinic, or what is looked for.
    Outside the lab a dataset is called as its folder is, which whoever gets it sees anyway.
    """
    if study is None or share.leaves_the_lab(figures.audience):
        return folder.name.removesuffix(".zarr")
    return study.name


def _described(figures: Info) -> str:
    simulated = "Simulated faces" if nobody.alone(figures) else "Faces"
    return (
        f"{simulated} of {figures.people} people in {', '.join(figures.modalities)}, "
        f"{figures.hours * 60:.1f} minutes at {figures.rate_hz:g} pictures a second, "
        f"{figures.size_px}x{figures.size_px} pixels, with arousal and valence over time."
    )


def _people(data: Dataset, study: Study | None) -> list[Participant]:
    """Return what is on file of the people in the dataset."""
    if study is None:
        return []
    known = set(study.participants.names())
    return [study.participants.get(name) for name in data.people if name in known]


def _refuse_withdrawn(data: Dataset, study: Study) -> None:
    """Raise ConsentError where a person on file agrees no longer to what is in the dataset."""
    audience = Audience(data.attributes["audience"])
    known = set(study.participants.names())
    found = []
    for recording in data.recordings.values():
        if recording.participant not in known:
            continue
        form = study.participants.get(recording.participant).consent
        withheld = share.of_consent(form, recording.modalities, audience).withheld
        if not np.isfinite(recording.column("landmarks")).any():
            withheld.pop(Scope.LANDMARKS, None)
        found += [f"{recording.name}: {what}: {why}" for what, why in withheld.items()]
    if found:
        raise ConsentError(
            f"{data.where} holds what is not agreed to today",
            fix="build it again, then write its documents: "
            f"taver build-dataset --audience {audience} --out {data.where}",
            problems=found,
        )


def _may_be_shown(recording: Recording, study: Study | None) -> bool:
    """Tell whether pictures may be shown: it was so when built, and still is."""
    if not recording.attributes.get("pictures"):
        return False
    if study is None or recording.simulated:
        return True
    try:
        form = study.participants.get(recording.participant).consent
    except NotFoundError:
        return False
    return form is not None and form.withdrawn_on is None and form.pictures
