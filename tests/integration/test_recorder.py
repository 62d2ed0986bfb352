"""The recording loop: every frame stored or counted, and what an error leaves is told."""

import threading

import pytest
import studies
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from capture import testcard
from capture.recorder import BROKEN_OFF, Plan, record
from taver.core import lock
from taver.core.codec import decode
from taver.core.errors import (
    AlreadyThereError,
    BusyError,
    DeviceError,
    InputError,
    NotFoundError,
)
from taver.core.frames import PICTURES, Modality
from taver.core.recording.reader import StreamReader
from taver.core.session import check
from taver.core.session.folder import find, folders
from taver.core.session.manifest import State
from taver.core.session.streams import LOST_BY_DEVICE

KINECT = (Modality.COLOR, Modality.DEPTH, Modality.IR)


def pixels_of(session, modality):
    with StreamReader(session.stream_files(modality)[0]) as reader:
        header = reader.header
        return [decode(modality, f.data, header.height_px, header.width_px) for f in reader]


def test_every_frame_of_every_device_is_stored_in_order(study):
    session = studies.record_pattern(
        study, "s01", studies.pattern(KINECT), studies.pattern((Modality.THERMAL,), serial="a65")
    )
    assert session.manifest.state is State.COMPLETE
    for modality in PICTURES:
        shown = [testcard.number_in(modality, pixels) for pixels in pixels_of(session, modality)]
        assert shown == list(range(10))
    assert check.problems(session) == []


def test_the_document_says_who_by_what_and_how_much(study):
    session = studies.record_pattern(study)
    manifest = find(study, "s01").manifest
    assert manifest == session.manifest
    assert (manifest.participant, manifest.simulated) == ("P01", True)
    assert manifest.consent == study.participants.get("P01").consent
    assert [device.driver for device in manifest.devices] == ["pattern"]
    assert {m: s.frames for m, s in manifest.streams.items()} == dict.fromkeys(
        (Modality.COLOR, Modality.DEPTH, Modality.THERMAL), 10
    )
    assert manifest.length_s == pytest.approx(0.9)
    assert manifest.markers == ()


@settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(drop_every=st.integers(2, 9), count=st.integers(1, 40))
def test_frames_stored_and_frames_dropped_add_up_to_what_the_device_gave(
    tmp_path_factory, drop_every, count
):
    study = studies.make_study(tmp_path_factory.mktemp("drops"))
    source = studies.pattern((Modality.DEPTH,), drop_every=drop_every, scale=0.05)
    session = studies.record_pattern(study, "s01", source, seconds=count / 10)
    record = session.manifest.streams[Modality.DEPTH]
    with StreamReader(session.stream_files(Modality.DEPTH)[0]) as reader:
        numbers = [frame.stamp.number for frame in reader]
    assert record.frames == len(numbers)
    lost = record.dropped.get(LOST_BY_DEVICE, 0)
    # Also those that were lost at the very end, as the first frame behind it tells.
    assert record.frames + lost == count
    assert lost == len(set(range(count)) - set(numbers))


def test_a_device_that_is_unplugged_ends_in_an_error_and_what_came_before_is_kept(study):
    with pytest.raises(DeviceError) as caught:
        studies.record_pattern(
            study,
            "s01",
            studies.pattern(KINECT, serial="one", unplug_after=4),
            studies.pattern((Modality.THERMAL,), serial="two"),
        )
    assert "session show s01" in caught.value.fix
    session = find(study, "s01")
    frames = {m: s.frames for m, s in session.manifest.streams.items()}
    assert frames == {**dict.fromkeys(KINECT, 4), Modality.THERMAL: 10}
    assert check.problems(session) == []
    (marker,) = session.manifest.markers
    assert marker.name == BROKEN_OFF
    assert "unplugged" in marker.note


def test_every_device_that_fails_is_named(study):
    with pytest.raises(DeviceError) as caught:
        studies.record_pattern(
            study,
            "s01",
            studies.pattern(KINECT, serial="one", unplug_after=4),
            studies.pattern((Modality.THERMAL,), serial="two", unplug_after=2),
        )
    assert [("one" in p, "two" in p) for p in caught.value.problems] == [(1, 0), (0, 1)]


def test_two_devices_of_one_modality_are_refused_before_anything_is_made(study):
    with pytest.raises(DeviceError, match="Two devices deliver depth"):
        studies.record_pattern(
            study, "s01", studies.pattern(KINECT), studies.pattern((Modality.DEPTH,))
        )
    assert folders(study) == []


def test_a_recording_of_nothing_is_refused(study):
    with pytest.raises(InputError, match="device"):
        record(study, Plan(session="s01", participant="P01", seconds=1), [])
    assert folders(study) == []


@pytest.mark.parametrize("seconds", [0, -1, float("nan"), float("inf")])
def test_a_length_that_is_none_is_refused(seconds):
    with pytest.raises(InputError, match="seconds"):
        Plan(session="s01", participant="P01", seconds=seconds)


@pytest.mark.parametrize("name", ["", "..", "../s01", "a/b", "nul", "s01."])
def test_a_name_that_is_none_is_refused_and_nothing_is_made(study, name):
    with pytest.raises(InputError):
        studies.record_pattern(study, name)
    assert list(study.sessions_folder.iterdir()) == []


@pytest.mark.parametrize("name", ["s01", "S01"])
def test_a_name_that_is_taken_is_refused_and_the_first_session_stays(recorded, name):
    before = {p.name: p.read_bytes() for p in recorded.session.folder.iterdir() if p.is_file()}
    with pytest.raises(AlreadyThereError, match="s01"):
        studies.record_pattern(recorded.study, name)
    assert before == {
        p.name: p.read_bytes() for p in recorded.session.folder.iterdir() if p.is_file()
    }
    assert [p.name for p in folders(recorded.study)] == ["s01"]


def test_even_a_file_or_an_empty_folder_takes_a_name(study):
    (study.sessions_folder / "s01").write_bytes(b"")
    (study.sessions_folder / "s02").mkdir()
    for name in ("s01", "s02"):
        with pytest.raises(AlreadyThereError):
            studies.record_pattern(study, name)
    assert sorted(p.name for p in study.sessions_folder.iterdir()) == ["s01", "s02"]


def test_a_person_nobody_put_on_file_is_not_recorded(study):
    with pytest.raises(NotFoundError, match="P02"):
        studies.record_pattern(study, participant="P02")
    assert folders(study) == []


def test_a_board_or_nobody_needs_no_consent(study):
    session = studies.record_pattern(study, participant=None)
    assert session.manifest.participant is None
    assert check.problems(session) == []


def test_while_it_records_the_session_is_held(study):
    seen = []

    class Watch:
        def begin(self, title, total):
            pass

        def advance(self, *_):
            session = find(study, "s01")
            seen.append((lock.is_held(session.folder), session.manifest.state))

    session = studies.record_pattern(study, progress=Watch())
    assert set(seen) == {(True, State.RECORDING)}
    assert not lock.is_held(session.folder)
    assert not session.interrupted


def test_whoever_watches_cannot_end_a_recording(study):
    class Gone:
        def begin(self, title, total):
            pass

        def advance(self, *_):
            raise BrokenPipeError

    session = studies.record_pattern(study, progress=Gone())
    assert all(stream.frames == 10 for stream in session.manifest.streams.values())


def test_devices_are_let_go_whatever_happens(study):
    source = studies.pattern(unplug_after=3)
    with pytest.raises(DeviceError):
        studies.record_pattern(study, "s01", source)
    with pytest.raises(DeviceError, match="not opened"):
        source.driver.start(0)
    for thread in threading.enumerate():
        if thread.name.startswith("record "):
            thread.join(30)
            assert not thread.is_alive()


def test_the_name_of_a_session_is_given_to_one_of_two_that_want_it_at_once(study):
    results = []

    def one(serial):
        try:
            source = studies.pattern((Modality.DEPTH,), serial=serial)
            results.append(studies.record_pattern(study, "s01", source))
        except (AlreadyThereError, BusyError) as error:
            results.append(error)

    threads = [threading.Thread(target=one, args=(str(n),)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    refused = [r for r in results if isinstance(r, AlreadyThereError)]
    assert len(refused) == 5
    assert check.problems(find(study, "s01")) == []
    assert [p.name for p in study.sessions_folder.iterdir()] == ["s01"]
