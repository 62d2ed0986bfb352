"""A Python that is too old is told so, by pip and by the sources themselves."""

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import taver

ROOT = Path(__file__).parents[2]
FIRST_FILE = Path(taver.__file__)


def test_who_runs_the_sources_with_an_old_python_is_told_which_one_is_needed():
    older = f"import sys; sys.version_info = (3, 9, 18); sys.path.insert(0, {str(ROOT)!r}); "
    done = subprocess.run(
        [sys.executable, "-c", older + "from taver.cli.main import main"],
        capture_output=True, text=True, check=False, timeout=100,
    )  # fmt: skip
    assert done.returncode == 1
    last = done.stderr.splitlines()[-1]
    assert last.startswith("ImportError: taver needs Python 3.11 or newer, and this is 3.9.")
    assert last.endswith("python3.11 -m venv ENV")


def test_an_old_python_can_read_as_far_as_the_message():
    read = ast.parse(FIRST_FILE.read_text("utf-8"), feature_version=(3, 6))
    assert any(isinstance(line, ast.Raise) for line in ast.walk(read))


def test_pip_is_told_the_same():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    (told,) = re.findall(r"needs Python ([\d.]+) or newer", FIRST_FILE.read_text("utf-8"))
    assert project["requires-python"] == f">={told}"
    assert sys.version_info >= tuple(map(int, told.split(".")))
