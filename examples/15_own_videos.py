"""Films and labels of your own become a dataset that trains the same models, in colour alone.

    python examples/15_own_videos.py [CORPUS] [DATASET]

CORPUS is a folder of films, each with a table beside it (talk.mp4, talk.csv: time, arousal,
valence, from -1 to 1) and a people.csv that says who is in which. Where none is named, two films
are made of the simulated sessions in `example-study`. DATASET is a new folder, `videos.zarr`.
Needs the extras faces and web.
"""

import sys
from fractions import Fraction
from pathlib import Path

import av
import pandas as pd
import zarr

import taver.dataset
from taver.core.codec import decode
from taver.core.errors import TaverError
from taver.core.frames import Modality
from taver.core.session.folder import find
from taver.core.session.footage import Footage
from taver.core.study import Study
from taver.dataset.importing.run import run

RATE_HZ = 10


def main(corpus: Path, out: Path) -> None:
    """Import the films, and say what was found in them."""
    made = run(corpus, out, layout="csv")  # or afew-va, recola, sewa: see docs/reading.md
    print(f"{made.path.name}: {made.recordings} films of {made.people} people, {made.slots} slots")
    for note in made.notes:
        print(f"  note: {note}")
    for recording in taver.dataset.open(out).recordings.values():
        faces = int((recording.column("face") > 0).sum())
        print(f"  {recording.name} ({recording.participant}): a face in {faces} slots")


def films_of(study: Study, corpus: Path) -> Path:
    """Write what others would bring: two films, their labels, and who is in them."""
    if corpus.exists():
        return corpus
    corpus.mkdir()
    for name in ("s01", "s02"):
        session = find(study, name)
        with (
            Footage(session, Modality.COLOR) as footage,
            av.open(str(corpus / f"{name}.mp4"), "w") as film,
        ):
            stream = film.add_stream("mpeg4", rate=Fraction(RATE_HZ))
            stream.width, stream.height, stream.bit_rate = 960, 540, 4_000_000
            stream.pix_fmt = "yuv420p"
            size = footage.header.height_px, footage.header.width_px
            for frame in footage:
                pixels = decode(Modality.COLOR, frame.data, *size)[::2, ::2]
                film.mux(stream.encode(av.VideoFrame.from_ndarray(pixels.copy(), format="rgb24")))
            film.mux(stream.encode())
        felt = zarr.open_group(session.folder / "truth.zarr", mode="r")["color"]
        table = pd.DataFrame({name: felt[name][:] for name in ("arousal", "valence")})
        table.insert(0, "time", table.index / RATE_HZ)
        table.to_csv(corpus / f"{name}.csv", index=False)
    people = pd.DataFrame({"recording": ["s01", "s02"], "participant": ["P01", "P02"]})
    people.to_csv(corpus / "people.csv", index=False)
    return corpus


if __name__ == "__main__":
    try:
        main(
            Path(sys.argv[1]) if len(sys.argv) > 1
            else films_of(Study(Path("example-study")), Path("films")),
            Path(sys.argv[2] if len(sys.argv) > 2 else "videos.zarr"),
        )  # fmt: skip
    except TaverError as error:
        sys.exit("\n  ".join([f"{error}; {error.fix}", *error.problems]))
