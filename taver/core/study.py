"""A study is a folder with study.toml: where sessions, people, rig and datasets are."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated, Any

import msgspec

from taver.core import atomic, config, lock
from taver.core.errors import AlreadyThereError, InputError, NotFoundError
from taver.core.participant import Participants
from taver.core.private import make_private_folder
from taver.core.storage import explained

if TYPE_CHECKING:
    from pathlib import Path

FILE = "study.toml"


class StudySection(config.Section, frozen=True, kw_only=True):
    """Which study it is."""

    name: config.Words


class ParticipantsSection(config.Section, frozen=True, kw_only=True):
    """Where the people are on file."""

    folder: config.Words = "participants"


class SessionsSection(config.Section, frozen=True, kw_only=True):
    """Where recordings go."""

    folder: config.Words = "sessions"


class RigSection(config.Section, frozen=True, kw_only=True):
    """Where the calibration is."""

    file: config.Words = "rig.json"


class DeviceChoice(config.Section, frozen=True, kw_only=True):
    """A device to record from on this machine."""

    driver: config.Words
    serial: str = ""  # empty: the only one there is
    settings: dict[str, Any] = msgspec.field(
        default_factory=dict
    )  # as the driver's own config calls them


class AgentChoice(config.Section, frozen=True, kw_only=True):
    """Another machine that records; its key is keys/<name>.key."""

    name: config.Words
    address: config.Words  # host:port


class CaptureSection(config.Section, frozen=True, kw_only=True):
    """How is recorded; without devices and agents all cameras found are taken."""

    devices: tuple[DeviceChoice, ...] = ()
    agents: tuple[AgentChoice, ...] = ()
    grid_hz: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 10
    keys: config.Words = "keys"
    nuc_every_minutes: Annotated[float, msgspec.Meta(gt=0)] = 3.0
    lsl: bool = False


class AnnotationSection(config.Section, frozen=True, kw_only=True):
    """Where annotations are kept: an SQLAlchemy URL; SQLite paths start at the study."""

    database: config.Words = "sqlite:///annotations.sqlite"
    clips: config.Words = "clips"  # the folder with the films that annotators watch


class DatasetSection(config.Section, frozen=True, kw_only=True):
    """Where the dataset is built."""

    store: config.Words = "dataset.zarr"


class TrainingSection(config.Section, frozen=True, kw_only=True):
    """Where training runs go."""

    folder: config.Words = "runs"


class StudyConfig(config.Section, frozen=True, kw_only=True):
    """All of study.toml."""

    study: StudySection
    participants: ParticipantsSection = ParticipantsSection()
    sessions: SessionsSection = SessionsSection()
    capture: CaptureSection = CaptureSection()
    rig: RigSection = RigSection()
    annotation: AnnotationSection = AnnotationSection()
    dataset: DatasetSection = DatasetSection()
    training: TrainingSection = TrainingSection()


_TEMPLATE = """\
# A taver study. Paths are relative to this file, or absolute (for a larger disk).

[study]
name = {name}

[participants]
folder = "participants"    # one file a person: pseudonym, age, gender, consent

[sessions]
folder = "sessions"        # one folder a recording; a minute takes about 0.6 GB

[capture]                  # without devices and agents, all cameras found are taken
grid_hz = 10               # slots a second; of each stream the nearest frame is kept
keys = "keys"              # of the other machines that record
nuc_every_minutes = 3.0    # with --nuc manual, outside interviews
lsl = false                # tell other programs of frame times and markers
# devices = [{{ driver = "a65_aravis", serial = "12345678" }}]
# agents = [{{ name = "kinect", address = "192.168.1.20:7200" }}]

[rig]
file = "rig.json"          # the calibration

[annotation]
database = "sqlite:///annotations.sqlite"    # or postgresql+psycopg://user@host/name
clips = "clips"            # the films that annotators watch

[dataset]
store = "dataset.zarr"

[training]
folder = "runs"
"""


class Study:
    """An opened study: its config, and where its things are."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()
        self.config = config.load(self.folder / FILE, StudyConfig)

    @classmethod
    def create(cls, folder: Path, name: str) -> Study:
        """Write study.toml and the private folders; a study that is there is refused."""
        text = _text(name)
        _refuse_study_in(folder)
        with explained(folder):
            folder.mkdir(parents=True, exist_ok=True)
        with lock.held(folder, f"The folder {folder}"):
            _refuse_study_in(folder)  # somebody may have been faster
            with explained(folder):
                for inner in (ParticipantsSection().folder, SessionsSection().folder):
                    if not (folder / inner).exists():
                        make_private_folder(folder / inner)
            atomic.write_bytes(folder / FILE, text)
        return cls(folder)

    @classmethod
    def find(cls, start: Path) -> Study:
        """Open the study that `start` is in: the nearest study.toml from there upwards."""
        for folder in (start.resolve(), *start.resolve().parents):
            with explained(folder):
                is_there = (folder / FILE).is_file()
            if is_there:
                return cls(folder)
        raise NotFoundError(
            f"There is no {FILE} in {start} or any folder above it",
            fix="change to the study's folder, or make a new study here with: taver init",
        )

    @property
    def name(self) -> str:
        """What the study is called."""
        return self.config.study.name

    @property
    def participants(self) -> Participants:
        """The people of the study."""
        return Participants(self.folder / self.config.participants.folder)

    @property
    def sessions_folder(self) -> Path:
        """Where the recordings are."""
        return self.folder / self.config.sessions.folder

    @property
    def keys_folder(self) -> Path:
        """Where the keys of recording machines are."""
        return self.folder / self.config.capture.keys

    @property
    def clips_folder(self) -> Path:
        """Where the films that annotators watch are."""
        return self.folder / self.config.annotation.clips

    @property
    def runs_folder(self) -> Path:
        """Where training runs are."""
        return self.folder / self.config.training.folder

    @property
    def rig_file(self) -> Path:
        """Where the calibration is."""
        return self.folder / self.config.rig.file


def _refuse_study_in(folder: Path) -> None:
    with explained(folder):
        # A link that leads nowhere now may lead to a study once its disk is back.
        if os.path.lexists(folder / FILE):
            raise AlreadyThereError(
                f"{folder / FILE} exists already", fix="use that study, or choose another folder"
            )


def _text(name: str) -> bytes:
    """Return study.toml for a study called `name`."""
    if not name.strip():
        raise InputError("The study's name is empty", fix="give it one with --name")
    try:
        return _TEMPLATE.format(name=_quoted(name)).encode()
    except UnicodeEncodeError:
        raise InputError(
            f"{name!r} cannot name a study: it is no readable text", fix="give it one with --name"
        ) from None


def _quoted(text: str) -> str:
    """Write `text` as a TOML string."""
    escaped = "".join(
        f"\\u{ord(c):04x}" if ord(c) < 0x20 or ord(c) == 0x7F else c
        for c in text.replace("\\", "\\\\").replace('"', '\\"')
    )
    return f'"{escaped}"'
