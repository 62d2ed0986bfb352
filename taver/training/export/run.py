"""A finished run turned into a folder that can be handed on, whole or not at all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

from taver.core import atomic
from taver.core.digest import sha256_of
from taver.core.errors import AlreadyThereError
from taver.core.extras import need
from taver.core.progress import Silent
from taver.core.storage import explained
from taver.training import judging, runs
from taver.training.export import card, program

if TYPE_CHECKING:
    from pathlib import Path

    from taver.core.progress import Progress
    from taver.training.export.program import Format

FOLDER: Final = "export"
WEIGHTS: Final = "weights.safetensors"
CONFIG: Final = "config.json"
_STEPS: Final = 3


class Exported(NamedTuple):
    """Where an exported model is, and how near its outputs are to those of the trained one."""

    folder: Path
    files: tuple[str, ...]
    difference: float
    simulated: bool


def export(
    run_folder: Path, kind: Format, out: Path | None = None, progress: Progress | None = None
) -> Exported:
    """Write the best model of a run as `kind`, with its weights and its card."""
    told = progress or Silent()
    run = runs.finished(run_folder)
    model, loaded = judging.chosen(run_folder, run)
    folder = out or run_folder / FOLDER / kind
    with explained(folder):
        if out is not None and out.exists():
            raise AlreadyThereError(f"{out} exists already", fix="choose another name")
        folder.parent.mkdir(parents=True, exist_ok=True)
        told.begin(f"export as {kind}", _STEPS)
        with atomic.replacing_folder(folder) as beside:
            safetensors = need("safetensors.torch", extra="train", to="write weights")
            safetensors.save_file(
                {name: value.contiguous() for name, value in loaded.weights.items()},
                beside / WEIGHTS,
                metadata={"format": "pt", "model": run.config.model.name},
            )
            config = msgspec.json.format(msgspec.json.encode(loaded.config), indent=2)
            atomic.write_bytes(beside / CONFIG, config + b"\n")
            told.advance()
            name = program.FILES[kind]
            difference = program.write(model, loaded.config.model, beside / name, kind)
            told.advance()
            files = {part: sha256_of(beside / part) for part in (name, WEIGHTS, CONFIG)}
            words = card.text(run, files, {name: difference})
            atomic.write_bytes(beside / card.NAME, words.encode())
            told.advance()
    return Exported(folder, (*files, card.NAME), difference, run.about.simulated)
