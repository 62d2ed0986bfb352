import datetime as dt
import itertools
import shutil

import msgspec
import numpy as np
import pytest
import studies

from capture import testcard
from capture.drivers.replay import ReplayConfig, ReplayDriver
from capture.recorder import Source
from taver.core.clock import HostClock, VirtualClock
from taver.core.errors import ConsentError, DataError, InputError, NotFoundError
from taver.core.frames import DeviceInfo, Frame, FrameStatus, Modality, Stamp, StreamInfo
from taver.core.session.footage import Footage
from taver.core.session.manifest import State

START_NS = 77_000_000_000


class Noisy:
    """A device of sound and heat: what a pattern does not give, and what went wrong."""

    def __init__(self, frames):
        self._frames = frames

    def open(self):
        streams = (
            StreamInfo(
                modality=Modality.SOUND, rate_hz=10, unit="pcm16", samples_hz=16_000, channels=2
            ),
            StreamInfo(
                modality=Modality.THERMAL, width_px=16, height_px=16, rate_hz=10, unit="0.04 K"
            ),
        )
        return DeviceInfo(
            driver="noisy", model="a device", serial="n1", streams=streams, simulated=False
        )

    def start(self, at_ns):
        pass

    def frames(self):
        yield from self._frames

    def stop(self):
        pass

    def close(self):
        pass


def noisy_frames():
    random = np.random.default_rng(3)
    for number in (0, 1, 3, 4):  # 2 was lost on the way
        at_ns = studies.START_NS + 100_000_000 * number
        status = FrameStatus.FROZEN if number == 3 else FrameStatus.OK
        yield Frame(
            modality=Modality.SOUND,
            stamp=Stamp(host_ns=at_ns + 5, device_ns=None, number=number),
            pixels=random.integers(-9000, 9000, (1600, 2)).astype(np.int16),
        )
        yield Frame(
            modality=Modality.THERMAL,
            stamp=Stamp(host_ns=at_ns + 7, device_ns=9 * number, number=number, status=status),
            pixels=random.integers(7000, 8000, (16, 16)).astype(np.uint16),
        )


@pytest.fixture
def replayed():
    made = []

    def call(session, clock=None, **config):
        config = ReplayConfig(session=str(session.folder), **config)
        driver = ReplayDriver(config, clock or VirtualClock())
        made.append(driver)
        return driver, driver.open()

    yield call
    for driver in made:
        driver.close()


def frames_of(driver, count=None):
    driver.start(START_NS)
    return list(itertools.islice(driver.frames(), count))


def test_it_says_what_it_replays(recorded, replayed):
    _, info = replayed(recorded.session)
    assert info.driver == "replay"
    assert info.serial == "s01"
    assert info.simulated  # the pattern was
    assert info.settings["session"] == "s01"
    assert info.settings["participant"] == "P01"
    assert info.settings["recorded by"] == "test pattern (pattern pattern-0)"
    assert {s.modality for s in info.streams} == set(recorded.session.manifest.streams)


def test_frames_come_as_they_were_recorded(recorded, replayed):
    driver, _ = replayed(recorded.session)
    frames = frames_of(driver)
    for modality in recorded.session.manifest.streams:
        mine = [frame for frame in frames if frame.modality is modality]
        with Footage(recorded.session, modality) as footage:
            stored = list(footage)
        assert len(mine) == len(stored) == 10
        first_ns = stored[0].unix_ns
        for was, now in zip(stored, mine, strict=True):
            assert now.stamp.host_ns - START_NS == was.unix_ns - first_ns
            assert now.stamp.device_ns == was.stamp.device_ns
            assert now.stamp.number == was.stamp.number
            assert testcard.number_in(modality, now.pixels) == was.stamp.number
    assert [f.stamp.host_ns for f in frames] == sorted(f.stamp.host_ns for f in frames)


def test_sound_status_and_lost_frames_come_back_too(study, replayed):
    given = list(noisy_frames())
    source = Source(Noisy(given), VirtualClock(studies.START_NS))
    session = studies.record_pattern(study, "s02", source)
    driver, info = replayed(session)
    assert not info.simulated
    frames = frames_of(driver)
    assert [frame.modality for frame in frames] == [frame.modality for frame in given]
    for was, now in zip(given, frames, strict=True):
        assert np.array_equal(now.pixels, was.pixels)
        assert now.pixels.dtype == was.pixels.dtype
        assert (now.stamp.number, now.stamp.status) == (was.stamp.number, was.stamp.status)
        assert now.stamp.device_ns == was.stamp.device_ns
        assert now.stamp.host_ns - START_NS == was.stamp.host_ns - given[0].stamp.host_ns


def test_only_what_is_wanted_comes(recorded, replayed):
    driver, info = replayed(recorded.session, modalities=(Modality.THERMAL,))
    assert [s.modality for s in info.streams] == [Modality.THERMAL]
    assert len(frames_of(driver)) == 10


def test_a_loop_goes_on_without_a_gap_in_time_or_numbers(recorded, replayed):
    driver, _ = replayed(recorded.session, modalities=(Modality.DEPTH,), loop=True)
    frames = frames_of(driver, 35)
    assert [frame.stamp.number for frame in frames] == list(range(35))
    assert {b.stamp.host_ns - a.stamp.host_ns for a, b in itertools.pairwise(frames)} == {
        100_000_000
    }
    assert {b.stamp.device_ns - a.stamp.device_ns for a, b in itertools.pairwise(frames)} == {
        100_000_000
    }
    assert testcard.number_in(Modality.DEPTH, frames[23].pixels) == 3


def test_by_the_hosts_clock_it_takes_as_long_as_it_did(recorded, replayed):
    clock = HostClock()
    driver, _ = replayed(recorded.session, clock, modalities=(Modality.DEPTH,))
    began_ns = clock.now_ns()
    driver.start(began_ns)
    for frame in itertools.islice(driver.frames(), 5):
        assert clock.now_ns() >= frame.stamp.host_ns
    assert 400_000_000 <= clock.now_ns() - began_ns < 2_000_000_000


def test_a_session_recorded_of_it_says_whether_it_is_simulated(recorded):
    for name, simulated in (("s02", True), ("s03", False)):
        if not simulated:
            manifest = recorded.session.manifest
            recorded.session.save(msgspec.structs.replace(manifest, simulated=False))
        clock = VirtualClock(studies.START_NS)
        config = ReplayConfig(session=str(recorded.session.folder))
        source = Source(ReplayDriver(config, clock), clock)
        made = studies.record_pattern(recorded.study, name, source)
        assert made.manifest.simulated is simulated
        (device,) = made.manifest.devices
        assert (device.driver, device.simulated) == ("replay", simulated)
        assert {m: s.frames for m, s in made.manifest.streams.items()} == {
            m: s.frames for m, s in recorded.session.manifest.streams.items()
        }


def test_what_was_withdrawn_is_not_replayed(recorded, replayed):
    recorded.study.participants.withdraw("P01", dt.date(2026, 5, 1))
    with pytest.raises(ConsentError, match="withdrew"):
        replayed(recorded.session)


def test_away_from_its_study_the_consent_it_was_recorded_with_counts(recorded, replayed, tmp_path):
    away = tmp_path / "away" / "s01"
    shutil.copytree(recorded.session.folder, away)
    session = type(recorded.session)(away)
    assert replayed(session)[1].serial == "s01"
    only = studies.form(scopes=())
    session.save(msgspec.structs.replace(session.manifest, consent=only))
    with pytest.raises(ConsentError, match="did not agree"):
        replayed(session)


def test_a_folder_that_is_no_session_is_told(tmp_path):
    driver = ReplayDriver(ReplayConfig(session=str(tmp_path / "none")), VirtualClock())
    with pytest.raises(NotFoundError, match=r"no session's folder.*session\.json"):
        driver.open()


def test_a_recording_that_broke_off_has_to_be_recovered_first(recorded, replayed):
    manifest = recorded.session.manifest
    recorded.session.save(msgspec.structs.replace(manifest, state=State.RECORDING))
    with pytest.raises(DataError, match="broke off") as raised:
        replayed(recorded.session)
    assert "recover s01" in raised.value.fix


def test_a_modality_that_was_not_recorded_is_told_with_those_that_were(recorded, replayed):
    with pytest.raises(NotFoundError, match=r"no sound stream .*color"):
        replayed(recorded.session, modalities=(Modality.SOUND,))


def test_a_damaged_frame_ends_it_with_the_way_to_mend_it(recorded, replayed):
    path = recorded.session.stream_files(Modality.DEPTH)[0]
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0xFF
    path.write_bytes(data)
    driver, _ = replayed(recorded.session, modalities=(Modality.DEPTH,))
    with pytest.raises(DataError, match="is damaged") as raised:
        frames_of(driver)
    assert "recover" in raised.value.fix


@pytest.mark.parametrize("given", [(), (Modality.DEPTH, Modality.DEPTH)])
def test_modalities_are_named_once_each(given):
    with pytest.raises(InputError, match="replay cannot deliver"):
        ReplayConfig(session="s", modalities=given)


def test_an_empty_stream_is_a_warning_and_nothing_at_all_an_error(study, replayed):
    clock = VirtualClock(studies.START_NS)
    only = [frame for frame in noisy_frames() if frame.modality is Modality.THERMAL]
    session = studies.record_pattern(study, "s02", Source(Noisy(only), clock))
    driver, info = replayed(session)
    assert info.warnings == ("no frame of sound was recorded",)
    assert len(frames_of(driver)) == 4
    with pytest.raises(DataError, match="no frame of sound"):
        replayed(session, modalities=(Modality.SOUND,))
