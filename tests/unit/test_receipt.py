"""Receipts: a stage is stale as soon as one of its inputs is no longer what it was."""

import os

import pytest

from taver import __version__
from taver.core import receipt
from taver.core.errors import DataError, InputError, StorageError
from taver.core.frames import Modality
from taver.core.receipt import Receipt, Stage, fingerprint, progressed


@pytest.fixture
def tracks(recorded):
    """A file that stands for what tracking faces made."""
    path = recorded.session.folder / "tracks.bin"
    path.write_bytes(b"tracks")
    return path


@pytest.fixture
def written(recorded, tracks):
    """The receipt of having tracked faces in the colour stream."""
    return receipt.write(
        recorded.study,
        recorded.session,
        Stage.FACES,
        inputs=[
            recorded.session.stream_files(Modality.COLOR)[0],
            recorded.study.folder / "study.toml",
        ],
        outputs=[tracks],
        settings={"threshold": 0.5, "names": ["a"]},
    )


def stale_because(recorded):
    return progressed(recorded.study, recorded.session, Stage.FACES).stale_because


def test_a_stage_nobody_did_has_no_receipt_and_is_not_stale(recorded):
    for stage in Stage:
        assert progressed(recorded.study, recorded.session, stage) == (None, None)


def test_a_receipt_tells_from_what_into_what_how_and_with_which_taver(recorded, written):
    found, stale = progressed(recorded.study, recorded.session, Stage.FACES)
    assert found == written
    assert stale is None
    assert set(found.inputs) == {"sessions/s01/color.mcap", "study.toml"}
    assert found.outputs == ("sessions/s01/tracks.bin",)
    assert found.settings == {"threshold": 0.5, "names": ["a"]}
    assert found.software["taver"] == __version__


def test_what_is_made_of_a_simulated_session_says_so(written):
    assert written.simulated is True


def test_it_is_stale_when_an_input_has_changed(recorded, written):
    path = recorded.study.folder / "study.toml"
    path.write_bytes(path.read_bytes() + b"# a word\n")
    assert stale_because(recorded) == "study.toml has changed"


def test_it_is_stale_when_an_input_is_gone(recorded, written):
    recorded.session.stream_files(Modality.COLOR)[0].unlink()
    assert stale_because(recorded) == "sessions/s01/color.mcap is gone"


def test_it_is_stale_when_a_recording_is_another_or_was_cut_off(recorded, written):
    color = recorded.session.stream_files(Modality.COLOR)[0]
    whole = color.read_bytes()
    color.write_bytes(recorded.session.stream_files(Modality.DEPTH)[0].read_bytes())
    assert stale_because(recorded) == "sessions/s01/color.mcap has changed"
    color.write_bytes(whole[:-9])
    assert stale_because(recorded) == "sessions/s01/color.mcap has changed"
    color.write_bytes(whole)
    assert stale_because(recorded) is None


def test_it_is_not_stale_when_a_file_is_merely_touched_or_the_study_was_moved(recorded, written):
    os.utime(recorded.study.folder / "study.toml", (0, 0))
    moved = recorded.study.folder.with_name("moved")
    recorded.study.folder.rename(moved)
    study = type(recorded.study)(moved)
    session = type(recorded.session)(moved / "sessions" / "s01")
    assert progressed(study, session, Stage.FACES).stale_because is None


def test_a_later_stage_is_stale_when_an_earlier_one_was_done_again(recorded, written, tracks):
    earlier = receipt.path_of(recorded.session, Stage.FACES)
    receipt.write(
        recorded.study, recorded.session, Stage.BUILT, inputs=[earlier], outputs=[], settings={}
    )
    assert progressed(recorded.study, recorded.session, Stage.BUILT).stale_because is None
    receipt.write(
        recorded.study,
        recorded.session,
        Stage.FACES,
        inputs=[],
        outputs=[tracks],
        settings={"a": 1},
    )
    told = progressed(recorded.study, recorded.session, Stage.BUILT).stale_because
    assert told == "sessions/s01/stages/faces.json has changed"


def test_an_input_may_lie_on_another_disk(recorded, tmp_path):
    far = tmp_path / "far.bin"
    far.write_bytes(b"far")
    made = receipt.write(
        recorded.study, recorded.session, Stage.FACES, inputs=[far], outputs=[far], settings={}
    )
    assert made.outputs == (str(far.resolve()),)
    assert stale_because(recorded) is None
    far.unlink()
    assert stale_because(recorded) == f"{far.resolve()} is gone"


def test_an_input_that_is_not_there_leaves_no_receipt(recorded):
    with pytest.raises(StorageError, match=r"none\.bin"):
        receipt.write(
            recorded.study,
            recorded.session,
            Stage.FACES,
            inputs=[recorded.study.folder / "none.bin"],
            outputs=[],
            settings={},
        )
    assert not receipt.path_of(recorded.session, Stage.FACES).exists()


def test_a_folder_is_no_input(recorded):
    with pytest.raises(InputError, match="folder") as caught:
        fingerprint(recorded.session.folder)
    assert "receipt" in caught.value.fix


def test_a_damaged_receipt_is_told(recorded, written):
    path = receipt.path_of(recorded.session, Stage.FACES)
    path.write_bytes(path.read_bytes()[:-5])
    with pytest.raises(DataError, match=r"faces\.json"):
        progressed(recorded.study, recorded.session, Stage.FACES)


def test_a_flipped_bit_in_a_receipt_is_told_or_changes_no_more_than_what_it_says(recorded, written):
    path = receipt.path_of(recorded.session, Stage.FACES)
    whole = path.read_bytes()
    for place in range(0, len(whole), 3):
        damaged = bytearray(whole)
        damaged[place] ^= 1 << place % 8
        path.write_bytes(damaged)
        try:
            found, _ = progressed(recorded.study, recorded.session, Stage.FACES)
        except DataError:
            continue
        assert isinstance(found, Receipt)


@pytest.mark.skipif(os.name == "nt", reason="Windows keeps no such modes")
def test_receipts_are_for_the_owner_alone(recorded, written):
    folder = receipt.path_of(recorded.session, Stage.FACES).parent
    assert folder.stat().st_mode & 0o777 == 0o700
    assert all(path.stat().st_mode & 0o777 == 0o600 for path in folder.iterdir())
