"""The face in every frame, as a table: how the head turns, and how warm the nose is.

    python examples/08_faces.py [STUDY] [SESSION ...]

finds the faces of these sessions, as `taver faces` does (what is there already is kept), and reads
them with pandas and numpy. Heat and depth need the rig.json of 07_calibrate.py, or your own.
Needs the extras faces and calibrate.
"""

import sys
from pathlib import Path

import numpy as np
import pandas as pd

from taver.core.errors import TaverError
from taver.core.session.folder import find
from taver.core.study import Study
from taver.faces import store
from taver.faces.jobs import run
from taver.faces.options import Options


def main(folder: Path, names: list[str]) -> None:
    """Find the faces, and say what is in the tables."""
    study = Study(folder)
    for outcome in run(study, names, Options()):
        if outcome.error is not None:
            raise outcome.error

    for name in names:
        session = find(study, name)
        table = pd.read_csv(session.folder / "faces.csv")  # a row a colour frame
        table["seconds"] = (table["unix_ns"] - table["unix_ns"].iloc[0]) / 1e9
        seen = table[table["state"].isin(["tracked", "detected"])]
        print(f"{name}: a face in {len(seen)} of {len(table)} frames")
        print(f"  yaw {seen['yaw_deg'].min():.0f} to {seen['yaw_deg'].max():.0f} degrees")
        if table["nose_tip_k"].notna().any():
            celsius = seen[["nose_tip_k", "forehead_k"]].mean() - 273.15
            print(f"  nose {celsius['nose_tip_k']:.2f}, forehead {celsius['forehead_k']:.2f} C")

        rows = store.open_faces(session)  # everything else: landmarks, poses, where depth sees them
        landmarks = np.asarray(rows["landmarks"])  # (frames, 68, 2); NaN where there is no face
        wide_px = np.linalg.norm(landmarks[:, 16] - landmarks[:, 0], axis=1)
        print(f"  {np.nanmedian(wide_px):.0f} pixels from ear to ear")


if __name__ == "__main__":
    try:
        main(Path(sys.argv[1] if len(sys.argv) > 1 else "example-study"), sys.argv[2:] or ["s01"])
    except TaverError as error:
        sys.exit("\n  ".join([f"{error}; {error.fix}", *error.problems]))
