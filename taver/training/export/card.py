"""A model's card: what it is, what it was trained on, how to feed it, what it is not for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from taver.training.models import CHANNELS, MODELS
from taver.training.models.table import count

if TYPE_CHECKING:
    from collections.abc import Iterator

    from taver.training.runs import Run

NAME: Final = "README.md"
_SIMULATED: Final = (
    "> **SIMULATED.** This model was trained on simulated data. What it says of real people means "
    "nothing; it shows that the software works."
)
_LIMITS: Final = """\
Its outputs are guesses at what several raters, on average, would say they see in a face. They are
not what the person feels, and no ground for decisions about anybody. It was judged only by people
and recordings like those named above; age, origin, light, glasses, illness and cameras other than
theirs may change its errors. Whoever was recorded agreed to certain uses: hand it on only within
these."""


def text(run: Run, files: dict[str, str], differences: dict[str, float]) -> str:
    """Return the card as Markdown; `files` maps each file beside it to its SHA-256."""
    return "\n".join(_lines(run, files, differences)) + "\n"


def _lines(run: Run, files: dict[str, str], differences: dict[str, float]) -> Iterator[str]:
    config, about, model = run.config, run.about, run.config.model
    yield f"# {model.name}: {' and '.join(config.targets)} of a face\n"
    if about.simulated:
        yield _SIMULATED + "\n"
    yield f"{MODELS[model.name].about[0].upper()}{MODELS[model.name].about[1:]}. "
    small = f", at {model.width:g} of the published channels" if model.width != 1 else ""
    yield f"{count(model):,} weights{small}; begun {about.began or 'from scratch'}.\n"

    yield "## Trained on\n"
    yield f"- dataset `{about.dataset}`, made of `{about.made}`"
    for part, people in about.people.items():
        yield f"- {part}: {len(people)} people, {about.clips[part]}"
    if about.without_relaxing:
        yield f"- {len(about.without_relaxing)} recordings without a relaxing phase: heat absolute"
    best = run.best
    if config.protocol.refit and "validation" in about.people:
        yield f"- refitted: trained anew for {about.epochs} epochs on all of these people, so that"
        yield "  none of them is left to say how well these weights do"
    elif best is not None and best.ccc is not None:
        yield f"- on the validation people, clip by clip: RMSE {_of(best.rmse)}, "
        yield f"  CC {_of(best.cc)}, CCC {_of(best.ccc)} after epoch {best.epoch}, chosen by it"
    yield "- what it reaches on people it never saw is told by `taver evaluate`\n"

    yield "## How to feed it\n"
    yield f"Clips of {model.length} frames at {config.clips.rate_hz:g} a second, the face aligned"
    yield f"as in taver's datasets, {model.size_px} x {model.size_px} pixels, float32:\n"
    yield "| input | shape | values |\n|---|---|---|"
    words = config.scaling.in_words()
    for modality in model.sees:
        shape = f"clips, {CHANNELS[modality]}, {model.length}, {model.size_px}, {model.size_px}"
        yield f"| `{modality}` | ({shape}) | {words[modality]} |"
    yield f"\nIn depth and heat what was not measured is {words['missing']}; colour outside of the "
    yield "camera's picture is black, -1. "
    yield f"Output `outputs`, (clips, {model.outputs}): {', '.join(config.targets)}, from -1 to 1, "
    yield "before any post-processing. `config.json` holds every setting.\n"

    yield "## Files\n"
    yield "| file | SHA-256 |\n|---|---|"
    yield from (f"| `{name}` | `{digest}` |" for name, digest in files.items())
    for name, difference in differences.items():
        yield f"\n`{name}` was run after it was written: its outputs differ from those of the"
        yield f"trained model by {difference:.1e} at most."
    yield "\nMade with " + ", ".join(f"{k} {v}" for k, v in about.software.items()) + ".\n"
    yield "## What it is not for\n"
    yield _LIMITS


def _of(value: float | None) -> str:
    return "not defined" if value is None else f"{value:.3f}"
