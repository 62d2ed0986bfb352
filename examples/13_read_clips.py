"""Clips of a dataset for a network of your own: with numpy, and through torch's DataLoader.

    python examples/13_read_clips.py [DATASET]

DATASET is a folder or an s3:// address; without one, the tiny task that the tests train on is
written to `task.zarr`. Needs torch (the extra train).
"""

import sys
from pathlib import Path

import numpy as np
from torch.utils.data import DataLoader, Dataset

import taver.dataset
from taver.core.errors import TaverError
from taver.dataset.select import Clip, ClipOptions, clips_of
from taver.training import synthetic

MODALITIES = ("color", "depth", "thermal")
OPTIONS = ClipOptions(length=4, labels=("valence",))


class Clips(Dataset):
    """Pictures and mean valence of each clip; a process of the loader opens the dataset itself."""

    def __init__(self, store: str, clips: list[Clip]) -> None:
        self.store, self.clips, self.data = store, clips, None

    def __len__(self) -> int:
        return len(self.clips)

    def __getitem__(self, number: int) -> tuple[dict[str, np.ndarray], np.float32]:
        self.data = self.data or taver.dataset.open(self.store)
        clip = self.clips[number]
        recording = self.data.recordings[clip.recording]
        pictures = {m: recording.pictures(m, clip.slots) for m in MODALITIES}
        return pictures, recording.column("valence")[clip.slots].mean()


def main(store: str) -> None:
    """Find the clips of the people to train on, and go through them once."""
    data = taver.dataset.open(store)
    clips, counts = clips_of(data.part("train"), OPTIONS)
    print(f"{store}: train on {', '.join(data.splits['default']['train'])}")
    print(f"  {counts.in_words()}")
    if not clips:
        sys.exit("no clip has pictures and labels: rate the sessions, and build again")

    first = clips[0]  # without torch
    recording = data.recordings[first.recording]
    buffer = np.empty((len(first.slots), data.size_px, data.size_px, 3), np.uint8)
    recording.pictures("color", first.slots, out=buffer)
    print(f"  {first.recording}, slots {first.slots.tolist()}: {buffer.shape} {buffer.dtype}")

    loader = DataLoader(Clips(store, clips), batch_size=4, shuffle=True)  # num_workers=2 will do
    for pictures, valence in loader:
        shapes = {modality: tuple(batch.shape) for modality, batch in pictures.items()}
        told = f"{shapes}, mean valence {valence.mean():+.2f}"
    print(f"  {len(loader)} batches, the last one: {told}")


if __name__ == "__main__":
    try:
        task = Path("task.zarr")
        if len(sys.argv) < 2 and not task.exists():
            synthetic.write(task, synthetic.Task(people=5, test_people=2, clips=8, length=4))
        main(sys.argv[1] if len(sys.argv) > 1 else str(task))
    except TaverError as error:
        sys.exit("\n  ".join([f"{error}; {error.fix}", *error.problems]))
