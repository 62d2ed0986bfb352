"""A session in Rerun: written without a screen, read back by Rerun's own tool.

The viewer is large and an extra of its own; with it: pytest -m viewer
"""

import os
import re
import subprocess
import sys

import faced
import numpy as np
import psutil
import pytest
import studies

from capture.sim.scenario import Person
from taver.core.errors import AlreadyThereError, InputError, MissingExtraError, NotFoundError
from taver.core.frames import Modality
from taver.core.session.folder import find
from taver.faces import pipeline
from taver.faces.kit import kit
from taver.faces.options import Options
from taver.labels import schema, store
from taver.labels.trace import Dimension
from taver.view import viewer
from taver.view.show import show

FRAMES = 12
ROWS = re.compile(r"with (\d+) rows .*? - /(\S+) - ")


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    """A simulated session of which nothing was made yet."""
    person = Person(identity=12, aside_mm=60.0)
    return faced.study_of(tmp_path_factory.mktemp("view"), person, seconds=FRAMES / 10)


@pytest.fixture(scope="module")
def made(plain, tmp_path_factory):
    """The same with faces and labels."""
    study = studies.copied(plain, tmp_path_factory.mktemp("made"))
    pipeline.make(study, "s01", Options(), kit(Options()))
    labelled(find(study, "s01"))
    return study


def labelled(session):
    from taver.core.session.footage import Footage

    with Footage(session, Modality.COLOR) as color:
        times = color.unix_ns[2:10]
    rated = np.linspace(-3, 4, len(times))[:, None] + [0.0, 1.0]
    columns = {"frame_unix_ns": times}
    for dimension in Dimension:
        columns[f"{dimension}_raw"] = columns[dimension.value] = rated
        columns[f"{dimension}_filled"] = np.zeros(rated.shape, bool)
        columns[f"{dimension}_fused"] = rated.mean(axis=1, keepdims=True)
    attributes = {
        "raters": ["R1", "R2"], "fusions": [{"name": "mean"}], "fusion": "mean",
        "excluded": {}, "phase": "interview",
    }  # fmt: skip
    clip = store.Labelled("clip", columns, attributes)
    told = dict.fromkeys(schema.ATTRIBUTES, "")
    store.write(session, [clip], told)


def rows_of(file):
    """Return how many rows each entity of a file has, by Rerun's own account."""
    done = subprocess.run(
        [sys.executable, "-m", "rerun", "rrd", "print", "-v", str(file)],
        capture_output=True, text=True, check=True, env=os.environ | {"RERUN_ANALYTICS": "0"},
    )  # fmt: skip
    found = {}
    for count, entity in ROWS.findall(done.stdout):
        found[entity] = found.get(entity, 0) + int(count)
    return found


@pytest.mark.viewer
def test_everything_of_a_session_is_on_one_time_line(cli, made):
    done = cli(made, "view", "s01", "--save", "s01.rrd")
    assert done.code == 0, done.err
    assert f"{3 * FRAMES} pictures, {FRAMES} faces in space" in done.out
    rows = rows_of(made.folder / "s01.rrd")
    for modality in ("color", "depth", "thermal"):
        assert rows[f"{modality}/picture"] == FRAMES
        assert rows[f"{modality}/picture/landmarks"] == FRAMES
    assert rows["world/face"] == FRAMES
    for dimension in Dimension:
        for name in ("R1", "R2", "mean"):
            assert rows[f"labels/{dimension}/clip/{name}"] == 8 + 1  # and how it is drawn
    assert rows["signals/yaw_deg"] == FRAMES + 1
    assert rows["events"] == 1  # the interview began


@pytest.mark.viewer
def test_what_is_not_there_yet_is_told_and_the_rest_is_shown(cli, plain):
    done = cli(plain, "view", "s01", "--save", "plain.rrd")
    assert done.code == 0, done.err
    assert "taver faces" in done.err + done.out
    assert "taver labels" in done.err + done.out
    assert rows_of(plain.folder / "plain.rrd")["color/picture"] == FRAMES


@pytest.mark.viewer
def test_a_part_is_only_that_part(made, tmp_path):
    shown = show(made, find(made, "s01"), save=tmp_path / "part.rrd", from_s=0.35, until_s=0.65)
    assert shown.frames == 3 * 3
    assert rows_of(tmp_path / "part.rrd")["labels/arousal/clip/mean"] == 3 + 1


@pytest.mark.viewer
def test_the_viewer_can_be_reached_from_this_machine_alone(plain, monkeypatch):
    """Who connects to it is shown the face."""
    started, opened = viewer.started, []

    def without_a_window(fix):
        opened.append(started(fix, "--headless"))
        return opened[0]

    monkeypatch.setattr(viewer, "started", without_a_window)
    monkeypatch.setenv("DISPLAY", ":0")
    try:
        assert show(plain, find(plain, "s01")).frames == 3 * FRAMES
        process, address = opened[0]
        assert "//127.0.0.1:" in address
        family = [psutil.Process(process.pid)]
        family += family[0].children(recursive=True)
        doors = [c.laddr.ip for p in family for c in p.net_connections() if c.status == "LISTEN"]
        assert set(doors) == {"127.0.0.1"}
    finally:
        for process, _ in opened:
            for one in (*psutil.Process(process.pid).children(recursive=True), process):
                one.kill()
            process.wait()


@pytest.mark.viewer
def test_a_viewer_that_does_not_open_is_told_with_its_last_words(plain, monkeypatch):
    started = viewer.started
    monkeypatch.setattr(viewer, "started", lambda fix: started(fix, "--no-such-option"))
    monkeypatch.setenv("DISPLAY", ":0")
    with pytest.raises(InputError, match="cannot be opened here") as caught:
        show(plain, find(plain, "s01"))
    assert "--save s01.rrd" in caught.value.fix


@pytest.mark.viewer
@pytest.mark.parametrize(
    ("more", "kind"),
    [
        (["--save", "s01.txt"], InputError),
        (["--save", "no/such/s01.rrd"], NotFoundError),
        (["--save", "there.rrd"], AlreadyThereError),
        (["--save", "x.rrd", "--from", "9"], InputError),
        (["--save", "x.rrd", "--from", "1", "--to", "0.5"], InputError),
    ],
    ids=["suffix", "folder", "there", "after the end", "backwards"],
)
def test_what_cannot_be_shown_is_refused(plain, refused, more, kind):
    (plain.folder / "there.rrd").touch()
    assert refused(kind, plain, "view", "s01", *more)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere there is always one")
def test_without_a_display_a_file_is_offered(recorded, cli, monkeypatch):
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "WAYLAND_SOCKET"):
        monkeypatch.delenv(name, raising=False)
    done = cli(recorded.study, "view", "s01")
    assert done.code == InputError.exit_code
    assert "There is no display here" in done.err
    assert "taver view s01 --save s01.rrd" in done.err


def test_without_rerun_its_extra_is_named(recorded, monkeypatch):
    monkeypatch.setitem(sys.modules, "rerun", None)
    never = recorded.study.folder / "never.rrd"
    with pytest.raises(MissingExtraError, match="rerun") as caught:
        show(recorded.study, recorded.session, save=never)
    assert "view" in caught.value.fix
    assert not never.exists()
