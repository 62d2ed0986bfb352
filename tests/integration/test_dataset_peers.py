"""Anyone reads a dataset without taver: xarray, tensorstore, zarr-python and zarrs do here."""

from __future__ import annotations

import json
import subprocess
import sys

import datasets
import numpy as np
import pytest

SLOTS, SIZE = 300, 24
RECORDING = "recordings/s02-interview"

BEGIN = f"""
import json, sys
import numpy as np
store, name = sys.argv[1], "{RECORDING}"
"""
END = """
assert not any(m.split(".")[0] in ("taver", "capture", "calibration") for m in sys.modules)
print(json.dumps({"valence": np.asarray(valence).tolist(), "unit": unit,
                  "sums": {m: int(np.asarray(p).astype("i8").sum()) for m, p in pictures.items()},
                  "slot": {m: np.asarray(p)[271].tolist() for m, p in pictures.items()}}))
"""
READERS = {
    "zarr": """
import zarr
group = zarr.open_group(store, mode="r")[name]
pictures = {m: group[m][:] for m in group.attrs["modalities"]}
valence, unit = group["valence"][:], group["depth"].attrs["unit"]
""",
    "zarrs": """
import zarr, zarrs
zarr.config.set({"codec_pipeline.path": "zarrs.ZarrsCodecPipeline"})
group = zarr.open_group(store, mode="r")[name]
pictures = {m: group[m][:] for m in group.attrs["modalities"]}
valence, unit = group["valence"][:], group["depth"].attrs["unit"]
""",
    "tensorstore": """
import tensorstore, pathlib
def read(array):
    place = pathlib.Path(store, name, array)
    kept = {"driver": "file", "path": str(place) + "/"}
    return tensorstore.open({"driver": "zarr3", "kvstore": kept}).result().read().result()
told = json.loads(pathlib.Path(store, name, "zarr.json").read_text())["attributes"]
pictures = {m: read(m) for m in told["modalities"]}
valence = read("valence")
unit = json.loads(pathlib.Path(store, name, "depth", "zarr.json").read_text())["attributes"]["unit"]
""",
    "xarray": """
import xarray
table = xarray.open_zarr(store, group=name, consolidated=False)
assert table.sizes["slot"] == table["color"].shape[0]
pictures = {m: table[m].values for m in table.attrs["modalities"]}
valence, unit = table["valence"].values, table["depth"].attrs["unit"]
""",
}


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    folder = tmp_path_factory.mktemp("peers") / "Zoë's data №1.zarr"
    return datasets.make_dataset(folder, people=2, seconds=SLOTS / 10, size_px=SIZE)


@pytest.mark.parametrize("program", READERS)
def test_another_program_reads_the_same_values_without_taver(store, program, tmp_path):
    done = subprocess.run(
        [sys.executable, "-I", "-c", BEGIN + READERS[program] + END, str(store)],
        capture_output=True, text=True, check=False, cwd=tmp_path, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["unit"] == "mm"
    assert np.array_equal(np.float32(told["valence"]), datasets.valence_of(1, SLOTS))
    for modality in datasets.MODALITIES:
        planted = datasets.pictures_of(modality, 1, SLOTS, SIZE)
        assert told["sums"][modality] == int(planted.astype("i8").sum())
        assert np.array_equal(told["slot"][modality], planted[271])
