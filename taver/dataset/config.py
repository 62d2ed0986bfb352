"""build.toml: what a person can choose about how a dataset is made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec

from taver.core import config
from taver.core.errors import ConfigError
from taver.core.frames import Modality
from taver.dataset import schema
from taver.dataset.select import ClipOptions
from taver.dataset.split import SplitOptions

if TYPE_CHECKING:
    from pathlib import Path

FILE = "build.toml"
_PICTURES = tuple(Modality(name) for name in schema.PICTURES)


class BuildConfig(config.Section, frozen=True, kw_only=True):
    """All of build.toml; the defaults are the paper's where it says anything."""

    sessions: tuple[config.Words, ...] = ()  # empty: every session of a person
    modalities: tuple[Modality, ...] = _PICTURES
    size_px: Annotated[int, msgspec.Meta(ge=16, le=1024)] = schema.SIZE_PX
    rate_hz: Annotated[int, msgspec.Meta(ge=1, le=120)] = schema.RATE_HZ
    crop: Literal["face", "frame"] = "face"
    # Of a crop's pixels; one that shows less is not valid.
    least_seen: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0.5
    # What becomes of what nobody rated: it is kept with labels that are NaN, left out, or refused.
    unlabelled: Literal["keep", "leave-out", "refuse"] = "keep"
    raters: Annotated[int, msgspec.Meta(ge=0, le=1000)] = 0  # a clip with fewer is refused
    clips: ClipOptions = ClipOptions()  # that are counted in the end
    split: SplitOptions = SplitOptions()

    def __post_init__(self) -> None:
        wrong = [modality.value for modality in self.modalities if modality not in _PICTURES]
        if wrong or not self.modalities:
            raise ValueError(
                f"modalities are {wrong or 'none'}; choose among {', '.join(_PICTURES)}"
            )

    @property
    def wanted(self) -> tuple[Modality, ...]:
        """The modalities in the order in which they stand in the schema, each once."""
        return tuple(modality for modality in _PICTURES if modality in self.modalities)

    def told(self) -> dict[str, Any]:
        """Return what decides how the pictures look, as it stands in the dataset."""
        plain: dict[str, Any] = msgspec.to_builtins(self)
        kept = ("size_px", "rate_hz", "crop", "least_seen")
        return {name: plain[name] for name in kept}


def load(path: Path) -> BuildConfig:
    """Read a build.toml."""
    try:
        return config.load(path, BuildConfig)
    except ValueError as error:
        if isinstance(error, ConfigError):
            raise
        raise ConfigError(f"{path}: {error}", fix="correct that key") from None
