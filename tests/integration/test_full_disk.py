"""A disk that is full: the recording ends in words, and what was acknowledged is given back."""

import shutil
import sys

import children
import places
import pytest
import studies

from taver.cli.story import interviews, names
from taver.core import atomic
from taver.core.errors import DataError, StorageError
from taver.core.progress import Silent
from taver.core.recording.reader import StreamReader
from taver.core.session import check
from taver.core.session.folder import find, folders
from taver.core.session.manifest import State
from taver.core.session.rescue import rescue
from taver.core.study import Study


class Acknowledged:
    """Counts the frames that were stored."""

    def __init__(self):
        self.frames = 0

    def begin(self, title, total):
        pass

    def advance(self, steps=1):
        self.frames += steps


@pytest.fixture
def disk(tmp_path):
    with places.small_disk(tmp_path / studies.STRANGE_NAME) as disk:
        yield disk


@pytest.fixture
def study(disk):
    return studies.make_study(disk.folder / "study")


@pytest.fixture
def cut_off(disk, study):
    """A session whose disk was full in its middle, and how many frames it had acknowledged."""
    told = Acknowledged()
    with pytest.raises(StorageError) as caught:
        studies.record_pattern(
            study, "s01", studies.pattern(drop_every=4), seconds=60, progress=told
        )
    assert "No room left" in caught.value.what
    assert "taver session recover s01" in caught.value.fix
    assert told.frames > 0
    return told.frames


def files_on(disk):
    return 1 + sum(1 for _ in disk.folder.rglob("*"))


def frames_in(session):
    return sum(stream.frames for stream in session.manifest.streams.values())


def test_all_that_was_acknowledged_is_given_back(disk, study, cut_off, cli):
    assert cli(study, "session", "ls").out.split()[-1] == "interrupted"
    disk.holds(4000)
    recovered = cli(study, "session", "recover", "s01")
    assert recovered.code == 0
    session = find(study, "s01")
    assert session.manifest.state is State.RECOVERED
    assert frames_in(session) == cut_off
    for modality in session.manifest.streams:
        with StreamReader(session.stream_files(modality)[0]) as reader:
            numbers = [frame.stamp.number for frame in reader]
        assert numbers == [n for n in range(numbers[-1] + 1) if n % 4 != 1]
    assert cli(study, "session", "verify", "s01").code == 0
    assert cli(study, "session", "ls").out.split()[-1] == "recovered"


def test_what_the_device_dropped_is_known_after_the_rescue_too(disk, study, cut_off):
    disk.holds(4000)
    # Another session of the same pattern that nothing happened to.
    whole = studies.record_pattern(study, "s02", studies.pattern(drop_every=4), seconds=1.2)
    children.taver("session", "recover", "s01", cwd=study.folder)
    session = find(study, "s01")
    for modality, stream in session.manifest.streams.items():
        assert set(stream.dropped) == set(whole.manifest.streams[modality].dropped)
        with StreamReader(session.stream_files(modality)[0]) as reader:
            last = reader.read(len(reader) - 1).stamp.number
        assert stream.frames + sum(stream.dropped.values()) == last + 1


def test_a_rescue_on_a_disk_that_is_still_full_loses_nothing(disk, study, cut_off, cli):
    tried = cli(study, "session", "recover", "s01")
    if tried.code:
        assert tried.code == StorageError.exit_code
        assert "fix" in tried.err
        assert "Traceback" not in tried.err
    disk.holds(4000)
    assert cli(study, "session", "recover", "s01").code == 0
    assert frames_in(find(study, "s01")) == cut_off
    assert cli(study, "session", "verify", "s01").code == 0


def test_the_demo_on_a_small_disk_refuses_to_begin_and_goes_on_once_there_is_room(disk):
    disk.holds(3000)
    line = ("demo", "--quick", "--out", "demo")
    demo = children.taver(*line, cwd=disk.folder)
    assert demo.returncode == StorageError.exit_code
    assert "  fix  free space" in demo.stderr
    assert "Traceback" not in demo.stderr
    assert list((disk.folder / "demo" / "sessions").iterdir()) == []
    disk.holds(900_000)
    study = Study(disk.folder / "demo")
    size = names.QUICK._replace(people=1, interview_s=0.4)
    assert interviews.recorded(study, size, Silent()).fresh
    assert interviews.verified(study, size, Silent()).text
    assert frames_in(find(study, "s01")) == 12


def test_however_few_files_a_disk_takes_a_session_is_not_there_or_can_be_rescued(disk, study):
    """A file more at a time: first no folder can be made, then no document, then no stream."""
    outcomes = []
    for room in range(14):
        disk.holds(4000, files=files_on(disk) + room)
        told = Acknowledged()
        try:
            session = studies.record_pattern(study, "s01", seconds=0.3, progress=told)
        except StorageError:
            disk.holds(4000)
            outcomes.append("rescued" if folders(study) else "refused")
            if not folders(study):
                assert told.frames == 0
                assert list(study.sessions_folder.iterdir()) == []
                continue
            session = find(study, "s01")
            assert session.interrupted
            rescue(session)
        else:
            outcomes.append("recorded")
        assert check.problems(session) == []
        assert frames_in(session) == told.frames == 9
        shutil.rmtree(session.folder)
    assert outcomes == sorted(outcomes, key=["refused", "rescued", "recorded"].index)
    assert set(outcomes) == {"refused", "rescued", "recorded"}


def test_a_document_on_a_full_disk_stays_the_old_one(disk, study):
    path = study.folder / "notes.bin"
    atomic.write_bytes(path, b"old")
    with pytest.raises(StorageError, match="No room left"):
        atomic.write_bytes(path, b"n" * 2_000_000)
    assert path.read_bytes() == b"old"
    assert atomic.leftovers(study.folder) == []


def test_no_study_is_made_on_a_full_disk(disk):
    disk.holds(1000, files=files_on(disk) + 3)
    made = children.taver("init", "new", cwd=disk.folder)
    assert made.returncode == StorageError.exit_code
    assert not (disk.folder / "new" / "study.toml").exists()
    disk.holds(1000)
    assert children.taver("init", "new", cwd=disk.folder).returncode == 0
    assert Study(disk.folder / "new").name == "new"


def test_a_disk_that_turned_read_only_can_still_be_looked_at(disk, study, cli):
    with pytest.raises(StorageError):
        studies.record_pattern(study, "s00", seconds=60)
    disk.holds(4000)
    studies.record_pattern(study)
    disk.turns_read_only()
    for look in (["session", "ls"], ["session", "show", "s01"], ["session", "verify", "s01"]):
        assert cli(study, *look).code == 0
    assert cli(study, "status").code == 0
    assert cli(study, "participant", "ls").code == 0
    assert "interrupted" in cli(study, "session", "ls").out
    assert "interrupted" in cli(study, "session", "show", "s00").out
    for change in (["session", "recover", "s01"], ["participant", "add", "P02"]):
        refused = cli(study, *change)
        assert refused.code == StorageError.exit_code
        assert "read-only" in refused.err
        assert "Traceback" not in refused.err


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limit")
def test_a_file_that_may_not_grow_further_is_a_full_disk(tmp_path):
    inside = studies.make_study(tmp_path / "study")
    before = children.RECORDING + children.with_files_up_to(1_500_000)
    done = children.taver("quick", "s01", cwd=inside.folder, before=before)
    assert done.returncode == StorageError.exit_code
    assert "error  Session s01 was cut off: No room left" in done.stderr
    assert "  fix  free space" in done.stderr
    assert "Traceback" not in done.stderr
    listed = children.taver("session", "ls", cwd=inside.folder)
    assert "interrupted" in listed.stdout
    verified = children.taver("session", "verify", "s01", cwd=inside.folder)
    assert verified.returncode == DataError.exit_code
    assert "never finished" in verified.stderr
    assert children.taver("session", "recover", "s01", cwd=inside.folder).returncode == 0
    assert children.taver("session", "verify", "s01", cwd=inside.folder).returncode == 0
    assert "recovered" in children.taver("session", "ls", cwd=inside.folder).stdout
    assert frames_in(find(inside, "s01")) > 10
