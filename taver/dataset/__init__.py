"""Sessions, faces and labels as one Zarr dataset: built, read, split, shared and documented."""

from taver.dataset.read import Dataset, Recording, open  # noqa: A004  as in read

__all__ = ["Dataset", "Recording", "open"]
