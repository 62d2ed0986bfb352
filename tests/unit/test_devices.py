"""Every driver is asked for its devices in a process of its own; the answers make one page."""

from importlib.metadata import distribution

import msgspec
import pytest

from capture import registry
from capture.devices import Answer, doubles, survey
from taver.cli.main import run

STRANGERS = """
import os, time
from taver.core.errors import DeviceError
from taver.core.frames import DeviceInfo

def device(serial, address):
    return DeviceInfo(driver="x-two", model="Cam \\u00f6", serial=serial, streams=(),
                      simulated=False, address=address, firmware="2.1")

class Two:
    Config = object
    def __init__(self, config, clock): ...
    def missing(*_):
        return None
    def discover(*_):
        print("chatter of a vendor's library")
        return [device("A", "10.0.0.1"), device("A", "10.0.0.2"), device("B", "10.0.0.3")]

class Lacking(Two):
    def missing(*_):
        return "apt-get install camera"

class Raising(Two):
    def discover(*_):
        raise DeviceError("the bus is gone", fix="plug it in")

class Crashing(Two):
    def discover(*_):
        os.abort()

class Hanging(Two):
    def discover(*_):
        time.sleep(60)
"""


@pytest.fixture
def strangers(tmp_path, monkeypatch):
    """Drivers of another distribution, which are registered under the names given."""
    (tmp_path / "strange_devices.py").write_text(STRANGERS, encoding="utf-8")
    info = tmp_path / "strange_devices-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: strange-devices\nVersion: 1.0\n")
    monkeypatch.syspath_prepend(tmp_path)

    def register(*names):
        entries = "".join(f"x-{n.lower()} = strange_devices:{n}\n" for n in names)
        (info / "entry_points.txt").write_text(f"[taver.drivers]\n{entries}")
        assert distribution("strange-devices")

    return register


def answers_of_strangers(**options):
    names = [name for name in registry.entries() if name.startswith("x-")]
    return {answer.driver: answer for answer in survey(names=names, **options)}


def test_devices_lacks_and_failures_are_told_apart(strangers):
    strangers("Two", "Lacking", "Raising", "Crashing")
    found = answers_of_strangers()
    assert [device.serial for device in found["x-two"].devices] == ["A", "A", "B"]
    assert found["x-two"].devices[0].model == "Cam ö"
    assert found["x-lacking"].install == "apt-get install camera"
    assert (found["x-raising"].problem, found["x-raising"].fix) == ("the bus is gone", "plug it in")
    assert "ended with code" in found["x-crashing"].problem


def test_a_driver_that_hangs_is_given_up(strangers):
    strangers("Hanging")
    found = answers_of_strangers(patience_s=3)
    assert "did not answer within 3 s" in found["x-hanging"].problem


def test_devices_of_one_serial_are_named(strangers):
    strangers("Two")
    assert doubles(survey(names=["x-two"])) == [("x-two", "A", ("10.0.0.1", "10.0.0.2"))]


def test_the_page_fits_a_terminal_and_says_what_to_do(strangers, capfd):
    strangers("Two", "Lacking", "Raising")
    code = run(["devices"])
    printed = capfd.readouterr()
    assert code == 1  # a driver failed
    # A line that is to be copied stands by itself, further in, and is as long as it is.
    told = [line for line in printed.out.splitlines() if not line.startswith("    ")]
    assert max(map(len, told)) <= 80
    row = next(line for line in printed.out.splitlines() if "10.0.0.3" in line)
    assert row.split() == ["x-two", "Cam", "ö", "B", "10.0.0.3", "2.1"]
    assert "apt-get install camera" in printed.out
    assert "x-raising: the bus is gone" in printed.out
    assert "2 devices of the serial A" in printed.err


def test_programs_read_one_list(strangers, capfd):
    strangers("Two")
    assert run(["devices", "--json"]) == 0
    told = msgspec.json.decode(capfd.readouterr().out, type=list[Answer])
    assert {device.serial for a in told if a.driver == "x-two" for device in a.devices} == {
        "A",
        "B",
    }
