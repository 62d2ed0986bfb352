"""Puts the report together: the verdict first, then what it rests on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from calibration.coverage import meters
from calibration.report import charts
from calibration.report.overlay import overlays
from calibration.solve.lens import directions
from calibration.solve.rows import DEPTH, residuals
from calibration.uncertainty import transfer_map
from taver.core import page as html
from taver.core.frames import Modality

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from calibration.make import Made
    from calibration.rig import Rig
    from taver.core.camera import Camera
    from taver.core.page import Markup

_AT_MM: Final = 1000.0
_LENS: Final = ("fx_px", "fy_px", "cx_px", "cy_px")
_BROWN: Final = ("k1", "k2", "p1", "p2", "k3", "k4", "k5", "k6")


def report(made: Made) -> str:
    """Return the whole page."""
    rig = made.rig
    return html.page(
        "Calibration of the rig",
        html.note(rig.quality.verdict, _kind(rig)),
        *(html.note(warning, "warn") for warning in rig.quality.warnings),
        _what(made),
        _cameras(rig, made.factory),
        _places(rig),
        _quality(rig),
        _depth(made),
        _uncertainty(made),
        _coverage(made),
        _errors(made),
        _pictures(made),
        _rejected(rig),
        simulated=rig.simulated,
        about=f"made {rig.made}, board {rig.settings['board']}",
    )


def _kind(rig: Rig) -> str:
    word = rig.quality.verdict.split(":")[0]
    return {"Good": "good", "Usable": "warn"}.get(word, "bad")


def _what(made: Made) -> Markup:
    rig = made.rig
    used = max(rig.quality.views.values(), default=0)
    return html.section(
        "What it was made from",
        html.facts(
            {
                "method": "everything at once" if rig.method == "joint" else "step by step (iai)",
                "views": f"{used} used; something was held still {made.looked.shots} times",
                "serials": ", ".join(f"{m} {s}" for m, s in rig.serials.items() if s)
                or "not known",
                "mirrored": "yes, left to right" if rig.mirrored else "no, as far as can be told",
                "crop": f"{rig.crop.width_px}x{rig.crop.height_px} at "
                f"({rig.crop.left_px}, {rig.crop.top_px}) of the colour picture",
                "taver": rig.software.get("taver", "?"),
            }
        ),
        html.table(
            ("file", "fingerprint"),
            [(name, mark[:32]) for name, mark in list(rig.inputs.items())[:24]],
        ),
    )


def _cameras(rig: Rig, factory: Mapping[Modality, Camera]) -> Markup:
    sigma = rig.uncertainty.sigma if rig.uncertainty else {}
    tables = []
    for name, camera in (("color", rig.color), ("ir", rig.ir), ("thermal", rig.thermal)):
        if camera is None:
            continue
        values = _numbers(camera)
        by_device = _numbers(factory[Modality(name)]) if Modality(name) in factory else None
        rows = []
        for key, value in values.items():
            digits = 3 if key.endswith("px") else 5
            loose = sigma.get(f"{name}.{key}")
            told = "held" if loose is None else f"{loose:.{digits}f}"
            row = [key, f"{value:.{digits}f}", told]
            if by_device is not None:
                row.append(f"{by_device[key]:.{digits}f}" if key in by_device else "")
            rows.append(row)
        heading = [f"{name}, {camera.width_px}x{camera.height_px}", "value", "+-"]
        if by_device is not None:
            heading.append("factory")
        tables.append(html.table(heading, rows, right="-rrr"))
    return html.section(
        "Lenses",
        html.text("One standard deviation beside each value; a lens belongs to its resolution."),
        *([html.text("Factory: what the device says of itself.")] if factory else []),
        html.side_by_side(*tables),
    )


def _numbers(camera: Camera) -> dict[str, float]:
    values = {key: float(getattr(camera, key)) for key in _LENS}
    return values | dict(zip(_BROWN, camera.distortion.coefficients, strict=False))


def _places(rig: Rig) -> Markup:
    sigma = rig.uncertainty.sigma if rig.uncertainty else {}
    rows = []
    for name, pose in (
        ("ir_to_color", rig.ir_to_color),
        ("color_to_thermal", rig.color_to_thermal),
    ):
        if pose is None:
            continue
        turned = np.degrees(pose.rotation_vector)
        for axis, place, turn in zip("xyz", pose.translation_mm, turned, strict=True):
            loose_mm = sigma.get(f"{name}.t{axis}_mm", float("nan"))
            loose_deg = np.degrees(sigma.get(f"{name}.r{axis}_rad", float("nan")))
            rows.append(
                (
                    name.replace("_", " "),
                    axis,
                    f"{place:.3f}",
                    f"{loose_mm:.3f}",
                    f"{turn:.4f}",
                    f"{loose_deg:.4f}",
                )
            )
    return html.section(
        "Places",
        html.text("X_b = R X_a + t; x to the right, y down, z forward, as the camera sees them."),
        html.table(("pose", "axis", "t, mm", "+-", "turn, degrees", "+-"), rows, right="--rrrr"),
    )


def _quality(rig: Rig) -> Markup:
    q = rig.quality
    return html.section(
        "Errors",
        html.text(
            "Reprojection: of the views it was made from, and of views held out of their own "
            "solution. Transfer: a corner seen in one camera, put onto the board's plane as depth "
            "measured it, and looked for in the other. The last is what the rig is for."
        ),
        html.side_by_side(
            html.table(
                ("camera", "views", "error, px", "held out, px"),
                [
                    (c, q.views.get(c, 0), f"{e:.3f}", _number(q.held_out_px.get(c)))
                    for c, e in q.rms_px.items()
                ],
                right="-rrr",
            ),
            html.table(
                ("transfer", "held out, px"),
                [(pair, f"{e:.3f}") for pair, e in sorted(q.transfer_px.items())],
                right="-r",
            ),
        ),
    )


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _depth(made: Made) -> Markup:
    rig, solution = made.rig, made.result.solution
    account = rig.depth_shift
    deep = next((s for s in solution.sources if s.name == DEPTH), None)
    if account is None or deep is None:
        return html.section("Depth", html.text("No depth was measured on the board."))
    off = residuals(solution.state, deep)[:, 0]
    rays = directions(solution.state.lenses[deep.camera], deep.pixels)
    return html.section(
        "Depth",
        html.facts(
            {
                "shift": f"{rig.depth_shift_mm:+.2f} +- {account.sigma_mm:.2f} mm, added to what "
                "the sensor tells",
                "with distance": f"{account.per_m_mm:+.2f} +- {account.per_m_sigma_mm:.2f} mm a "
                "metre",
                "towards the edge": f"{account.per_radius_mm:+.2f} +- "
                f"{account.per_radius_sigma_mm:.2f} mm a focal length",
                "noise": f"{account.noise_mm:.2f} mm a pixel",
                "from": f"{account.pixels} pixels of {account.views} views",
            }
        ),
        html.text(
            "The two slopes are what one further step would find if the shift could change with "
            "distance and radius; the rig holds the one number."
        ),
        html.side_by_side(
            html.drawing(
                charts.scatter(deep.z_mm / 1000.0, off, "distance, m", "mm left over", "depth"),
                "What is left over, by distance; the line is the median",
            ),
            html.drawing(
                charts.scatter(
                    np.hypot(rays[:, 0], rays[:, 1]), off, "radius", "mm left over", "depth"
                ),
                "... by the distance from the picture's middle",
            ),
        ),
    )


def _uncertainty(made: Made) -> Markup:
    drawings = []
    sizes = made.result.observations.sizes_px
    for other in ("thermal", "ir"):
        if other in sizes:
            values = transfer_map(made.result, "color", other, _AT_MM)
            drawings.append(
                html.drawing(
                    charts.heat_map(
                        values, sizes["color"], other, f"pixels of {other}, one deviation"
                    ),
                    f"From colour to {other}, of a point at {_AT_MM / 1000:g} m",
                )
            )
    return html.section(
        "What the calibration leaves uncertain, over the colour picture",
        html.text("From the covariance of all parameters; empty where the other sees nothing."),
        html.side_by_side(*drawings),
    )


def _coverage(made: Made) -> Markup:
    observations = made.result.observations
    parts = []
    for meter in meters(observations):
        pixels = np.concatenate(
            [
                view.sightings[meter.camera].pixels
                for view in observations.views
                if meter.camera in view.sightings
            ]
        )
        parts.append(
            html.side_by_side(
                html.drawing(
                    charts.coverage(pixels, observations.sizes_px[meter.camera], meter.camera),
                    f"{meter.camera}: where corners were seen, {meter.views} views",
                ),
                html.drawing(
                    charts.meters(meter),
                    f"Still missing: {'; '.join(meter.missing)}"
                    if meter.missing
                    else "Nothing is missing",
                ),
            )
        )
    return html.section("Coverage", *parts)


def _errors(made: Made) -> Markup:
    observations, solution = made.result.observations, made.result.solution
    errors: dict[str, list[float]] = {}
    fields = []
    for source in solution.sources:
        if source.name == DEPTH:
            continue
        off = residuals(solution.state, source)
        row = [float("nan")] * len(observations.views)
        for view, part in source.parts:
            value = float(np.sqrt((off[part] ** 2).sum(axis=1).mean()))
            row[view] = value if (source.weights[part] > 0).any() else -value
        errors[source.camera] = row
        good = source.weights > 0
        fields.append(
            html.drawing(
                charts.residual_field(
                    source.pixels[good],
                    off[good],
                    observations.sizes_px[source.camera],
                    source.camera,
                ),
                f"{source.camera}: mean error by place; arrows all one way would be a wrong lens",
            )
        )
    return html.section(
        "Errors by view and by place",
        html.drawing(
            charts.view_errors([view.name for view in observations.views], errors),
            "Error of each view in pixels (hollow: left out); " + "; ".join(_legend(list(errors))),
        ),
        html.side_by_side(*fields),
        html.table(
            ("number", "view", *errors),
            [
                (at + 1, view.name, *(_view_error(errors[c][at]) for c in errors))
                for at, view in enumerate(observations.views)
            ],
            right="r-" + "r" * len(errors),
        ),
    )


def _legend(cameras: list[str]) -> Iterator[str]:
    order = ("first", "second", "third", "fourth")
    for place, camera in zip(order, cameras, strict=False):
        yield f"{place} bar {camera}"


def _view_error(value: float) -> str:
    if not np.isfinite(value):
        return "-"
    return f"{value:.3f}" if value >= 0 else f"({-value:.3f})"


def _pictures(made: Made) -> Markup:
    shown = overlays(made)
    if not shown:
        return html.section("Pictures", html.text("There are none."))
    return html.section(
        "Pictures",
        html.text(
            "Rings are the corners that were found (red: left out), crosses where the rig says "
            "they are. The views with the largest errors come first."
        ),
        html.side_by_side(
            *(html.picture(data, caption, kind="jpeg") for _, data, caption in shown)
        ),
    )


def _rejected(rig: Rig) -> Markup:
    if not rig.quality.rejected:
        return html.section("Left out", html.text("Nothing was left out."))
    return html.section(
        "Left out", html.table(("what, and why",), [(reason,) for reason in rig.quality.rejected])
    )
