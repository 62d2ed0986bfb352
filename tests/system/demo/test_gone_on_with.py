"""What the demo makes anew of what is there, what it keeps, and what it will not touch."""

import shutil

import pytest

from taver.cli.story import interviews, learning, names, tell
from taver.core.errors import AlreadyThereError, DataError, InputError
from taver.core.progress import Silent
from taver.core.session import check
from taver.core.session.folder import find
from taver.core.study import Study
from taver.training import runs

pytestmark = pytest.mark.timeout(600)  # the whole of it is run once


def test_a_recording_that_was_interrupted_is_drawn_again(demo, tmp_path):
    study = Study.create(tmp_path / "my demo", names.STUDY)
    for name in ("s01", "s02"):
        shutil.copytree(demo.sessions_folder / name, study.sessions_folder / name)
    size = names.QUICK._replace(people=2, interview_s=0.5)
    kept = (study.sessions_folder / "s02" / "color.mcap").stat().st_mtime_ns
    document = study.sessions_folder / "s01" / "session.json"
    document.write_text(document.read_text().replace('"complete"', '"recording"'))
    assert interviews.recorded(study, size, Silent()).fresh
    assert check.problems(find(study, "s01")) == []
    assert not find(study, "s01").interrupted
    assert find(study, "s01").manifest.length_s < 1
    assert (study.sessions_folder / "s02" / "color.mcap").stat().st_mtime_ns == kept
    assert not interviews.recorded(study, size, Silent()).fresh


def test_a_session_of_somebody_real_is_never_drawn_again(demo, tmp_path):
    study = Study.create(tmp_path / "my demo", names.STUDY)
    kept = study.sessions_folder / "s01"
    shutil.copytree(demo.sessions_folder / "s01", kept)
    shutil.rmtree(kept / "truth.zarr")
    document = kept / "session.json"
    document.write_text(document.read_text().replace('"simulated": true', '"simulated": false'))
    with pytest.raises(DataError, match="of a real person"):
        interviews.recorded(study, names.QUICK._replace(people=1), Silent())
    assert (kept / "color.mcap").is_file()


def test_a_demo_of_another_size_is_not_gone_on_with(demo):
    before = (demo.folder / "demo.json").read_bytes()
    with pytest.raises(AlreadyThereError, match="begun with 4 people, not 12") as caught:
        list(tell.tell(demo.folder, Silent(), names.WHOLE))
    assert "--out" in caught.value.fix
    assert (demo.folder / "demo.json").read_bytes() == before


def test_a_model_of_the_dataset_as_it_was_is_kept_and_another_learns_from_the_new_one(
    demo, tmp_path
):
    study = Study(shutil.copytree(demo.folder, tmp_path / "demo"))
    made = study.folder / "build.toml"
    made.write_text(made.read_text("utf-8").replace(', "s04"', ""), encoding="utf-8")
    assert learning.built(study, names.QUICK, Silent()).fresh
    told = learning.trained(study, names.QUICK, "uran", Silent())
    assert told.fresh
    assert told.text.endswith("the dataset is another one now, and the run before is uran-1")
    before, now = (runs.read(study.runs_folder / name) for name in ("uran-1", "uran"))
    assert before.state == now.state == "finished"
    assert before.about.made != now.about.made
    assert not learning.trained(study, names.QUICK, "uran", Silent()).fresh


def test_settings_that_do_not_fit_a_run_are_named_with_what_to_do(demo, tmp_path):
    study = Study(shutil.copytree(demo.folder, tmp_path / "demo"))
    file = study.folder / "training.toml"
    file.write_text(file.read_text("utf-8").replace("batch = 8", "batch = 4"), encoding="utf-8")
    with pytest.raises(InputError, match="begun with other settings") as caught:
        learning.trained(study, names.QUICK, "uran", Silent())
    assert "training.toml" in caught.value.fix
    assert "--out runs/mine" in caught.value.fix
