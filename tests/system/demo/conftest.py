"""One run of `taver demo --quick`, stopped and gone on with, that all tests beside this share."""

import contextlib
import os
import signal
from typing import NamedTuple

import children
import places
import pytest
import studies

from taver.core.study import Study


@pytest.fixture(scope="session")
def place(tmp_path_factory):
    return tmp_path_factory.mktemp("demo") / studies.STRANGE_NAME


@pytest.fixture(scope="session")
def at_home(tmp_path_factory):
    """Return what moves into a home that nobody can write to, as some laboratories have it."""
    homes = tmp_path_factory.mktemp("homes")
    folder = homes / "home"

    @contextlib.contextmanager
    def moved():
        with pytest.MonkeyPatch.context() as patch:
            # Else it looks for all fonts anew in every process, which takes half a minute.
            patch.setenv("MPLCONFIGDIR", str(homes / "matplotlib"))
            for name in ("HOME", "USERPROFILE", "LOCALAPPDATA"):
                patch.setenv(name, str(folder))
            for name in ("XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME"):
                patch.delenv(name, raising=False)
            yield folder

    with places.read_only(folder):
        yield moved


@pytest.fixture
def home(at_home):
    """The home in which the demo ran."""
    with at_home() as folder:
        yield folder


class Stopped(NamedTuple):
    """A run that Ctrl-C ended."""

    code: int
    out: str
    err: str


@pytest.fixture(scope="session")
def stopped(place, at_home):
    """The demo in a folder with spaces and letters of other languages, ended by Ctrl-C."""
    place.mkdir()
    code = f"import paced; paced.hear_interrupts(); {children.TAVER}"
    with at_home(), children.started(code, "demo", "--quick", cwd=place) as child:
        said = []
        for line in child.stdout:
            said.append(line)
            if line.startswith("documented"):
                break
        if os.name == "nt":
            child.terminate()
        else:
            child.send_signal(signal.SIGINT)
        rest, err = child.communicate(timeout=100)
        return Stopped(child.returncode, "".join(said) + rest, err)


@pytest.fixture(scope="session")
def first(stopped, place, at_home):
    """The run that goes on from there to the end."""
    assert stopped.out.count("\n") >= 11, stopped.err
    with at_home():
        return children.taver("demo", "--quick", cwd=place, timeout_s=400)


@pytest.fixture
def demo(first, place):
    assert first.returncode == 0, first.stderr
    return Study(place / "taver-demo")
