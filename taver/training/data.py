"""Batches of clips, read by a thread ahead of the training into buffers that are used again."""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from taver.training import scaling as scalings

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Sequence

    import numpy.typing as npt
    import torch

    from taver.training.samples import Samples
    from taver.training.scaling import Scaling

_POLL_S: Final = 0.1


class Batch:
    """Some clips as they came from the dataset, valid until the next batch is asked for."""

    def __init__(self, buffer: _Buffer, samples: Samples, clips: npt.NDArray[np.int64]) -> None:
        self.clips = clips  # which of the samples
        self.labels = samples.labels[clips]
        self._buffer = buffer
        self._copied: Any = None

    def scaled(self, device: torch.device, scaling: Scaling) -> dict[str, torch.Tensor]:
        """Return the pictures on the device as the network takes them."""
        import torch

        count, found = len(self.clips), {}
        for modality, raw in self._buffer.raw.items():
            terms = self._buffer.terms[modality][:count].to(device, non_blocking=True)
            there = raw[:count].to(device, non_blocking=True)
            found[modality] = scalings.scaled(modality, there, terms, scaling)
        if device.type == "cuda":
            self._copied = torch.cuda.Event()  # type: ignore[no-untyped-call]  # torch says nothing of it
            self._copied.record()
        return found

    def give_back(self) -> None:
        """Wait until nothing is being copied out of the buffer any more."""
        if self._copied is not None:
            self._copied.synchronize()


class _Buffer:
    """Room for one batch, taken from the system once."""

    def __init__(
        self, clips: int, length: int, size_px: int, modalities: Sequence[str], *, pin: bool
    ) -> None:
        import torch

        shape = (clips, length, size_px, size_px)
        self.raw = {
            modality: torch.empty(
                (*shape, 3) if modality == "color" else shape,
                dtype=torch.uint8 if modality == "color" else torch.int16,
                pin_memory=pin,
            )
            for modality in modalities
        }
        self.terms = {
            modality: torch.empty((clips, length, 3), pin_memory=pin) for modality in modalities
        }
        # The same memory for the reader, whose counts are unsigned.
        self.pictures = {
            modality: raw.numpy() if modality == "color" else raw.numpy().view(np.uint16)
            for modality, raw in self.raw.items()
        }


class Loader:
    """Reads batches of these samples; `waited_s` tells how long somebody waited for them."""

    def __init__(
        self,
        samples: Samples,
        modalities: Sequence[str],
        scaling: Scaling,
        *,
        ahead: int = 2,
        pin: bool = False,
    ) -> None:
        self.samples = samples
        self.modalities = tuple(modalities)
        self.scaling = scaling
        self.waited_s = 0.0
        self._ahead = ahead
        self._pin = pin
        self._buffers: list[_Buffer] = []
        self._largest = 0

    def batches(self, plan: Iterable[npt.NDArray[np.int64]], *, largest: int) -> Generator[Batch]:
        """Give the clips with these numbers, in order, in batches of at most `largest`."""
        if not self.samples.clips:
            return
        free: queue.SimpleQueue[_Buffer] = queue.SimpleQueue()
        for buffer in self._room(largest):
            free.put(buffer)
        ready: queue.SimpleQueue[Batch | BaseException | None] = queue.SimpleQueue()
        stop = threading.Event()
        thread = threading.Thread(
            target=self._read, args=(plan, free, ready, stop), name="clips", daemon=True
        )
        thread.start()
        try:
            while True:
                began_s = time.perf_counter()
                batch = ready.get()
                self.waited_s += time.perf_counter() - began_s
                if batch is None:
                    return
                if isinstance(batch, BaseException):
                    raise batch
                yield batch
                batch.give_back()
                free.put(batch._buffer)  # noqa: SLF001  the loader's own buffer
        finally:
            stop.set()
            thread.join()

    def let_go(self) -> None:
        """Give the buffers' memory back."""
        self._buffers.clear()
        self._largest = 0

    def _room(self, clips: int) -> list[_Buffer]:
        if clips > self._largest:
            first = self.samples.clips[0]
            size_px = self.samples.recordings[first.recording].size_px
            self._buffers.clear()
            self._buffers = [
                _Buffer(clips, len(first.slots), size_px, self.modalities, pin=self._pin)
                for _ in range(self._ahead + 1)
            ]
            self._largest = clips
        return self._buffers

    def _read(
        self,
        plan: Iterable[npt.NDArray[np.int64]],
        free: queue.SimpleQueue[_Buffer],
        ready: queue.SimpleQueue[Batch | BaseException | None],
        stop: threading.Event,
    ) -> None:
        try:
            for clips in plan:
                buffer = None
                while buffer is None and not stop.is_set():
                    with contextlib.suppress(queue.Empty):
                        buffer = free.get(timeout=_POLL_S)
                if buffer is None:
                    return
                for place, clip in enumerate(clips):
                    self._fill(buffer, place, int(clip))
                ready.put(Batch(buffer, self.samples, clips))
            ready.put(None)
        except BaseException as error:  # noqa: BLE001  it is raised again where batches are taken
            ready.put(error)

    def _fill(self, buffer: _Buffer, place: int, number: int) -> None:
        clip = self.samples.clips[number]
        recording = self.samples.recordings[clip.recording]
        for modality in self.modalities:
            pictures = buffer.pictures[modality][place]
            recording.pictures(modality, clip.slots, pictures)
            terms = scalings.coefficients(recording, modality, pictures, self.scaling)
            buffer.terms[modality][place].numpy()[...] = terms


def shuffled(count: int, batch: int, *, seed: int, epoch: int) -> list[npt.NDArray[np.int64]]:
    """Return the batches of an epoch: every clip once, in an order that seed and epoch tell."""
    order = np.random.default_rng([seed, epoch]).permutation(count).astype(np.int64)
    return in_order(order, batch)


def in_order(clips: npt.NDArray[np.int64] | int, batch: int) -> list[npt.NDArray[np.int64]]:
    """Return these clips (or as many, from 0) in batches."""
    order = np.arange(clips, dtype=np.int64) if isinstance(clips, int) else clips
    return [order[start : start + batch] for start in range(0, len(order), batch)]
