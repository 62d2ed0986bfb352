"""A dataset opened for reading: its people and splits, its recordings, their pictures and labels.

data = taver.dataset.open("dataset.zarr")
for recording in data.part("train"):
    recording.pictures("color", slots)    # (slots, 96, 96, 3)
    recording.labels()                    # a pandas table, one row a slot
"""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from taver.core.errors import InputError, NotFoundError
from taver.core.frames import Modality
from taver.dataset import schema
from taver.dataset.edition import Edition
from taver.dataset.stores import calm, is_remote, open_root, place, values_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy.typing as npt
    import pandas as pd

    from taver.dataset.fast import Pictures

TRAIN: Final = "train"
VALIDATION: Final = "validation"
TEST: Final = "test"
PARTS: Final = (TRAIN, VALIDATION, TEST)
DEFAULT: Final = "default"


class Recording:
    """One rated stretch of a session: pictures, times, labels, a value a slot."""

    def __init__(
        self,
        name: str,
        group: Any,
        *,
        size_px: int,
        rate_hz: float,
        edition: Edition | None = None,
    ) -> None:
        told = group.attrs
        self.name = name
        self.group = group  # the zarr group, for what is not offered here
        self.attributes: dict[str, Any] = dict(told)
        self.participant: str = told["participant"]
        self.session: str | None = told["session"]
        self.simulated: bool = told["simulated"]
        self.modalities = tuple(Modality(modality) for modality in told["modalities"])
        self.raters: tuple[str, ...] = tuple(told["raters"])
        self.relaxing_face_k: float | None = told["relaxing_face_k"]
        kelvin = told["thermal_kelvin"]
        self.thermal_kelvin: tuple[float, float] | None = tuple(kelvin) if kelvin else None
        self.size_px = size_px
        self.rate_hz = rate_hz
        self.slots: int = group["time_ns"].shape[0]
        self._edition = edition or Edition(None)
        self._columns: dict[str, npt.NDArray[Any]] = {}
        self._pictures: dict[str, Pictures] = {}
        self._names: tuple[str, ...] | None = None

    def column(self, name: str) -> npt.NDArray[Any]:
        """Return one value a slot of what is called `name`; it is kept, and cannot be changed."""
        if name not in self._columns:
            with self._edition.one():
                if name in schema.PICTURES or name not in self.group:
                    raise NotFoundError(
                        f"The recording {self.name} has no column {name!r}",
                        fix=f"choose one of: {', '.join(sorted(self.columns()))}",
                    )
                what = f"{name} of recording {self.name}"
                values = np.asarray(values_of(self.group[name], what))
            values.flags.writeable = False
            self._columns[name] = values
        return self._columns[name]

    def columns(self) -> tuple[str, ...]:
        """Return the names of all columns."""
        if self._names is None:
            there = {name for name, _ in self.group.arrays()}
            self._names = tuple(name for name in schema.COLUMNS if name in there)
        return self._names

    def labels(self) -> pd.DataFrame:
        """Return the labels, a row a slot: fused, and of each rater."""
        import pandas as pd

        columns = {"time_s": self.column("time_ns") / 1e9}
        for dimension in ("arousal", "valence"):
            columns[dimension] = self.column(dimension)
            by_rater = self.column(f"{dimension}_raters")
            for place_, rater in enumerate(self.raters):
                columns[f"{dimension} {rater}"] = by_rater[:, place_]
        return pd.DataFrame(columns).set_index("time_s")

    def pictures(
        self,
        modality: str,
        slots: npt.NDArray[np.int64],
        out: npt.NDArray[Any] | None = None,
    ) -> npt.NDArray[Any]:
        """Return the pictures of these slots, in their order; into `out` if it is given."""
        reader = self._pictures.get(modality) or self._reader(modality)
        asked = np.asarray(slots)
        wanted: Sequence[int] = asked.tolist()
        if asked.size or asked.ndim != 1:
            if asked.dtype.kind not in "iu" or asked.ndim != 1:
                raise InputError(
                    f"Slots are {asked.dtype} {asked.shape}, not a row of whole numbers",
                    fix="give their numbers; those of a mask are np.flatnonzero(mask)",
                )
            in_a_row = range(wanted[0], wanted[0] + len(wanted))
            if wanted == list(in_a_row):
                wanted, low, high = in_a_row, in_a_row[0], in_a_row[-1]
            else:
                low, high = min(wanted), max(wanted)
            if low < 0 or high >= self.slots:
                raise InputError(
                    f"The recording {self.name} has slots 0 to {self.slots - 1}, "
                    f"not all of {list(wanted)}",
                    fix="ask for slots that are there",
                )
        shape = (len(wanted), *reader.shape[1:])
        if out is None:
            out = np.empty(shape, reader.dtype)
        elif out.shape != shape or out.dtype != reader.dtype:
            raise InputError(
                f"The buffer is {out.dtype} {out.shape}, the pictures are {reader.dtype} {shape}",
                fix="give a buffer of that kind and size",
            )
        reader.into(wanted, out)
        return out

    def preload(self) -> None:
        """Take all pictures and columns into memory."""
        from taver.dataset.fast import Held

        for name in self.columns():
            self.column(name)
        for modality in self.modalities:
            everything = self.pictures(modality, np.arange(self.slots))
            self._pictures[modality] = Held(everything)

    def _reader(self, modality: str) -> Pictures:
        from taver.dataset.fast import pictures_of

        if modality not in self._pictures:
            if modality not in self.modalities:
                raise NotFoundError(
                    f"The recording {self.name} has no {modality} pictures",
                    fix=f"choose one of: {', '.join(self.modalities)}",
                )
            with self._edition.one():
                self._pictures[modality] = pictures_of(self.group[modality], self._edition)
        return self._pictures[modality]


class Dataset:
    """All of a dataset: what is said of it, and its recordings."""

    def __init__(self, root: Any, where: str, edition: Edition | None = None) -> None:
        self.root = root
        self.where = where
        self.attributes: dict[str, Any] = dict(root.attrs)
        self.size_px: int = root.attrs["size_px"]
        self.rate_hz: float = root.attrs["rate_hz"]
        self.simulated: bool = root.attrs["simulated"]
        self.modalities = tuple(Modality(modality) for modality in root.attrs["modalities"])
        self.splits: Mapping[str, Mapping[str, list[str]]] = root.attrs["splits"]
        with calm():
            groups = sorted(root[schema.RECORDINGS].groups())
        self.recordings: dict[str, Recording] = {
            name: Recording(
                name, group, size_px=self.size_px, rate_hz=self.rate_hz, edition=edition
            )
            for name, group in groups
        }

    @functools.cached_property
    def people(self) -> tuple[str, ...]:
        """Everybody in it, by name."""
        return tuple(sorted({recording.participant for recording in self.recordings.values()}))

    def of(self, people: Any) -> tuple[Recording, ...]:
        """Return the recordings of these people, by name."""
        wanted = set(people)
        return tuple(r for r in self.recordings.values() if r.participant in wanted)

    def part(self, part: str, *, split: str = DEFAULT) -> tuple[Recording, ...]:
        """Return the recordings of `train`, `validation` or `test` of a split."""
        if split not in self.splits:
            known = ", ".join(self.splits) or "none"
            raise NotFoundError(
                f"{self.where} has no split {split!r} (it has: {known})",
                fix="choose one of these, or add it to [split] when the dataset is built",
            )
        if part not in self.splits[split]:
            raise NotFoundError(
                f"The split {split!r} of {self.where} has no part {part!r}",
                fix=f"choose one of: {', '.join(self.splits[split])}",
            )
        return self.of(self.splits[split][part])


def open(store: str | Path | Any, *, preload: bool = False) -> Dataset:  # noqa: A001  taver.dataset.open reads best
    """Open a dataset for reading: a folder, an `s3://` address or any store of zarr's.

    What is read is of one build: once another one has taken the place of a folder that is open,
    what was not read before raises DataError. Under an address that is not noticed.
    """
    in_folder = isinstance(store, (str, Path)) and not is_remote(store)
    edition = Edition(Path(store) if in_folder else None)
    with edition.one():
        dataset = Dataset(open_root(store), place(store), edition)
    if preload:
        for recording in dataset.recordings.values():
            recording.preload()
    return dataset
