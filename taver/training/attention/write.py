"""Attention of a session, written beside its predictions: a sheet, a film and a page each."""

from __future__ import annotations

import fractions
from typing import TYPE_CHECKING, Any, Final

from taver.core import atomic, page
from taver.core.errors import DataError, InputError
from taver.core.extras import need
from taver.core.private import FILE_MODE
from taver.core.progress import Silent
from taver.core.storage import explained
from taver.training.attention import draw, maps, regions
from taver.training.models import MODELS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import torch

    from taver.core.progress import Progress
    from taver.dataset.read import Recording
    from taver.training.attention.maps import Looked
    from taver.training.config import TrainingConfig

_ENLARGED: Final = 3
_QUALITY: Final = {"deadline": "realtime", "cpu-used": "8", "crf": "30", "b": "0"}


def check(config: TrainingConfig) -> None:
    """Refuse what has no attention, or cannot be filmed, before anything is computed."""
    if not MODELS[config.model.name].recurrent:
        raise InputError(
            f"{config.model.name} has no attention to show", fix="take a run of tran or uran"
        )
    need("av", extra="web", to="write films")


def write(
    folder: Path,
    recordings: Sequence[Recording],
    model: torch.nn.Module,
    config: TrainingConfig,
    device: torch.device,
    *,
    simulated: bool,
    progress: Progress | None = None,
) -> tuple[Path, ...]:
    """Write `NAME-attention.png`, `.webm` and `.html` for each recording; return the pages."""
    told = progress or Silent()
    told.begin("attention", sum(one.slots for one in recordings))
    pages = []
    for recording in recordings:
        seen = maps.looked(model, recording, config, device)
        told.advance(recording.slots)
        if not len(seen.maps):
            continue
        sheet = draw.png(draw.sheet(seen))
        atomic.write_bytes(folder / f"{recording.name}-attention.png", sheet)
        film = folder / f"{recording.name}-attention.webm"
        _film(film, seen, config.clips.rate_hz, simulated=simulated)
        pages.append(folder / f"{recording.name}-attention.html")
        words = _page(seen, config, sheet, film.name, simulated=simulated)
        atomic.write_bytes(pages[-1], words.encode())
    if not pages:
        raise DataError(
            f"No recording of the session is long enough, or shows a face long enough, for a clip "
            f"of {config.model.length} frames",
            fix="look at faces.html of the session",
        )
    return tuple(pages)


def _film(path: Path, seen: Looked, rate_hz: float, *, simulated: bool) -> None:
    av = need("av", extra="web", to="write films")
    height, width = seen.color.shape[2:4]
    with atomic.replacing(path) as beside:
        beside.touch(mode=FILE_MODE)
        with explained(path), av.open(str(beside), "w", format="webm") as film:
            film.metadata["title"] = seen.recording + (", SIMULATED" if simulated else "")
            rate = fractions.Fraction(rate_hz).limit_denominator(1000)
            stream: Any = film.add_stream("libvpx-vp9", rate=rate, options=_QUALITY)
            stream.height, stream.width = _ENLARGED * height, 2 * _ENLARGED * width
            stream.pix_fmt = "yuv420p"
            for picture in draw.film_frames(seen, _ENLARGED):
                for packet in stream.encode(av.VideoFrame.from_ndarray(picture, "rgb24")):
                    film.mux(packet)
            for packet in stream.encode():
                film.mux(packet)


def _page(seen: Looked, config: TrainingConfig, sheet: bytes, film: str, *, simulated: bool) -> str:
    found = regions.shares(seen)
    clips, frames = seen.maps.shape[:2]
    per_clip = "each second frame line shows where was looked: dark grey is little, yellow is much"
    parts = [
        page.section(
            "Through time",
            page.text(
                f"{clips} clips of {frames} frames at {config.clips.rate_hz:g} a second; some of "
                f"them here, all of them in {film} beside this page."
            ),
            page.picture(sheet, f"Clips from top to bottom, time from left to right; {per_clip}"),
        ),
        page.section(
            "All in all",
            page.picture(
                draw.png(draw.mean_map(seen)), "Mean attention on the mean picture", width_px=288
            ),
        ),
    ]
    if found:
        rows = [
            (
                one.part,
                f"{100 * one.area:.1f} %",
                f"{100 * one.attention:.1f} %",
                f"{one.attention / one.area:.2f}" if one.area else "-",
            )
            for one in found
        ]
        columns = ("part", "of the picture", "of the attention", "times even")
        parts.append(
            page.section(
                "Where",
                page.text("Evenly spread attention would be 1.00 times even everywhere."),
                page.table(columns, rows, right=" rrr"),
            )
        )
    about = (
        f"{config.model.name}, seeing {', '.join(config.modalities)}. Attention says what was "
        "weighed, not why an output came out as it did."
    )
    return page.page(f"Attention: {seen.recording}", *parts, simulated=simulated, about=about)
