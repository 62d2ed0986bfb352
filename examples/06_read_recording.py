"""One moment of a recording: the three pictures that belong together, as numpy arrays.

    python examples/06_read_recording.py [STUDY] [SESSION] [SECOND]

prints what was recorded, and writes the pictures nearest to that second to `moment.npz`, with the
heat in kelvin. STUDY is what 04_record.py made, or one of yours. Needs the extra capture.
"""

import sys
from pathlib import Path

import numpy as np

from taver.core.clock import NS_PER_S
from taver.core.codec import decode
from taver.core.errors import TaverError
from taver.core.frames import Modality
from taver.core.session.folder import find
from taver.core.session.footage import Footage
from taver.core.study import Study


def main(folder: Path, name: str, second: float) -> None:
    """Read the moment, and keep it."""
    session = find(Study(folder), name)
    about = session.manifest
    simulated = ", simulated" if about.simulated else ""
    print(f"{name}: {about.participant}, {about.length_s:.1f} s{simulated}")
    for phase in about.phases:
        begins_s = (phase.start_unix_ns - about.epoch.unix_ns) / NS_PER_S
        print(f"  {phase.name} from second {max(begins_s, 0):.1f} on")

    pictures = {}
    for modality in (Modality.COLOR, Modality.DEPTH, Modality.THERMAL):
        with Footage(session, modality) as footage:  # all pieces as one, by the leading clock
            begin_ns = int(footage.unix_ns[0])
            number = footage.nearest(begin_ns + round(second * NS_PER_S))
            stored, header = footage.read(number), footage.header
        pixels = decode(modality, stored.data, header.height_px, header.width_px)
        at_s = (stored.unix_ns - begin_ns) / NS_PER_S
        print(f"  {modality}: frame {number}, second {at_s:.3f}, {pixels.shape}, {header.unit}")
        pictures[str(modality)] = pixels
    if header.unit == "0.04 K":
        pictures["kelvin"] = pictures["thermal"].astype(np.float32) * 0.04
        warmest_c = float(np.percentile(pictures["kelvin"], 99)) - 273.15
        print(f"  the warmest hundredth of the picture is above {warmest_c:.1f} degrees Celsius")
    np.savez_compressed("moment.npz", **pictures)
    print("moment.npz")


if __name__ == "__main__":
    given = sys.argv[1:] + ["example-study", "s01", "1.0"][len(sys.argv) - 1 :]
    try:
        main(Path(given[0]), given[1], float(given[2]))
    except TaverError as error:
        sys.exit("\n  ".join([f"{error}; {error.fix}", *error.problems]))
