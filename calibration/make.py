"""From recordings of a board to a rig: look, solve, judge, put down."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import TYPE_CHECKING, Any, Final, Literal

import msgspec
import numpy as np

from calibration.judge import Judged, held_out, rms
from calibration.look import MOST_VIEWS, Looked, look
from calibration.rig import Crop, Quality, Rig, ShiftAccount, Uncertainty
from calibration.solve.joint import Result, joint, settled
from calibration.solve.rows import DEPTH, sources_of
from calibration.solve.sequential import sequential
from calibration.solve.setting import Setting
from calibration.sources.shot import About, Source, merged
from calibration.verdict import verdict
from taver.core.errors import InputError
from taver.core.frames import Modality
from taver.core.session.manifest import software

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy.typing as npt

    from calibration.board import Board
    from calibration.observations import Observations
    from calibration.solve.state import State
    from taver.core.camera import Camera
    from taver.core.progress import Progress

    Floats = npt.NDArray[np.float64]

FOLDS: Final = 5
_KINECT: Final = "kinect"
# A Kinect v2's infrared camera is to the left of its colour camera, seen as they see; in a raw,
# mirrored picture it is to the right.
_SURE_MM: Final = 20.0


class Choice(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All that can be chosen about a calibration."""

    method: Literal["joint", "iai"] = "joint"
    solve: Setting = Setting()
    most_views: int = MOST_VIEWS
    crop: Crop = Crop()
    mirrored: bool | None = None  # None: as far as it can be told


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Made:
    """A new rig, and all that its report tells."""

    rig: Rig
    result: Result
    looked: Looked
    held_out: Judged | None
    factory: Mapping[Modality, Camera]  # what the devices say of their lenses


def make(
    sources: Sequence[Source],
    board: Board,
    choice: Choice | None = None,
    progress: Progress | None = None,
) -> Made:
    """Return the rig that the recordings show."""
    choice = choice or Choice()
    about = merged([source.about for source in sources])
    looked = look(sources, board, most_views=choice.most_views, progress=progress)
    if progress is not None:
        progress.begin("solving", 1 + FOLDS)
    observations = looked.observations
    missing = {"color", "ir"} - set(observations.cameras)
    if missing:
        raise InputError(
            f"The board was never seen by {' and '.join(sorted(missing))}",
            fix="a rig needs the board in colour and in infrared; an inkjet's ink is invisible in "
            "infrared, so print it with a laser printer",
        )
    result = (joint if choice.method == "joint" else sequential)(observations, choice.solve)
    if progress is not None:
        progress.advance()
    judged = _held_out(result, choice, progress)
    return Made(
        rig=rig_of(result, looked, about, choice, judged),
        result=result,
        looked=looked,
        held_out=judged,
        factory=about.factory,
    )


def _held_out(result: Result, choice: Choice, progress: Progress | None) -> Judged | None:
    noise = dict(result.solution.noise)
    noise.setdefault(DEPTH, 5.0)

    def solve(rest: Observations, state: State) -> State:
        if choice.method == "joint":
            found = settled(rest, state, sources_of(rest), choice.solve, noise).solution.state
        else:
            found = sequential(rest, choice.solve).solution.state
        if progress is not None:
            progress.advance()
        return found

    try:
        return held_out(result.solution, result.observations, solve, FOLDS)
    except InputError:
        return None  # a fold was left with too few views; the whole was not


def rig_of(
    result: Result, looked: Looked | None, about: About, choice: Choice, judged: Judged | None
) -> Rig:
    """Put a solution down as a rig."""
    state, seen = result.solution.state, result.observations
    cameras = {c: state.camera(c, seen.sizes_px[c]) for c in seen.cameras}
    ir_to_color = state.pose("ir").inverse()
    warnings = [*(looked.warnings if looked else ()), *result.warnings]
    mirrored, doubt = _mirrored(looked, about, choice, ir_to_color.translation_mm[0])
    if doubt:
        warnings.append(doubt)
    if not any(source.name == DEPTH for source in result.solution.sources) and (
        choice.method == "joint"
    ):
        warnings.append("without depth pictures the depth shift is not known; 0 mm is assumed")
    held_out_px, transfer_px = _errors(judged)
    quality = Quality(
        rms_px={c: round(value, 4) for c, value in result.rms_px.items()},
        held_out_px=held_out_px,
        transfer_px=transfer_px,
        views={c: _used(result, c) for c in seen.cameras},
        rejected=(*(looked.rejected if looked else ()), *result.rejected),
        warnings=tuple(warnings),
    )
    rig = Rig(
        color=cameras["color"],
        ir=cameras["ir"],
        thermal=cameras.get("thermal"),
        ir_to_color=ir_to_color,
        color_to_thermal=state.pose("thermal") if "thermal" in cameras else None,
        depth_shift_mm=float(state.shift[0]),
        depth_shift=_account(result),
        uncertainty=uncertainty_of(result),
        mirrored=mirrored,
        crop=choice.crop,
        serials=dict(about.serials),
        made=dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        method=choice.method,
        settings={"board": str(seen.board), **_plain(choice)},
        inputs=dict(about.inputs),
        software=software(),
        simulated=about.simulated,
        quality=quality,
    )
    return msgspec.structs.replace(
        rig, quality=msgspec.structs.replace(quality, verdict=verdict(rig))
    )


def _errors(judged: Judged | None) -> tuple[dict[str, float], dict[str, float]]:
    """Return the held-out errors by camera and by pair; what could not be measured is not there."""
    if judged is None:
        return {}, {}
    held_out_px = {c: round(rms(e), 4) for c, e in judged.reprojection_px.items() if len(e)}
    pairs = judged.transfer_px.items()
    return held_out_px, {f"{a} to {b}": round(rms(e), 4) for (a, b), e in pairs if len(e)}


def _plain(choice: Choice) -> dict[str, Any]:
    tree: dict[str, Any] = msgspec.to_builtins(choice)
    return tree


def _used(result: Result, camera: str) -> int:
    source = next((s for s in result.solution.sources if s.name == camera), None)
    if source is None:
        return 0
    return sum(bool((source.weights[part] > 0).any()) for _, part in source.parts)


def _mirrored(
    looked: Looked | None, about: About, choice: Choice, infrared_right_mm: float
) -> tuple[bool, str]:
    """Return whether the recordings are mirrored, and what speaks against it."""
    if looked is not None and looked.mirrored:
        return True, ""
    driver = about.drivers.get(Modality.IR, "")
    raw = _KINECT in driver and infrared_right_mm > _SURE_MM
    if choice.mirrored is not None:
        return choice.mirrored, ""
    if raw:
        return True, (
            "the infrared camera is to the right of the colour camera: the Kinect's pictures are "
            "mirrored, as it sends them; the rig holds for recordings that are so, too"
        )
    return False, ""


def _account(result: Result) -> ShiftAccount | None:
    deep = next((s for s in result.solution.sources if s.name == DEPTH), None)
    if deep is None:
        return None
    at = result.solution.layout.shift_at.start
    known = result.covariance
    return ShiftAccount(
        sigma_mm=float(np.sqrt(max(known.shared[at, at], 0.0))),
        per_m_mm=float(known.slopes[0]),
        per_m_sigma_mm=float(known.slopes_sigma[0]),
        per_radius_mm=float(known.slopes[1]),
        per_radius_sigma_mm=float(known.slopes_sigma[1]),
        noise_mm=float(result.solution.noise[DEPTH]),
        pixels=int(deep.weights.sum()),
        views=len(deep.parts),
    )


def uncertainty_of(result: Result) -> Uncertainty:
    """Return the covariance in the rig's own parameters: ir_to_color is the way back."""
    layout, state = result.solution.layout, result.solution.state
    names = [name.replace("color_to_ir.", "ir_to_color.") for name in layout.names]
    change = np.eye(len(names))
    if "ir" in layout.turn_at:
        r, t = state.rotations["ir"], state.translations_mm["ir"]
        cross = np.array([[0.0, -t[2], t[1]], [t[2], 0.0, -t[0]], [-t[1], t[0], 0.0]])
        back = np.zeros((6, 6))
        back[:3, :3] = back[3:, 3:] = -r.T
        back[3:, :3] = -r.T @ cross
        change[layout.turn_at["ir"], layout.turn_at["ir"]] = back
    covariance = change @ result.covariance.shared @ change.T
    free = result.solution.free.copy()
    for camera, at in layout.turn_at.items():
        free[at] = free[at].any() or camera == "ir"
    keep = np.flatnonzero(free)
    return Uncertainty.from_matrix(tuple(names[at] for at in keep), covariance[np.ix_(keep, keep)])
