"""gallery.html: random clips in all modalities, with the labels of their recording."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from taver.core import page
from taver.core.clock import NS_PER_S
from taver.core.plot import Axis, Band, Line, drawn
from taver.dataset.documents.pictures import strip
from taver.dataset.select import ClipOptions, clips

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    from taver.core.page import Markup
    from taver.dataset.read import Dataset, Recording

CLIPS: Final = 6
_SHOWN: Final = 8  # of a clip's frames
_SHOWN_PX: Final = 96
_NAMES: Final = {
    "color": "Colour",
    "depth": "Depth: light is near; where nothing was measured there is a hole",
    "thermal": "Heat: light is warm",
}


def gallery(
    data: Dataset,
    title: str,
    *,
    count: int = CLIPS,
    seed: int = 0,
    may_be_shown: Callable[[Recording], bool] = lambda recording: bool(
        recording.attributes.get("pictures")
    ),
) -> tuple[str, int]:
    """Return the page and how many recordings are on it: only of those who allow pictures."""
    random = np.random.default_rng(seed)
    shown = [recording for recording in data.recordings.values() if may_be_shown(recording)]
    order = random.permutation(len(shown))[:count]
    chosen = [shown[place] for place in sorted(order.tolist())]
    parts = [_recording(recording, random) for recording in chosen]
    left_out = len(data.recordings) - len(shown)
    lead: list[Markup] = []
    if left_out:
        are = "recording is" if left_out == 1 else "recordings are"
        lead.append(page.note(f"{left_out} {are} not shown: pictures were not allowed."))
    if not chosen:
        lead.append(page.note("There is nobody whose pictures may be shown.", "warn"))
    nobody = [recording.name for recording in chosen if recording.simulated]
    if 0 < len(nobody) < len(chosen):
        lead.append(page.note(f"Nobody is in {', '.join(nobody)}; in the others there are people."))
    simulated = data.simulated or bool(nobody)
    about = (
        f"{len(chosen)} of {len(data.recordings)} recordings, a clip of each chosen at random; "
        "labels of all raters (thin) and together (bold)."
    )
    return page.page(f"Gallery: {title}", *lead, *parts, simulated=simulated, about=about), len(
        chosen
    )


def _recording(recording: Recording, random: np.random.Generator) -> Markup:
    # More than a third of its frames missing, and another clip tells more.
    found, _ = clips(recording, ClipOptions(missing="mask", most_missing=0.34))
    parts: list[Markup] = []
    slots: npt.NDArray[np.int64] | None = None
    if found:
        slots = found[int(random.integers(len(found)))].slots
        step = max(1, len(slots) // _SHOWN)
        for modality in recording.modalities:
            pictures = recording.pictures(modality, slots[::step])
            wide = _SHOWN_PX * len(pictures)
            parts.append(page.picture(strip(pictures, modality), _NAMES[modality], width_px=wide))
    else:
        parts.append(page.note("No clip of it has enough pictures of a face.", "warn"))
    parts += [_trace(recording, dimension, slots) for dimension in ("arousal", "valence")]
    return page.section(f"{recording.name} · {recording.participant}", *parts)


def _trace(recording: Recording, dimension: str, slots: npt.NDArray[np.int64] | None) -> Markup:
    """Return the labels over the whole recording, with the clip marked."""
    seconds = recording.column("time_ns") / NS_PER_S
    fused = recording.column(dimension)
    if not np.isfinite(fused).any():
        return page.note(f"Nobody rated {dimension}.")
    shapes: list[Line | Band] = []
    if slots is not None:
        around = seconds[[slots[0], slots[-1]]]
        shapes.append(Band("the clip", around, [-1.0, -1.0], [1.0, 1.0], "faint"))
    low, high = recording.attributes["scale"]
    for place, rater in enumerate(recording.raters):
        values = recording.column(f"{dimension}_raters")[:, place]
        scaled = (values - low) / (high - low) * 2 - 1
        shapes.append(Line(rater, seconds, scaled, str(place % 8 + 1)))
    # None of the raters has this colour.
    shapes.append(Line("together", seconds, fused, "ink", bold=True))
    svg = drawn(
        shapes, Axis("time", unit="s"), Axis(dimension, -1.0, 1.0),
        told=f"{dimension} of {recording.name} over time", height_px=200.0,
    )  # fmt: skip
    return page.drawing(svg, dimension.capitalize())
