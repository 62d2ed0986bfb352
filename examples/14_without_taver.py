"""The same dataset read by programs that know nothing of taver: zarr, xarray, tensorstore.

    python examples/14_without_taver.py DATASET

DATASET is a folder, such as the task.zarr of 13_read_clips.py. Needs
`pip install zarr xarray tensorstore`, and nothing else.
"""

import sys
from pathlib import Path

import tensorstore
import xarray
import zarr


def main(folder: Path) -> None:
    """Read labels and pictures of the first recording, each in three ways."""
    root = zarr.open_group(folder, mode="r")
    print(f"{folder.name}: {dict(root.attrs)['modalities']}, simulated: {root.attrs['simulated']}")
    name, group = min(root["recordings"].groups())
    valence, color = group["valence"][:], group["color"][:4]
    print(f"  zarr: {name}, {len(valence)} slots of {group.attrs['participant']}")

    table = xarray.open_zarr(folder, group=f"recordings/{name}", consolidated=False)
    assert (table["valence"].to_numpy() == valence).all()
    told = table["valence"]
    print(f"  xarray: valence {float(told.min()):.2f} to {float(told.max()):.2f}, by {told.dims}")

    place = {"driver": "file", "path": f"{folder.resolve()}/recordings/{name}/color/"}
    array = tensorstore.open({"driver": "zarr3", "kvstore": place}).result()
    assert (array[:4].read().result() == color).all()
    print(f"  tensorstore: {array.shape} {array.dtype.name}")
    assert not any(module.startswith("taver") for module in sys.modules)


if __name__ == "__main__":
    if len(sys.argv) != 2 or not Path(sys.argv[1]).is_dir():
        sys.exit("name the folder of a dataset")
    main(Path(sys.argv[1]))
