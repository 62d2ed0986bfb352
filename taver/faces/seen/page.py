"""faces.html: what was found of a session, with the frames it is least sure of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from taver.core import atomic, page
from taver.core.errors import ConsentError
from taver.core.extras import need
from taver.core.session import agreed
from taver.faces.regions import REGIONS
from taver.faces.seen.draw import Rows, moment
from taver.faces.seen.timeline import drawn
from taver.faces.state import State

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import numpy.typing as npt

    from taver.core.page import Markup
    from taver.core.study import Study
    from taver.faces.streams import Streams

FILE: Final = "faces.html"
WORST: Final = 20
_APART: Final = 5  # frames: neighbours look alike
_SHEET_WIDE_PX: Final = 760
_QUALITY: Final = 80


def write(study: Study, streams: Streams, root: Any, warm: Mapping[str, npt.NDArray[Any]]) -> Path:
    """Write the page beside the rows; pictures are only of people who allowed them."""
    session = streams.session
    rows = Rows.of(root)
    states = [int((rows.state == state).sum()) for state in State]
    attributes = root.attrs
    parts = [
        *(page.note(note, "warn") for note in attributes["notes"]),
        page.section(
            "States",
            page.table(
                ["state", "frames", "share"],
                [
                    (state.name.lower(), count, f"{100 * count / max(sum(states), 1):.1f} %")
                    for state, count in zip(State, states, strict=True)
                ],
                right=" rr",
            ),
            page.drawing(
                drawn(rows.state, rows.confidence, root["unix_ns"][:]),
                "Confidence (above, from 0 to 1) and state of every frame: green found anew, "
                "blue followed, amber interpolated, red lost.",
            ),
        ),
        page.section("How warm", _warmth(warm)),
        page.section("The frames it is least sure of", *_pictures(study, streams, rows)),
        page.section("What it was made with", _made_with(attributes)),
    ]
    path = session.folder / FILE
    text = page.page(f"Faces of {session.name}", *parts, simulated=session.manifest.simulated)
    atomic.write_bytes(path, text.encode())
    return path


def worst(rows: Rows) -> list[int]:
    """Return the frames with the least confidence, none close to another, in their order."""
    chosen: list[int] = []
    for row in np.argsort(rows.confidence, kind="stable").tolist():
        if len(chosen) == WORST:
            break
        if all(abs(row - other) >= _APART for other in chosen):
            chosen.append(row)
    return sorted(chosen)


def _pictures(study: Study, streams: Streams, rows: Rows) -> list[Markup]:
    try:
        agreed.require_pictures(study, streams.session.manifest)
    except ConsentError as error:
        return [page.note(f"No pictures: {error.what}.")]
    cv2 = need("cv2", extra="faces", to="draw faces")
    shown = []
    for row in worst(rows):
        picture = moment(streams, rows, row, near=True)
        high = round(len(picture) * _SHEET_WIDE_PX / picture.shape[1])
        small = cv2.resize(picture, (_SHEET_WIDE_PX, high), interpolation=cv2.INTER_AREA)
        _, data = cv2.imencode(".jpg", small[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
        state = State(int(rows.state[row])).name.lower()
        said = f"Frame {row}: {state}, confidence {rows.confidence[row]:.2f}"
        shown.append(page.picture(bytes(data), said, kind="jpeg"))
    return shown


def _warmth(warm: Mapping[str, npt.NDArray[Any]]) -> Markup:
    told = []
    for name in REGIONS:
        kelvin = warm[f"{name}_k"]
        seen = kelvin[np.isfinite(kelvin)]
        if len(seen):
            low, middle, high = np.percentile(seen, (5, 50, 95)) - 273.15
            label = name.replace("_", " ")
            told.append((label, len(seen), f"{middle:.2f}", f"{low:.2f} to {high:.2f}"))
    if not told:
        return page.text("No temperatures: there is no heat, or no way to it.")
    columns = ["region", "frames", "median °C", "5 % to 95 %"]
    return page.table(columns, told, right=" rrr")


def _made_with(attributes: Any) -> Markup:
    facts: dict[str, object] = {
        f"model: {name}": f"{model['file']}, {model['licence']}"
        for name, model in attributes["models"].items()
    }
    settings = {name: told for name, told in attributes["settings"].items() if name != "models"}
    return page.facts({**facts, **settings, "others seen": len(attributes["others"])})
