"""A calibration from pictures of a chessboard: lenses, places of the cameras, depth shift.

    python examples/07_calibrate.py [STUDY] [PICTURES]

PICTURES is a folder with color/, ir/, depth/ and thermal/; pictures of one moment have one name
(color/01.png, depth/01.png ...), depth is 16-bit PNG in millimetres. Where none is named, a board
is shown to the simulated cameras, and the stills are put into STUDY/board-pictures as yours would
be. Writes rig.json and rig-report.html into the study. Needs the extras calibrate, capture and sim.
"""

import sys
from pathlib import Path

import cv2

from calibration.board import Board
from calibration.keep import keep
from calibration.make import make
from calibration.sources.folders import FolderSource
from capture.sim.scenario import Boards, Cameras, Scenario
from capture.simulation import simulate
from taver.core.clock import NS_PER_S
from taver.core.codec import decode
from taver.core.errors import TaverError
from taver.core.frames import PICTURES
from taver.core.session.footage import Footage
from taver.core.study import Study

BOARD = Board(columns=5, rows=7, square_mm=30)  # inner corners
VIEWS = 9  # twenty are better, near and far, tilted to all sides
HELD_S = 0.2  # each of the drawn ones


def main(folder: Path, pictures: Path | None) -> None:
    """Take or draw the pictures, and make the rig of them."""
    study = Study(folder)
    stills = pictures or draw(study)
    # A PNG does not say that it was drawn, so it is said here.
    made = make([FolderSource(stills, simulated=pictures is None)], BOARD)
    kept = keep(made.rig, study.rig_file, made)
    for camera, error_px in made.rig.quality.rms_px.items():
        print(f"{camera}: {made.rig.quality.views[camera]} views, {error_px:.2f} px")
    for warning in made.rig.quality.warnings:
        print(f"warning: {warning}")
    print(made.rig.quality.verdict)
    print(f"{kept.rig.name}, {kept.report.name if kept.report else 'no report'}")


def draw(study: Study) -> Path:
    """Show a board to the simulated cameras; return the folder with a still of each view."""
    folder = study.folder / "board-pictures"
    scenario = Scenario(
        seconds=VIEWS * HELD_S,
        seed=3,
        boards=Boards(views=VIEWS, seconds_each=HELD_S, columns=5, rows=7, square_mm=30),
        cameras=Cameras(shutter_every_s=0),
    )
    session = simulate(study, scenario, "board", modalities=PICTURES)
    begin_ns = min(stream.first_unix_ns for stream in session.manifest.streams.values())
    for modality in PICTURES:
        (folder / modality).mkdir(parents=True, exist_ok=True)
        with Footage(session, modality) as footage:
            size = footage.header.height_px, footage.header.width_px
            for view in range(VIEWS):  # the middle of the time that each was held
                at_ns = begin_ns + round((view + 0.5) * HELD_S * NS_PER_S)
                pixels = decode(modality, footage.read(footage.nearest(at_ns)).data, *size)
                pixels = pixels[..., ::-1] if pixels.ndim == 3 else pixels  # cv2 wants BGR
                _, png = cv2.imencode(".png", pixels)
                (folder / modality / f"{view:02d}.png").write_bytes(png.tobytes())
    return folder


if __name__ == "__main__":
    try:
        main(
            Path(sys.argv[1] if len(sys.argv) > 1 else "example-study"),
            Path(sys.argv[2]) if len(sys.argv) > 2 else None,
        )
    except TaverError as error:
        sys.exit("\n  ".join([f"{error}; {error.fix}", *error.problems]))
