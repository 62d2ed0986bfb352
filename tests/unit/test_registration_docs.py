"""The chapter's example runs as it is printed."""

import re
from pathlib import Path

import numpy as np
import rigged

from calibration import store
from taver.core.frames import Modality

PAGE = Path(__file__).parents[2] / "docs" / "registration.md"


def test_the_example_runs(tmp_path, monkeypatch):
    (example,) = re.findall(r"(?ms)^```python\n(.*?)^```", PAGE.read_text("utf-8"))
    store.write(rigged.calibrated(), tmp_path / "rig.json")
    monkeypatch.chdir(tmp_path)
    renderer, scene = rigged.renderer(), rigged.scene(2)
    names = {
        "depth": rigged.noisy_depth(renderer, scene),
        "counts": np.full((512, 640), 7600, np.uint16),
        "landmarks": renderer.landmarks(scene)[0].pixels[Modality.COLOR] - (256, 144),
    }
    exec(compile(example, str(PAGE), "exec"), names)
    assert names["registered"].valid.mean() > 0.9
    assert names["near"].depth_mm.shape == (480, 480)
    assert names["found"].visible.mean() > 0.9
    assert abs(np.nanmedian(names["heat"].kelvin) - 304.2) < 0.5
