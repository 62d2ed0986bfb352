"""A trained model handed on: exported to ONNX, and run without taver or torch.

    python examples/17_onnx.py [RUN] [DATASET]

exports a run to `handed-on`, which holds model.onnx, bare weights, all settings and a card; then
runs it with onnxruntime on a clip of the dataset, scaled as the card says. RUN is one of those that
16_train.py leaves, tiny-runs/cnn3d unless it is named (tiny-runs/tran takes the exporter half a
minute), and DATASET the one it was trained on. Needs the extra train.
"""

import json
import sys
from pathlib import Path

import numpy as np
import onnxruntime
import zarr

from taver.core.errors import TaverError
from taver.training.export.run import export


def main(run: Path, dataset: Path) -> None:
    """Export, and let onnxruntime speak."""
    made = export(run, "onnx", Path("handed-on"))
    print(f"{made.folder}: {', '.join(made.files)}")
    print(f"  differs from the trained model by {made.difference:.1e} at most")

    settings = json.loads((made.folder / "config.json").read_text("utf-8"))
    session = onnxruntime.InferenceSession(made.folder / "model.onnx")
    wanted = {one.name: one.shape for one in session.get_inputs()}
    print(f"  takes {wanted}")
    recording = next(
        group for _, group in zarr.open_group(dataset, mode="r")["recordings"].groups()
    )
    clip = fed(recording, settings["model"]["length"], settings["scaling"])
    (said,) = session.run(["outputs"], {name: clip[name] for name in wanted})
    print(f"  of the first clip of {recording.attrs['participant']} it says {said[0, 0]:+.3f}")
    print(f"  and raters {recording['valence'][: settings['model']['length']].mean():+.3f}")


def fed(recording: zarr.Group, length: int, scaling: dict) -> dict[str, np.ndarray]:
    """Return the first clip as (1, channels, frames, height, width); see the card, README.md."""
    color, depth, thermal = (
        recording[name][:length].astype(np.float32) for name in ("color", "depth", "thermal")
    )
    middle = depth.shape[-1] // 4
    inner = depth[:, middle:-middle, middle:-middle].reshape(length, -1)
    median = np.array([np.median(one[one > 0]) for one in inner])[:, None, None]
    per_count, offset_k = recording.attrs["thermal_kelvin"]
    above_k = thermal * per_count + offset_k - recording.attrs["relaxing_face_k"]
    pictures = {
        "color": np.moveaxis(color / 127.5 - 1, -1, 0),
        "depth": ((median - depth) / scaling["depth_range_mm"]).clip(-1, 1)[None],
        "thermal": (above_k / scaling["thermal_range_k"]).clip(-1, 1)[None],
    }
    return {name: values[None].astype(np.float32) for name, values in pictures.items()}


if __name__ == "__main__":
    try:
        main(
            Path(sys.argv[1] if len(sys.argv) > 1 else "tiny-runs/cnn3d"),
            Path(sys.argv[2] if len(sys.argv) > 2 else "tiny.zarr"),
        )
    except TaverError as error:
        sys.exit("\n  ".join([f"{error}; {error.fix}", *error.problems]))
