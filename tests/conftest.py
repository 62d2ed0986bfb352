"""Fixtures that more than one kind of test uses, and the house rule for what a system lacks."""

from __future__ import annotations

import multiprocessing
import shutil
import signal
import tempfile
from pathlib import Path

import needing
import pytest
import scheduling
import studies
import telling
from hypothesis import HealthCheck, settings
from studies import Recorded

from taver.cli.main import run
from taver.core.session.folder import find
from taver.core.study import Study

# As on Windows and macOS everywhere: what runs only when it is forked is not portable.
multiprocessing.set_start_method("spawn", force=True)
# Who runs the tests may ignore a terminal that closes (nohup does); what they start must not.
if hasattr(signal, "SIGHUP"):
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
# How long an example takes, or takes to be made up, is told by how busy the machine is.
settings.register_profile("taver", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("taver")


def pytest_xdist_make_scheduler(config, log):
    """Keep a folder's tests in one process, too, where a file's are kept in one."""
    if config.getvalue("dist") == "loadfile":
        return scheduling.ByFolder(config, log)
    return None


@pytest.fixture
def needs():
    """Return the function that skips a test for lack of something, or fails it where CI asks."""
    return needing.needs


@pytest.fixture
def open_folder():
    """A folder that every user may enter; pytest's own belong to whoever runs it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder


@pytest.fixture
def study(tmp_path):
    """A fresh study with one person, in a folder with spaces and letters of other languages."""
    return studies.make_study(tmp_path / studies.STRANGE_NAME)


@pytest.fixture(scope="session")
def recorded_once(tmp_path_factory):
    """A study with a recorded session that nobody may change."""
    made = studies.make_study(tmp_path_factory.mktemp("recorded") / studies.STRANGE_NAME)
    studies.record_pattern(made)
    return made


@pytest.fixture
def recorded(recorded_once, tmp_path):
    """A study with one session: ten small frames of colour, depth and heat each."""
    folder = tmp_path / "recorded" / studies.STRANGE_NAME
    shutil.copytree(recorded_once.folder, folder)
    copy = Study(folder)
    return Recorded(copy, find(copy, "s01"))


@pytest.fixture
def cli(monkeypatch, capfd):
    """Run one command line inside a study; return its exit code and what it printed."""

    def call(inside, *arguments):
        monkeypatch.chdir(inside.folder)
        capfd.readouterr()
        code = run(list(arguments))
        printed = capfd.readouterr()
        return studies.Done(code, printed.out, printed.err)

    return call


@pytest.fixture
def refused(cli):
    """Run a command line that must be refused with `kind`, and must change nothing."""

    def call(kind, inside, *arguments):
        before = telling.tree(inside.folder)
        done = cli(inside, *arguments)
        telling.assert_told(done.code, done.err, kind)
        assert telling.tree(inside.folder) == before
        return done.err

    return call
