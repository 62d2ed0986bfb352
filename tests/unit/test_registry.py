"""Drivers are found by entry point; a broken one is told and harms no other."""

import sys
from importlib.metadata import PackageNotFoundError, distribution

import pytest

from capture import registry
from capture.drivers.pattern import PatternDriver
from taver.core.errors import DeviceError, NotFoundError


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """Install a stranger's package with one driver, whose module holds `code`."""

    def install(name, code, attribute="Driver"):
        module = f"strangers_{name}"
        monkeypatch.delitem(sys.modules, module, raising=False)
        (tmp_path / f"{module}.py").write_text(code)
        info = tmp_path / f"{module}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {module}\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(
            f"[{registry.GROUP}]\n{name} = {module}:{attribute}\n"
        )

    monkeypatch.syspath_prepend(tmp_path)
    return install


def test_the_test_pattern_is_found_like_a_strangers_driver(needs):
    try:
        distribution("taver")
        there = True
    except PackageNotFoundError:
        there = False
    needs(there, "taver to be installed", install="pip install -c constraints.txt .")
    assert registry.load("pattern") is PatternDriver


def test_a_strangers_driver_is_found_and_nothing_is_imported_before_it_is_asked_for(installed):
    installed("nothing", "raise SystemError")
    installed("good", "from capture.drivers.pattern import PatternDriver as Driver")
    assert {"good", "nothing"} <= set(registry.entries())
    assert list(registry.entries()) == sorted(registry.entries())
    assert registry.load("good") is PatternDriver


def test_a_driver_that_is_not_there_is_told_with_those_that_are(installed):
    installed("good", "from capture.drivers.pattern import PatternDriver as Driver")
    with pytest.raises(NotFoundError, match=r"'goood' \(installed: .*good"):
        registry.load("goood")


@pytest.mark.parametrize(
    "code",
    ["import no_such_vendor_library", "raise OSError(5, 'no bus')", "1 / 0", "class: pass", ""],
    ids=["import", "hardware", "mistake", "syntax", "no such class"],
)
def test_a_driver_that_cannot_be_imported_is_told(installed, code):
    installed("broken", code)
    with pytest.raises(DeviceError, match="'broken' cannot be imported") as caught:
        registry.load("broken")
    assert "strangers_broken" in caught.value.fix


def test_what_is_no_driver_is_told(installed):
    installed("odd", "class Driver: pass")
    with pytest.raises(DeviceError, match="does not follow"):
        registry.load("odd")
