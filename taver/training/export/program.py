"""A model as a program that runs without taver, run once to see that it says the same."""

from __future__ import annotations

import logging
import warnings
from typing import TYPE_CHECKING, Final, Literal

import numpy as np
import torch

from taver.core.errors import TaverError
from taver.core.extras import need
from taver.training.models import CHANNELS, ModelConfig

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import numpy.typing as npt
    from torch import nn

    Batch = dict[str, torch.Tensor]
    Runs = Callable[[Batch], npt.NDArray[np.float32]]

Format = Literal["onnx", "torch"]
FILES: Final[dict[Format, str]] = {"onnx": "model.onnx", "torch": "model.pt2"}
ALIKE: Final = 1e-4
_CLIPS: Final = (2, 3)  # traced with the first; both are run: any number has to work


def write(model: nn.Module, config: ModelConfig, path: Path, kind: Format) -> float:
    """Write the model to `path`; return by how much the outputs differ from its own at most."""
    model.eval()
    with warnings.catch_warnings(), _quiet():
        warnings.simplefilter("ignore")  # of the exporters' own insides
        program = _traced(model, config)
        run = _as_onnx(program, config, path) if kind == "onnx" else _as_torch(program, path)
        difference = max(_difference(model, run, batch) for batch in _batches(config))
    if not difference <= ALIKE:  # NaN is not
        raise TaverError(
            f"The exported model differs from the trained one by {difference:.2g}",
            fix="export it with --format torch" if kind == "onnx" else "report this",
        )
    return difference


def _traced(model: nn.Module, config: ModelConfig) -> torch.export.ExportedProgram:
    batch = next(_batches(config))
    clips = torch.export.Dim("clips", min=1)
    shapes = ({modality: {0: clips} for modality in batch},)
    return torch.export.export(model, (batch,), dynamic_shapes=shapes)


def _as_onnx(program: torch.export.ExportedProgram, config: ModelConfig, path: Path) -> Runs:
    for module in ("onnx", "onnxscript"):
        need(module, extra="train", to="export to ONNX")
    runtime = need("onnxruntime", extra="train", to="check what was exported")
    made = torch.onnx.export(
        program,
        (),
        dynamo=True,
        verbose=False,
        input_names=list(config.sees),
        output_names=["outputs"],
    )
    assert made is not None
    made.save(str(path), external_data=False)
    # From its bytes: onnxruntime on Windows cannot open every path that Python can.
    session = runtime.InferenceSession(path.read_bytes(), providers=["CPUExecutionProvider"])

    def run(batch: Batch) -> npt.NDArray[np.float32]:
        fed = {name: pictures.numpy() for name, pictures in batch.items()}
        return np.asarray(session.run(None, fed)[0])

    return run


def _as_torch(program: torch.export.ExportedProgram, path: Path) -> Runs:
    torch.export.save(program, path)
    module = torch.export.load(path).module()

    def run(batch: Batch) -> npt.NDArray[np.float32]:
        with torch.no_grad():
            return np.asarray(module(batch).numpy())

    return run


def _difference(model: nn.Module, run: Runs, batch: Batch) -> float:
    with torch.no_grad():
        expected = model(batch).numpy()
    found = run(batch)
    return float(np.abs(found - expected).max()) if found.shape == expected.shape else np.inf


def _batches(config: ModelConfig) -> Iterator[Batch]:
    """Yield clips of noise, always the same."""
    drawn = torch.Generator().manual_seed(1)
    for clips in _CLIPS:
        yield {
            modality: 2 * torch.rand(_shape(clips, modality, config), generator=drawn) - 1
            for modality in config.sees
        }


def _shape(clips: int, modality: str, config: ModelConfig) -> tuple[int, ...]:
    return (clips, CHANNELS[modality], config.length, config.size_px, config.size_px)


class _quiet:  # noqa: N801  used like a function
    """Keeps the exporters from telling what they could not find and do not need."""

    def __enter__(self) -> None:
        self.log = logging.getLogger("torch.onnx")
        self.level = self.log.level
        self.log.setLevel(logging.ERROR)

    def __exit__(self, *_: object) -> None:
        self.log.setLevel(self.level)
