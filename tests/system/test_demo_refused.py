"""What `taver demo` refuses before it begins."""

import children
import pytest
import studies

from taver.cli.story import names, room
from taver.core.errors import AlreadyThereError, StorageError
from taver.core.study import Study


def test_somebody_elses_study_is_left_alone(tmp_path):
    study = studies.make_study(tmp_path / "mine")
    before = sorted(study.folder.rglob("*"))
    done = children.taver("demo", "--out", "mine", cwd=tmp_path)
    assert done.returncode == AlreadyThereError.exit_code
    assert "another study" in done.stderr
    assert "--out" in done.stderr
    assert sorted(study.folder.rglob("*")) == before


def test_a_disk_without_room_for_all_of_it_is_told_before_it_begins(tmp_path):
    study = Study.create(tmp_path / "demo", names.STUDY)
    days = names.WHOLE._replace(interview_s=1e6)
    with pytest.raises(StorageError, match=r"write about \d{4,}\.\d GB more, and") as caught:
        room.check(study, days)
    assert "--out" in caught.value.fix
    room.check(study, names.QUICK)
    with pytest.raises(StorageError):  # the live recording counts, too
        room.check(study, names.QUICK._replace(live_s=1e6))
