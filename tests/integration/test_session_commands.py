"""taver session ls, show, verify, recover: what was recorded is told, checked and rescued."""

import json
import os
import shutil
import struct

import children
import mcap.reader
import pytest
import studies

from capture import contact_sheet
from taver.core import receipt
from taver.core.errors import DataError
from taver.core.frames import Modality
from taver.core.receipt import Stage
from taver.core.recording.reader import StreamReader
from taver.core.recording.recover import DAMAGED
from taver.core.session.folder import Session, find
from taver.core.session.manifest import State
from taver.core.session.streams import LOST_BY_DEVICE

# Of the paced pattern: 50 frames a second, each fifth is lost.
_LOST = range(1, 10_000, 5)


def edit(session, change):
    """Change session.json by hand, as nobody should."""
    path = session.folder / "session.json"
    tree = json.loads(path.read_text(encoding="utf-8"))
    change(tree)
    path.write_text(json.dumps(tree), encoding="utf-8")


def depth(tree):
    """Return the one piece of the depth stream in session.json."""
    return tree["streams"]["depth"]["pieces"][0]


@pytest.fixture
def problems(recorded, cli):
    """Verify s01; return every problem that is named."""

    def named():
        done = cli(recorded.study, "session", "verify", "s01")
        assert done.code == DataError.exit_code
        assert "  fix  " in done.err
        return [line.strip(" -") for line in done.err.splitlines() if line.startswith("       - ")]

    return named


# Told


def test_a_list_has_a_row_a_session_in_the_order_of_their_names(recorded, cli):
    for name in ("s10", "a1", "S2"):
        studies.record_pattern(recorded.study, name, seconds=0.3)
    done = cli(recorded.study, "session", "ls")
    assert done.err == ""
    head, _, *rows = done.out.splitlines()
    assert head.split() == [
        "session", "who", "length", "frames", "drops", "consent", "size", "recorded",
    ]  # fmt: skip
    assert [row.split()[0] for row in rows] == ["S2", "a1", "s01", "s10"]
    assert rows[2].split()[1:9] == ["P01", "(sim)", "0:01", "10", "10", "10", "0", "lab"]
    assert rows[2].split()[-1] == "yes"


def test_where_nothing_was_recorded_that_is_said_and_the_output_stays_empty(study, cli):
    assert cli(study, "session", "ls") == (0, "", "No sessions yet.\n")
    assert cli(study, "-q", "session", "ls") == (0, "", "")


def test_a_row_stays_in_one_line_however_long_it_is(study, cli):
    name = "s" * 64
    studies.record_pattern(study, name, seconds=0.3)
    (study.sessions_folder / name / "session.json").write_text("{" + " " * 300)
    rows = cli(study, "session", "ls").out.splitlines()[2:]
    assert len(rows) == 1
    assert rows[0].startswith(name)
    assert "session.json is not readable as JSON" in rows[0]


def test_show_tells_who_when_with_what_and_how_much(recorded, cli):
    done = cli(recorded.study, "session", "show", "s01")
    assert done.code == 0
    told = {line[:10].strip(): line[11:] for line in done.out.splitlines()}
    assert told["session"] == "s01  (simulated)"
    assert told["folder"] == str(recorded.session.folder)
    assert told["who"] == "P01"
    assert told["device"] == "test pattern (pattern), serial pattern-0"
    for modality in ("color", "depth", "thermal"):
        assert told[modality].startswith("10 frames, none dropped, ")


def test_show_tells_drops_and_where_a_recording_broke_off(study, cli):
    with pytest.raises(Exception, match="not what was planned"):
        studies.record_pattern(study, "s01", studies.pattern(drop_every=3, unplug_after=8))
    out = cli(study, "session", "show", "s01").out
    assert "5 frames, 2 lost by the device" in out
    assert "broken off" in out
    assert "unplugged after 8 frames" in out


# Simulated, for ever


def test_a_simulated_session_says_so_in_every_file_that_is_made_of_it(recorded, cli):
    study, session = recorded
    assert json.loads((session.folder / "session.json").read_text())["simulated"] is True
    for modality in session.manifest.streams:
        with (session.folder / f"{modality}.mcap").open("rb") as file:
            (metadata,) = mcap.reader.make_reader(file).iter_metadata()
        assert json.loads(metadata.metadata["simulated"]) is True
    png = contact_sheet.write(study, session, study.folder / "sheet.png").read_bytes()
    at = png.index(b"iTXtSimulated\0")
    (size,) = struct.unpack(">I", png[at - 4 : at])
    assert png[at + 4 : at + 4 + size].endswith(b"\0yes")
    receipt.write(study, session, Stage.FACES, inputs=[], outputs=[], settings={})
    written = session.folder / "stages" / "faces.json"
    assert json.loads(written.read_text())["simulated"] is True


def test_whoever_says_it_is_real_is_contradicted_by_each_recording(recorded, problems, cli):
    edit(recorded.session, lambda tree: tree.update(simulated=False))
    assert problems() == [
        f"{m}: session.json says simulated False, {m}.mcap says True"
        for m in ("color", "depth", "thermal")
    ]
    done = cli(recorded.study, "session", "recover", "s01")
    assert done.code == DataError.exit_code
    assert "simulated" in done.err
    assert cli(recorded.study, "session", "verify", "s01").code == DataError.exit_code


# Checked


def test_a_session_as_it_was_recorded_is_verified(recorded, cli):
    before = {path: path.read_bytes() for path in recorded.session.folder.glob("*.*")}
    done = cli(recorded.study, "session", "verify", "s01")
    assert done == (0, "s01: 30 frames, all as they were recorded\n", "")
    assert before == {path: path.read_bytes() for path in recorded.session.folder.glob("*.*")}


@pytest.mark.skipif(os.name == "nt", reason="Windows keeps no such modes")
def test_folders_and_files_of_a_session_are_for_the_owner_alone(recorded, problems):
    folder = recorded.session.folder
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {p.stat().st_mode & 0o777 for p in folder.iterdir()} == {0o600}
    folder.chmod(0o755)
    (problem,) = problems()
    assert "chmod 700" in problem


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (lambda t: t.update(name="s02"), "session.json says session s02, color.mcap says s01"),
        (lambda t: t.update(participant="P02"), "session.json says participant P02, "),
        (lambda t: depth(t).update(frames=9), "counts 9 frames, 10 are whole"),
        (lambda t: depth(t).update(serial="x"), "says serial number x, "),
        (lambda t: t["streams"].pop("depth"), "depth.mcap is there, but session.json does not"),
        (lambda t: depth(t)["epoch"].update(unix_ns=5), "says beginning 5, "),
        (lambda t: depth(t).update(file="color.mcap"), "modality depth, color.mcap"),
        (lambda t: depth(t).update(fingerprint="0"), "not the file that was recorded"),
        (lambda t: t.update(state="recording"), "interrupted"),
    ],
)
def test_what_was_changed_in_a_session_by_hand_is_named(recorded, problems, change, named):
    edit(recorded.session, change)
    assert [problem for problem in problems() if named in problem]


def test_a_stream_that_was_renamed_or_taken_away_is_named(recorded, problems):
    folder = recorded.session.folder
    (folder / "depth.mcap").rename(folder / "depth-old.mcap")
    assert problems() == [
        "depth-old.mcap is there, but session.json does not name it",
        "depth: depth.mcap is gone",
    ]
    (folder / "depth-old.mcap").unlink()
    assert problems() == ["depth: depth.mcap is gone"]


def test_a_stream_of_another_session_is_named_and_recover_does_not_take_it(recorded, problems, cli):
    other = studies.record_pattern(recorded.study, "s02")
    shutil.copy(other.folder / "depth.mcap", recorded.session.folder / "depth.mcap")
    assert any("session.json says session s01, depth.mcap says s02" in p for p in problems())
    before = (recorded.session.folder / "session.json").read_bytes()
    done = cli(recorded.study, "session", "recover", "s01")
    assert done.code == DataError.exit_code
    assert (recorded.session.folder / "session.json").read_bytes() == before


def test_a_folder_that_was_renamed_is_named_and_known_by_its_new_name(recorded, cli):
    recorded.session.folder.rename(recorded.study.sessions_folder / "s99")
    assert cli(recorded.study, "session", "ls").out.splitlines()[2].startswith("s99 ")
    assert cli(recorded.study, "status").out.splitlines()[2].startswith("s99 ")
    done = cli(recorded.study, "session", "verify", "s99")
    assert done.code == DataError.exit_code
    assert "its folder is called s99, session.json says s01" in done.err


@pytest.mark.parametrize("at", [0, 9, 60, 3000, -3000, -30, -9, -1])
def test_a_flipped_bit_in_a_stream_is_named_and_the_rest_can_be_rescued(
    recorded, problems, cli, at
):
    path = recorded.session.folder / "depth.mcap"
    whole = bytearray(path.read_bytes())
    damaged = bytes(whole[:at] + bytes([whole[at] ^ 4]) + (whole[at:][1:]))
    path.write_bytes(damaged)
    assert all(problem.startswith("depth: ") for problem in problems())
    recovered = cli(recorded.study, "session", "recover", "s01")
    assert recovered.code == 0, recovered.err
    assert cli(recorded.study, "session", "verify", "s01").code == 0
    stream = find(recorded.study, "s01").manifest.streams[Modality.DEPTH]
    assert stream.frames + sum(stream.dropped.values()) == 10
    assert stream.frames >= 9
    kept = [p for p in recorded.session.folder.iterdir() if DAMAGED in p.name]
    assert all(p.read_bytes() == damaged for p in kept)


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9, 0.999])
def test_a_stream_that_was_cut_off_anywhere_can_be_rescued(recorded, problems, cli, share):
    path = recorded.session.folder / "thermal.mcap"
    os.truncate(path, int(path.stat().st_size * share))
    assert problems()
    assert cli(recorded.study, "session", "recover", "s01").code == 0
    assert cli(recorded.study, "session", "verify", "s01").code == 0
    session = find(recorded.study, "s01")
    assert session.manifest.state is State.RECOVERED
    frames = session.manifest.streams[Modality.THERMAL].frames
    assert int(10 * share) - 1 <= frames <= 10


# Rescued


def test_a_whole_session_is_left_as_it_is(recorded, cli):
    before = (recorded.session.folder / "session.json").read_bytes()
    done = cli(recorded.study, "session", "recover", "s01")
    assert done.code == 0
    assert done.out.count("nothing to do") == 3
    assert (recorded.session.folder / "session.json").read_bytes() == before


def test_a_stream_that_is_gone_is_told_and_the_others_are_rescued(recorded, cli):
    folder = recorded.session.folder
    (folder / "color.mcap").unlink()
    os.truncate(folder / "depth.mcap", (folder / "depth.mcap").stat().st_size - 50)
    done = cli(recorded.study, "session", "recover", "s01")
    assert done.code == DataError.exit_code
    assert "color.mcap is gone" in done.err
    with StreamReader(folder / "depth.mcap") as reader:
        assert len(reader) == 10
    assert not (folder / "color.mcap").exists()


@pytest.mark.parametrize("after", [0, 1, 2, 5, 20])
def test_all_that_a_killed_program_had_stored_is_given_back(study, cli, after):
    with children.recording("s01", cwd=study.folder) as child:
        for _ in range(after):
            assert child.stdout.readline() == "stored\n"
        while not after and not (study.sessions_folder / "s01").is_dir():
            assert child.poll() is None  # it is killed as soon as there is a session
        child.kill()
        stored = after + child.stdout.read().count("stored\n")
    assert cli(study, "session", "ls").out.split()[-1] == "interrupted"
    recovered = cli(study, "session", "recover", "s01")
    assert recovered.code == 0, recovered.err
    assert cli(study, "session", "verify", "s01").code == 0
    session = find(study, "s01")
    assert session.manifest.state is State.RECOVERED
    streams = session.manifest.streams
    # One frame at most was stored and not yet told.
    assert stored <= sum(stream.frames for stream in streams.values()) <= stored + 1
    for modality, stream in streams.items():
        with StreamReader(session.stream_files(modality)[0]) as reader:
            numbers = [frame.stamp.number for frame in reader]
        assert numbers == [n for n in range(numbers[-1] + 1 if numbers else 0) if n not in _LOST]
        lost = len([n for n in _LOST if numbers and n < numbers[-1]])
        assert stream.dropped == ({LOST_BY_DEVICE: lost} if lost else {})
    again = cli(study, "session", "recover", "s01")
    assert again.out.count("nothing to do") == 3


def test_a_program_killed_before_its_files_were_there_leaves_an_empty_session(study, cli, recorded):
    shutil.copytree(recorded.session.folder, study.sessions_folder / "s01")
    session = Session(study.sessions_folder / "s01")
    edit(session, lambda tree: tree.update(state="recording"))
    edit(
        session,
        lambda tree: [
            p.update(fingerprint=None) for s in tree["streams"].values() for p in s["pieces"]
        ],
    )
    for modality in ("color", "depth", "thermal"):
        (session.folder / f"{modality}.mcap").unlink()
    (session.folder / "depth.mcap.partial").write_bytes(b"")
    assert cli(study, "session", "recover", "s01").code == 0
    assert cli(study, "session", "verify", "s01") == (
        0,
        "s01: 0 frames, all as they were recorded\n",
        "",
    )
    assert find(study, "s01").manifest.state is State.RECOVERED


def test_a_rescue_that_finds_the_recording_ended_well_keeps_all_it_says(study, cli):
    """The recorder was still at it when the session was looked up, and finished since."""
    studies.record_pattern(study, "s01", studies.pattern(drop_every=4))
    done = cli(study, "session", "recover", "s01")
    assert done.out.count("nothing to do") == 3
    manifest = find(study, "s01").manifest
    assert manifest.state is State.COMPLETE
    assert all(stream.dropped == {LOST_BY_DEVICE: 3} for stream in manifest.streams.values())


def test_what_a_killed_program_left_of_a_document_is_swept_away(recorded, cli):
    left = recorded.session.folder / ".session.json.0a1b2c3d.tmp"
    left.write_bytes(b"half a docum")
    assert cli(recorded.study, "session", "recover", "s01").code == 0
    assert not left.exists()
