"""Sessions, faces and labels as one Zarr dataset: built, read, split, shared and documented."""
