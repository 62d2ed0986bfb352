"""Sessions become a dataset: faces cut out in three modalities, with labels, split by person.

    python examples/12_build_dataset.py [STUDY] [STORE]

builds STUDY/dataset.zarr (STORE: another folder) of all sessions with a person in them, checks
every chunk of it, and says what is in it. Labels are NaN where nobody rated: run 11 first to have
some.
Needs 07_calibrate.py before it, and the extras faces and calibrate.
"""

import sys
from pathlib import Path

import taver.dataset
from taver.core.consent import Audience
from taver.core.errors import TaverError
from taver.core.study import Study
from taver.dataset.about.verify import verify
from taver.dataset.build.run import build
from taver.dataset.config import BuildConfig
from taver.dataset.select import ClipOptions


def main(folder: Path, store: str | None) -> None:
    """Build, check, tell."""
    study = Study(folder)
    target = store or str(study.folder / study.config.dataset.store)
    config = BuildConfig(
        size_px=96,
        clips=ClipOptions(length=4),  # the paper's are 16: too long for interviews of 2 seconds
    )
    built = build(study, target, config, audience=Audience.LAB)
    print(f"{built.name}: {built.recordings} recordings of {built.people} people")
    print(f"  {built.slots} slots, {built.counts.in_words()}")
    for note in built.notes:
        print(f"  note: {note}")

    problems = verify(taver.dataset.open(target))
    print("\n".join(problems) or "  every chunk can be read, and nothing contradicts itself")
    data = taver.dataset.open(target)
    for part, people in data.splits["default"].items():
        print(f"  {part}: {', '.join(people) or 'nobody'}")
    for name, recording in data.recordings.items():
        valence = recording.labels()["valence"]
        print(f"  {name}: {recording.slots} slots, valence known in {valence.notna().sum()}")


if __name__ == "__main__":
    try:
        main(
            Path(sys.argv[1] if len(sys.argv) > 1 else "example-study"),
            sys.argv[2] if len(sys.argv) > 2 else None,
        )
    except TaverError as error:
        sys.exit("\n  ".join([f"{error}; {error.fix}", *error.problems]))
