"""One moment at which the board was shown to all cameras, and what is known of the recording."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, Final, Protocol

from taver.core.errors import DataError
from taver.core.frames import Modality

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import numpy.typing as npt

    from taver.core.camera import Camera

    Picture = npt.NDArray[Any]

SEEING: Final = (Modality.COLOR, Modality.IR, Modality.THERMAL)  # those that see the squares


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Shot:
    """The pictures of one moment; depth in millimetres, 0 where nothing was measured."""

    name: str
    pictures: Mapping[Modality, Picture]
    depth_mm: Picture | None = None


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class About:
    """What a source says of itself."""

    names: tuple[str, ...]
    serials: Mapping[Modality, str]
    inputs: Mapping[str, str]  # name: fingerprint
    simulated: bool
    drivers: Mapping[Modality, str] = dataclasses.field(default_factory=dict)
    factory: Mapping[Modality, Camera] = dataclasses.field(default_factory=dict)  # by the device


class Source(Protocol):
    """Something that shots of the board come from."""

    @property
    def about(self) -> About:
        """What is known of it before a picture is read."""
        ...

    def __len__(self) -> int:
        """Return how many shots there are at most."""
        ...

    def shots(self) -> Iterator[Shot]:
        """Yield every shot, one at a time: pictures are large."""
        ...


class Sizes:
    """Holds every picture of a camera against the first one's size."""

    def __init__(self) -> None:
        self.sizes_px: dict[Modality, tuple[int, int]] = {}
        self._first: dict[Modality, str] = {}

    def check(self, modality: Modality, picture: Picture, name: str) -> None:
        """Raise DataError if this picture has another size than those before it."""
        size = (picture.shape[1], picture.shape[0])
        known = self.sizes_px.setdefault(modality, size)
        first = self._first.setdefault(modality, name)
        if size != known:
            raise DataError(
                f"{modality} pictures of two sizes: {known[0]}x{known[1]} in {first}, "
                f"{size[0]}x{size[1]} in {name}",
                fix="calibrate with pictures of one size, as they come from the camera: a lens "
                "belongs to a resolution",
            )


def merged(abouts: list[About]) -> About:
    """Return what several sources say together; those of two cameras do not go together."""
    serials: dict[Modality, str] = {}
    problems = []
    for about in abouts:
        for modality, serial in about.serials.items():
            known = serials.setdefault(modality, serial)
            if known != serial:
                problems.append(f"{modality}: {known!r} and {serial!r}")
    if problems:
        raise DataError(
            "These recordings are of different cameras",
            fix="calibrate each rig from its own recordings",
            problems=problems,
        )
    return About(
        names=tuple(name for about in abouts for name in about.names),
        serials=serials,
        inputs={key: mark for about in abouts for key, mark in about.inputs.items()},
        simulated=any(about.simulated for about in abouts),
        drivers={m: d for about in abouts for m, d in about.drivers.items()},
        factory={m: camera for about in abouts for m, camera in about.factory.items()},
    )
