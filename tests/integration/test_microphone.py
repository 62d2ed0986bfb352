"""The driver on the real PortAudio and ALSA, above a microphone that needs no sound card."""

import ctypes
import itertools
import time

import numpy as np
import pytest
import soundcard
import studies
from children import started, without
from devicing import opening, taken

from capture.drivers.microphone import MicrophoneConfig, MicrophoneDriver
from capture.recorder import Source
from taver.core.clock import HostClock
from taver.core.codec import decode_sound
from taver.core.consent import Scope
from taver.core.errors import ConsentError, DeviceError, InputError
from taver.core.frames import FrameStatus, Modality
from taver.core.session.footage import Footage


@pytest.fixture(scope="module", autouse=True)
def card(tmp_path_factory):
    with soundcard.plugged_in(tmp_path_factory.mktemp("sound")):
        yield


@pytest.fixture
def opened():
    yield from opening(
        lambda serial=soundcard.NAME, **config: MicrophoneDriver(
            MicrophoneConfig(serial=serial, **config), HostClock()
        )
    )


def place(frame):
    """Return where in the microphone's sound a block begins: its samples are 3 k."""
    return int(frame.pixels[0, 0]) % 2**16 * pow(3, -1, 2**16) % 2**16


def is_whole(frame):
    return set(np.diff(frame.pixels[:, 0].astype(int)) % 2**16) == {3}


def test_it_is_found_by_its_name():
    assert soundcard.NAME in [device.serial for device in MicrophoneDriver.discover()]
    assert MicrophoneDriver.missing() is None


def test_it_says_what_it_delivers(opened):
    _, info = opened()
    (stream,) = info.streams
    assert (info.driver, info.model, info.serial) == (
        "microphone",
        "microphone through ALSA",
        soundcard.NAME,
    )
    assert (stream.unit, stream.rate_hz, stream.samples_hz, stream.channels) == (
        "pcm16",
        10,
        16_000,
        1,
    )


def test_without_a_name_it_is_the_systems_own_choice(opened):
    _, info = opened(serial="")
    assert info.serial == "default"


def test_blocks_follow_each_other_without_a_gap(opened):
    driver, _ = opened()
    frames = taken(driver, 4)
    assert [frame.pixels.shape for frame in frames] == [(1600, 1)] * 4
    assert all(map(is_whole, frames))
    assert [place(frame) for frame in frames] == [1600 * k for k in range(4)]
    assert [frame.stamp.number for frame in frames] == [0, 1, 2, 3]
    assert {frame.stamp.status for frame in frames} == {FrameStatus.OK}


def test_a_block_is_stamped_with_the_time_of_its_first_sample(opened):
    for _ in range(9):  # a busy machine begins late at times
        driver, _ = opened()
        began_ns = time.monotonic_ns()
        frames = taken(driver, 3)
        driver.close()
        since_ms = [
            (frame.stamp.host_ns - began_ns) / 1e6 - 100 * k for k, frame in enumerate(frames)
        ]
        assert min(since_ms) > -10
        if max(since_ms) < 80:  # it would be 100 more if arrival were taken
            return
    pytest.fail(f"{since_ms} ms after they began")


def test_channels_are_kept_apart(opened):
    driver, _ = opened(channels=2, samples_hz=48_000)
    frame = taken(driver, 1)[0]
    assert frame.pixels.shape == (4800, 2)
    assert set((frame.pixels[:, 1].astype(int) - frame.pixels[:, 0]) % 2**16) == {1000}


def test_a_program_that_is_held_up_loses_nothing(opened):
    driver, _ = opened()
    driver.start(0)
    stream = driver.frames()
    frames = [next(stream)]
    ctypes.PyDLL(None).usleep(700_000)  # holds Python's lock: nobody can fetch what comes
    frames += [next(stream) for _ in range(8)]
    assert [place(frame) for frame in frames] == [1600 * k for k in range(9)]
    stamps = [frame.stamp for frame in frames]
    assert [stamp.number for stamp in stamps] == list(range(9))
    assert {stamp.status for stamp in stamps} == {FrameStatus.OK}
    late_ms = [
        (stamp.host_ns - stamps[0].host_ns) / 1e6 - 100 * k for k, stamp in enumerate(stamps)
    ]
    # Nothing of what it was held up; the machine may do other things between two looks at a clock.
    assert np.median(np.abs(late_ms)) < 40


def test_what_is_lost_in_an_overflow_is_counted_to_the_block(opened, monkeypatch):
    monkeypatch.setattr("capture.drivers.microphone._BUFFERED_S", 0.2)
    driver, _ = opened()
    driver.start(0)
    stream = driver.frames()
    frames = [next(stream) for _ in range(2)]
    ctypes.PyDLL(None).usleep(900_000)  # holds Python's lock: nobody can fetch what comes
    frames += [next(stream) for _ in range(4)]
    numbers = [frame.stamp.number for frame in frames]
    gaps = [k for k, (a, b) in enumerate(itertools.pairwise(numbers)) if b - a > 1]
    marked = [k for k, frame in enumerate(frames) if frame.stamp.status is FrameStatus.INCOMPLETE]
    assert gaps
    assert all(gap + 1 in marked for gap in gaps)
    passed = (place(frames[-1]) - place(frames[0])) % 2**16 / 1600
    assert numbers[-1] - numbers[0] == pytest.approx(passed, abs=1)
    assert (frames[-1].stamp.host_ns - frames[0].stamp.host_ns) / 1e8 == pytest.approx(
        passed, abs=0.9
    )


def test_an_unplugged_microphone_is_an_error_that_says_so(opened, monkeypatch):
    monkeypatch.setenv("ALSA_STANDIN", "unplug_after_ms=150")
    driver, _ = opened()
    driver.start(0)
    with pytest.raises(DeviceError, match=f"'{soundcard.NAME}' sends nothing any more"):
        list(driver.frames())


def test_a_microphone_in_use_is_an_error(opened, monkeypatch):
    monkeypatch.setenv("ALSA_STANDIN", "busy=1")
    with pytest.raises(DeviceError, match=f"'{soundcard.NAME}' cannot be opened"):
        opened()


def test_a_rate_that_it_does_not_have_is_an_error(opened):
    with pytest.raises(DeviceError, match="cannot be opened") as raised:
        opened(samples_hz=192_000)
    assert "samples_hz" in raised.value.fix


def test_what_it_hears_lies_in_the_session_sample_by_sample(study):
    clock = HostClock()
    driver = MicrophoneDriver(MicrophoneConfig(serial=soundcard.NAME), clock)
    session = studies.record_pattern(study, "s01", Source(driver, clock), seconds=0.75)
    with Footage(session, Modality.SOUND) as footage:
        heard = np.concatenate([decode_sound(stored.data)[:, 0] for stored in footage])
        assert footage.header.samples_hz == 16_000
    assert len(heard) >= 2 * 1600
    assert set(np.diff(heard.astype(int)) % 2**16) == {3}


def test_sound_is_not_recorded_of_who_did_not_agree_to_it(study):
    studies.add_person(study, "P02", studies.form(scopes=(Scope.COLOR,)))
    clock = HostClock()
    driver = MicrophoneDriver(MicrophoneConfig(serial=soundcard.NAME), clock)
    with pytest.raises(ConsentError, match="sound"):
        studies.record_pattern(study, "s01", Source(driver, clock), participant="P02")


def test_a_name_that_is_not_there_is_told_with_those_that_are(opened):
    with pytest.raises(DeviceError, match=f"no microphone 'none' .*{soundcard.NAME}"):
        opened(serial="none")


@pytest.mark.parametrize(
    "wrong", [{"samples_hz": 44_101}, {"samples_hz": 0}, {"channels": 0}, {"channels": 9}]
)
def test_what_no_microphone_can_do_is_refused(wrong):
    with pytest.raises(InputError):
        MicrophoneConfig(**wrong)


def test_without_its_package_the_install_line_is_told(tmp_path):
    code = without("sounddevice") + (
        "from capture.drivers.microphone import MicrophoneDriver as M\n"
        "print(M.missing()); print(M.discover())\n"
    )
    with started(code, cwd=tmp_path) as child:
        said = child.stdout.read()
    assert "[sound]" in said
    assert said.endswith("[]\n")


@pytest.mark.skipif(not soundcard.ON_LINUX, reason="Windows' and macOS' wheels bring PortAudio")
def test_without_portaudio_the_package_of_the_system_is_told(tmp_path):
    code = (
        "import sys, types\n"
        "class Gone:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name == 'sounddevice': raise OSError('PortAudio library not found')\n"
        "sys.meta_path.insert(0, Gone())\n"
        "from capture.drivers.microphone import MicrophoneDriver as M\n"
        "print(M.missing())\n"
    )
    with started(code, cwd=tmp_path) as child:
        assert "libportaudio2" in child.stdout.read()


@pytest.mark.hardware
def test_a_real_microphone_delivers():
    driver = MicrophoneDriver(MicrophoneConfig(), HostClock())
    driver.open()
    frames = taken(driver, 10)
    driver.close()
    assert [frame.stamp.number for frame in frames] == list(range(10))
    assert any(frame.pixels.any() for frame in frames)
