"""One recording of the dataset as it is planned: its place in time, its values but the pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from calibration import store as rigs
from taver.core.clock import NS_PER_S
from taver.core.errors import DataError
from taver.core.frames import Modality
from taver.core.session.footage import Footage
from taver.dataset import schema, share
from taver.dataset.build import keys, rated
from taver.dataset.build.cutter import kelvin_of, sized
from taver.dataset.build.job import Cut
from taver.dataset.build.source import rows_of_slots
from taver.dataset.build.whole import matrix_of, part_of
from taver.faces import similarity, store
from taver.faces.state import State

if TYPE_CHECKING:
    import numpy.typing as npt

    from taver.core.consent import Audience
    from taver.core.session.folder import Session
    from taver.core.session.manifest import Manifest
    from taver.core.study import Study
    from taver.dataset.build.rated import Rated
    from taver.dataset.build.whole import Part
    from taver.dataset.config import BuildConfig
    from taver.dataset.share import Share

    Columns = dict[str, npt.NDArray[Any]]

# A phase is known by its name alone; "Relaxing video" is one, too.
_RELAXING: Final = "relax"
_OF_PICTURES: Final = (
    "state", "similarity", "depth_frame", "thermal_frame", "thermal_similarity", "landmarks",
    "yaw_deg", "pitch_deg", "roll_deg", "head_mm",
)  # fmt: skip


class Planned(NamedTuple):
    """A recording to be: everything about it but its pictures."""

    name: str
    clip: str  # of the session; empty where nobody rated it
    cut: Cut
    attributes: dict[str, Any]
    values: Columns  # of each slot, as far as they do not come with the pictures
    labels: Columns
    seen: int  # slots with a face
    rated: int  # slots with a label

    @property
    def pixels_key(self) -> str:
        """What tells its pictures, and all that comes of faces, from any others."""
        return self.cut.key

    @property
    def labels_key(self) -> str:
        """What tells its labels from any others."""
        key: str = self.attributes["made"]["labels"]
        return key


class Opened(NamedTuple):
    """What all recordings of one session have in common."""

    study: Study
    session: Session
    share: Share
    modalities: tuple[Modality, ...]
    color_ns: npt.NDArray[np.int64]
    rate_hz: float  # of the colour stream
    part: Part | None  # of the colour picture that becomes a square; None: the face does
    rows: Columns
    table: str | None  # the digest of faces.csv
    thermal_unit: str | None
    inputs: dict[str, str]


def opened(
    study: Study, session: Session, shared: Share, modalities: tuple[Modality, ...], crop: str
) -> Opened:
    """Read of a session what its recordings need."""
    with Footage(session, Modality.COLOR) as color:
        color_ns, rate_hz = color.unix_ns, color.header.rate_hz
        color_px = (color.header.width_px, color.header.height_px)
    unit = None
    if Modality.THERMAL in modalities:
        with Footage(session, Modality.THERMAL) as thermal:
            unit = thermal.header.unit
    group = store.open_faces(session)
    rows = {name: group[name][...] for name in _OF_PICTURES}
    if len(rows["state"]) != len(color_ns):
        raise DataError(
            f"The faces of session {session.name} are of {len(rows['state'])} frames, it has "
            f"{len(color_ns)}",
            fix=f"taver faces --session {session.name} --again",
        )
    with_rig = (Modality.DEPTH in modalities or crop == "frame") and study.rig_file.is_file()
    inputs = keys.of_inputs(study, session, modalities, with_rig=with_rig)
    part = None
    if crop == "frame":
        part = part_of(rigs.read(study.rig_file) if with_rig else None, color_px)
    return Opened(
        study, session, shared, modalities, color_ns, rate_hz, part, rows,
        dict(group.attrs).get("table"), unit, inputs,
    )  # fmt: skip


def planned(
    about: Opened, stretch: Rated, config: BuildConfig, audience: Audience, number: int
) -> Planned:
    """Return the recording that a rated stretch becomes; `number` counts those of its person."""
    manifest = about.session.manifest
    start_ns, slots = _slots(manifest, about.color_ns, stretch, config.rate_hz)
    rows = rows_of_slots(about.color_ns, start_ns, slots, config.rate_hz)
    who = manifest.participant or ""
    name = share.recording_name(
        who, about.session.name, stretch.clip or about.session.name, audience, number
    )
    settings = {**config.told(), "start_unix_ns": start_ns, "slots": slots}
    used = np.unique(rows[rows >= 0])
    of_faces = {column: values[used] for column, values in about.rows.items()}
    key = keys.of_values(
        of_faces,
        [keys.ENGINE, settings, about.inputs, [m.value for m in about.modalities],
         about.share.landmarks],
    )  # fmt: skip
    cut = Cut(
        study=str(about.study.folder),
        session=about.session.name,
        recording=name,
        modalities=about.modalities,
        start_unix_ns=start_ns,
        slots=slots,
        rate_hz=config.rate_hz,
        size_px=config.size_px,
        crop=config.crop,
        least_seen=config.least_seen,
        key=key,
    )
    labels = rated.on_slots(stretch, start_ns, slots, config.rate_hz)
    raters = share.raters_as(stretch.raters, audience)
    told = {"raters": raters, "fusion": stretch.fusion, "scale": rated.SCALE}
    made = {
        "clip": stretch.clip,
        "settings": config.told(),
        "inputs": about.inputs,
        "excluded_raters": list(stretch.excluded),
        "pixels": key,
        "labels": keys.of_values(labels, told),
    }
    attributes = {
        "participant": who,
        "session": about.session.name,
        "modalities": [modality.value for modality in about.modalities],
        "simulated": manifest.simulated,
        "raters": list(stretch.raters),
        "scale": list(rated.SCALE),
        "fusion": stretch.fusion,
        "relaxing_face_k": _relaxing_face_k(about),
        "thermal_kelvin": _kelvin(about.thermal_unit),
        "start_unix_ns": start_ns,
        "pictures": about.share.pictures,
        "made": made,
    }
    values = _values(about, rows, config)
    return Planned(
        name,
        stretch.clip,
        cut,
        share.stripped_recording(attributes, audience),
        share.stripped_columns(values, landmarks=about.share.landmarks),
        labels,
        int((values["face"] > State.LOST).sum()),
        int(np.isfinite(labels["valence"]).sum()),
    )


def _slots(
    manifest: Manifest, color_ns: npt.NDArray[np.int64], stretch: Rated, rate_hz: int
) -> tuple[int, int]:
    """Return when slot 0 is and how many there are: the session's own grid where it has one."""
    times = stretch.frame_unix_ns if stretch.clip else color_ns
    first, last = int(times[0]), int(times[-1])
    grid = manifest.grid
    start_ns = first
    if grid is not None and grid.rate_hz % rate_hz == 0:
        since = first - grid.start_unix_ns
        number = (2 * since * rate_hz + NS_PER_S) // (2 * NS_PER_S)  # the nearest slot
        start_ns = grid.start_unix_ns + (2 * number * NS_PER_S + rate_hz) // (2 * rate_hz)
    slots = (2 * max(last - start_ns, 0) * rate_hz + NS_PER_S) // (2 * NS_PER_S) + 1
    return start_ns, slots


def _values(about: Opened, rows: npt.NDArray[np.int64], config: BuildConfig) -> Columns:
    """Return what each slot tells of time and face."""
    there = rows >= 0
    at = np.where(there, rows, 0)
    state = np.where(there, about.rows["state"][at], np.uint8(State.LOST))
    found = state > State.LOST
    points = about.rows["landmarks"][at].astype(np.float64)
    if about.part is None:
        to_crop = sized(about.rows["similarity"][at], config.size_px)
    else:
        to_crop = np.broadcast_to(matrix_of(about.part, config.size_px), (len(at), 2, 3))
    placed = similarity.apply(to_crop, points)
    pose = np.stack([about.rows[f"{turn}_deg"][at] for turn in ("yaw", "pitch", "roll")], axis=-1)
    period = np.arange(len(rows), dtype=np.int64)
    return {
        "time_ns": (2 * period * NS_PER_S + config.rate_hz) // (2 * config.rate_hz),
        "face": state.astype(np.uint8),
        "landmarks": _where(found, placed),
        "pose_deg": _where(found, pose),
        "head_mm": _where(found, about.rows["head_mm"][at]),
    }


def _where(found: npt.NDArray[np.bool_], values: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
    shaped = found.reshape(-1, *[1] * (values.ndim - 1))
    return np.where(shaped, values, np.nan).astype(np.float32)


def _kelvin(unit: str | None) -> list[float] | None:
    return None if unit is None else kelvin_of(unit)


def _relaxing_face_k(about: Opened) -> float | None:
    """Return how warm the face was in the relaxing phase, its regions by their pixels; or None."""
    phases = [p for p in about.session.manifest.phases if _RELAXING in p.name.casefold()]
    if Modality.THERMAL not in about.modalities or not phases:
        return None
    from taver.faces.table import warmths  # compiles

    told = warmths(about.session, about.color_ns, about.table)
    inside = np.zeros(len(about.color_ns), bool)
    for phase in phases:
        end_ns = phase.end_unix_ns or int(about.color_ns[-1])
        inside |= (about.color_ns >= phase.start_unix_ns) & (about.color_ns <= end_ns)
    kelvin = told.kelvin[inside]
    pixels = np.where(np.isfinite(kelvin), told.pixels[inside], 0.0)
    if not pixels.sum():
        return None
    return round(float((np.nan_to_num(kelvin) * pixels).sum() / pixels.sum()), 3)


def names_of(planned_: Planned) -> tuple[str, ...]:
    """Return the arrays that its pictures' key stands for."""
    there = schema.columns_of(planned_.cut.modalities)
    return tuple(name for name in there if name not in rated.LABELS)
