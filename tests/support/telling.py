"""How a refusal looks: words and a fix, the kind's exit code, and nothing half-written."""

import os

import pytest

posix_only = pytest.mark.skipif(os.name == "nt", reason="Windows keeps no such modes or signals")


def tree(folder):
    """Return every file below `folder` with its content; locks come and go."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() if path.is_file() else None
        for path in folder.rglob("*")
        if not path.name.startswith(".lock")
    }


def assert_install_line(err):
    (fix,) = [line for line in err.splitlines() if line.startswith("  fix  ")]
    assert "pip install " in fix
    assert "[capture]" in fix


def assert_told(code, err, kind):
    assert code == kind.exit_code, err
    lines = err.splitlines()
    assert [line for line in lines if line.startswith("error  ")], err
    assert [line for line in lines if line.startswith("  fix  ")], err
    assert "Traceback" not in err
