"""A dataset cut by the workers of a Dask cluster and written to S3, then read from there.

    python examples/18_cluster_and_s3.py STORE [STUDY]

STORE is an address such as s3://bucket/data.zarr, or a folder. Its server and keys come from the
variables of every AWS tool (AWS_ENDPOINT_URL, AWS_ACCESS_KEY_ID ...). The cluster is one of this
machine; of many machines, give the address of their scheduler (docs/dataset.md). Needs
07_calibrate.py before it, and the extras faces, calibrate and scale.
"""

import sys
from pathlib import Path

from distributed import LocalCluster

import taver.dataset
from taver.core.consent import Audience
from taver.core.errors import TaverError
from taver.core.study import Study
from taver.dataset.build.run import build
from taver.dataset.config import BuildConfig
from taver.dataset.select import ClipOptions

WORKERS = 1  # processes on this machine; as many as it has cores


def main(store: str, folder: Path) -> None:
    """Build, and look at what lies there now."""
    config = BuildConfig(clips=ClipOptions(length=4))
    with LocalCluster(n_workers=WORKERS, threads_per_worker=1, dashboard_address=None) as cluster:
        built = build(
            Study(folder), store, config, audience=Audience.LAB, scheduler=cluster.scheduler_address
        )
    print(f"{store}: {built.recordings} recordings, {built.chunks_written} chunks written")
    data = taver.dataset.open(store)
    for name, recording in data.recordings.items():
        pictures = recording.pictures("color", range(4))
        print(f"  {name}: {recording.slots} slots, the first pictures {pictures.shape}")


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit("say where the dataset is to be: s3://bucket/data.zarr, or a folder")
    try:
        main(sys.argv[1], Path(sys.argv[2] if len(sys.argv) > 2 else "example-study"))
    except TaverError as error:
        sys.exit("\n  ".join([f"{error}; {error.fix}", *error.problems]))
