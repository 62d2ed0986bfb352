"""A study from nothing: interviews of two people before the simulated cameras.

    python examples/04_record.py [STUDY]

makes the folder STUDY (`example-study` where none is named) with two short recordings. Nobody was
filmed, and everything made of them says that it is simulated. The examples that follow go on from
here; with cameras, `taver participant add` and `taver capture` take the place of this one.
Needs the extras capture and sim.
"""

import sys
from pathlib import Path

from capture.sim.scenario import Part, Person, Scenario, Walk
from capture.simulation import simulate
from taver.core.errors import TaverError
from taver.core.study import Study

PEOPLE = {"P01": 12, "P02": 31}  # pseudonym: which face is drawn
SECONDS = 2.5  # of each interview; the paper's are five minutes


def main(folder: Path) -> None:
    """Make the study and everybody's interview."""
    study = Study.create(folder, "an example")
    for number, (name, face) in enumerate(PEOPLE.items(), 1):
        feels = Walk(mean=0.1, spread=0.5, time_constant_s=3)
        interview = Scenario(
            seconds=SECONDS,
            seed=number,
            people=(Person(identity=face, participant=name, valence=feels, arousal=feels),),
            parts=(Part(name="relaxing"), Part(name="interview", start_s=SECONDS / 5)),
        )
        session = simulate(study, interview, f"s{number:02d}")
        frames = {str(m): stream.frames for m, stream in session.manifest.streams.items()}
        print(f"{session.name}: {name}, simulated, frames: {frames}")


if __name__ == "__main__":
    try:
        main(Path(sys.argv[1] if len(sys.argv) > 1 else "example-study"))
    except TaverError as error:
        sys.exit("\n  ".join([f"{error}; {error.fix}", *error.problems]))
