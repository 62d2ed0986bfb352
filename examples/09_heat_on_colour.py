"""Depth and heat on the colour picture of a face: which pixel is how far away, and how warm.

    python examples/09_heat_on_colour.py [STUDY] [SESSION]

takes the frame in the middle of a session, brings depth and heat onto the colour picture around
the face, corrects for the emissivity of skin, and writes the three, pixel on pixel, to `face.npz`.
Needs 07_calibrate.py and 08_faces.py before it, and the extra calibrate.
"""

import sys
from pathlib import Path

import numpy as np

from calibration import store
from calibration.registration.box import Box
from calibration.registration.engine import Registration
from calibration.registration.picture import Cutter
from calibration.thermal.emission import Surface
from calibration.thermal.scale import Scale
from calibration.thermal.warp import ThermalWarp
from taver.core.codec import decode
from taver.core.errors import TaverError
from taver.core.frames import Modality
from taver.core.session.folder import Session, find
from taver.core.session.footage import Footage
from taver.core.study import Study
from taver.faces.store import open_faces

ROOM_K = 273.15 + 22.5  # what mirrors in skin: measure it where you record
NOSE_TIP = 30  # of the 68 points


def main(folder: Path, name: str) -> None:
    """Lay the pictures over one another, and measure at the tip of the nose."""
    study = Study(folder)
    session, rig = find(study, name), store.read(study.rig_file)
    rows = open_faces(session)
    frame = rows["state"].shape[0] // 2
    landmarks = rows["landmarks"][frame] - (rig.crop.left_px, rig.crop.top_px)  # of the crop now
    if not np.isfinite(landmarks).all():
        sys.exit(f"there is no face in frame {frame} of {name}")
    left, top = (int(low) - 40 for low in landmarks.min(axis=0))
    right, below = (int(high) + 40 for high in landmarks.max(axis=0))
    face = Box(left, top, right - left, below - top)

    depth, _ = picture(session, Modality.DEPTH, int(rows["depth_frame"][frame]))
    counts, unit = picture(session, Modality.THERMAL, int(rows["thermal_frame"][frame]))
    color, _ = picture(session, Modality.COLOR, frame)
    registration = Registration.from_rig(rig, onto="original")
    near = registration.register(depth, box=face)
    warp = ThermalWarp.from_rig(
        rig,
        onto="original",
        scale=Scale.from_unit(unit),
        surface=Surface(emissivity=0.98, reflected_k=ROOM_K),
    )
    heat = warp.warp(counts, depth, box=face)
    cut = Cutter(rig.color, rig.crop, registration).cut(color)[top:below, left:right]

    x, y = np.rint(landmarks[NOSE_TIP]).astype(int) - (left, top)
    print(f"frame {frame} of {name}: the tip of the nose is {near.depth_mm[y, x]} mm away")
    print(f"  and {np.nanmean(heat.kelvin[y - 3 : y + 4, x - 3 : x + 4]) - 273.15:.2f} C warm")
    print(f"  {near.valid.mean():.0%} of the box has a depth, {heat.valid.mean():.0%} heat")
    np.savez_compressed("face.npz", color=cut, depth_mm=near.depth_mm, kelvin=heat.kelvin)
    print("face.npz")


def picture(session: Session, modality: Modality, number: int) -> tuple[np.ndarray, str]:
    """Return the pixels of a recorded frame, and the unit of one count."""
    with Footage(session, modality) as footage:
        header = footage.header
        stored = footage.read(number)
    return decode(modality, stored.data, header.height_px, header.width_px), header.unit


if __name__ == "__main__":
    given = [*sys.argv[1:], *["example-study", "s01"][len(sys.argv) - 1 :]]
    try:
        main(Path(given[0]), given[1])
    except TaverError as error:
        sys.exit("\n  ".join([f"{error}; {error.fix}", *error.problems]))
