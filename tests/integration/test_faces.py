"""The faces of a simulated session, held against its truth; and what happens when it is no such."""

import csv
import io
import json
import shutil

import faced
import msgspec
import numpy as np
import pytest
import rigged
import studies
import zarr

from capture.sim.scenario import Person
from taver.core import receipt
from taver.core.errors import ConsentError, DataError, InputError, NotFoundError
from taver.core.frames import Modality
from taver.core.receipt import Stage
from taver.core.session.folder import find
from taver.faces import again, follow, options, pipeline, schema, store
from taver.faces.kit import kit
from taver.faces.options import Options
from taver.faces.seen import film
from taver.faces.state import State

HAND_S, AWAY_S, SECONDS = (1.6, 3.4), (4.4, 7.8), 9.2
INNER = slice(17, 68)


@pytest.fixture(scope="module")
def the_kit():
    return kit(Options())


@pytest.fixture(scope="module")
def made(tmp_path_factory, the_kit):
    """A study whose one session has its faces found; nobody may change it."""
    person = Person(identity=12, aside_mm=60.0, hand=(HAND_S,), away=(AWAY_S,))
    study = faced.study_of(tmp_path_factory.mktemp("faces"), person, seconds=SECONDS)
    pipeline.make(study, "s01", Options(), the_kit)
    return study


@pytest.fixture(scope="module")
def rows(made):
    group = store.open_faces(find(made, "s01"))
    return {name: group[name][:] for name in schema.SCHEMA}


@pytest.fixture(scope="module")
def truth(made):
    return faced.truth(made)


@pytest.fixture
def copy(made, tmp_path):
    return studies.copied(made, tmp_path)


@pytest.fixture
def short(made, tmp_path):
    """The first dozen frames, not looked through yet."""
    study = studies.copied(made, tmp_path)
    folder = find(study, "s01").folder
    shutil.rmtree(folder / schema.FILE)
    shutil.rmtree(folder / "stages")
    faced.repainted(study, lambda pixels: pixels, frames=12)
    return study


def attributes(study):
    return dict(store.open_faces(find(study, "s01")).attrs)


def test_there_is_one_row_for_each_frame_and_it_contradicts_nothing(made, rows, truth):
    assert np.array_equal(rows["number"], truth["number"])
    assert schema.problems(zarr.open_group(find(made, "s01").folder / schema.FILE, mode="r")) == []
    lost = rows["state"] == State.LOST
    assert np.isnan(rows["landmarks"][lost]).all()
    assert np.isfinite(rows["landmarks"][~lost]).all()
    assert (rows["confidence"][lost] == 0).all()


def test_a_face_that_is_to_be_seen_is_found_where_it_is(rows, truth):
    seen = truth["present"] & (truth["visible"][:, INNER].mean(axis=1) > 0.98)
    assert (rows["state"][seen] > 0).mean() > 0.98
    good = seen & (rows["state"] > 0)
    off = np.linalg.norm(rows["landmarks"] - truth["landmarks_px"], axis=-1)[good][:, INNER]
    assert off.mean() < 2.5
    assert rows["confidence"][good].mean() > 0.8


def test_a_face_that_is_covered_or_gone_is_not_made_up(rows, truth):
    gone = ~truth["present"] | (truth["visible"][:, INNER].mean(axis=1) < 0.5)
    assert gone.sum() > 20
    assert (rows["state"][gone] == State.LOST).mean() > 0.9


def test_the_points_are_carried_to_depth_and_heat(made, rows):
    group = zarr.open_group(find(made, "s01").folder / "truth.zarr", mode="r")
    good = (rows["state"] == State.TRACKED) & (rows["confidence"] > 0.8)
    for name, most_px in (("depth", 1.0), ("thermal", 2.2)):
        true = group[name]["landmarks_px"][:][rows[f"{name}_frame"]]
        seen = rows[f"{name}_visible"] & good[:, None]
        seen[:, :17] = False
        off = np.linalg.norm(rows[f"{name}_landmarks"] - true, axis=-1)[seen]
        assert seen[good][:, INNER].mean() > 0.9
        assert off.mean() < most_px
        assert (rows[f"{name}_sigma_px"][seen] > 0).all()


def test_the_head_turns_as_it_turned(made, rows):
    group = zarr.open_group(find(made, "s01").folder / "truth.zarr", mode="r")["color"]
    turn = group["head_rotation"][:]
    yaw = np.degrees(np.arctan2(turn[:, 0, 2], turn[:, 2, 2]))
    good = (rows["confidence"] > 0.85) & np.isfinite(yaw)
    assert np.abs(rows["yaw_deg"] - yaw)[good].mean() < 2.0


def test_temperatures_are_a_table_of_people(made, rows):
    text = (find(made, "s01").folder / schema.TABLE_FILE).read_text(encoding="utf-8")
    table = list(csv.DictReader(io.StringIO(text)))
    assert len(table) == len(rows["number"])
    noses = [float(row["nose_tip_k"]) for row in table if row["nose_tip_k"]]
    assert len(noses) > 40
    assert all(295 < nose < 312 for nose in noses)
    lost = [row for row in table if row["state"] == "lost"]
    assert lost
    assert all(not row["forehead_k"] for row in lost)
    assert {row["simulated"] for row in table} == {"True"}


def test_what_it_was_made_of_is_told(made):
    told = attributes(made)
    assert told["simulated"] is True
    assert "not for commercial" in told["models"]["landmarks"]["licence"]
    assert len(told["models"]["landmarks"]["sha256"]) == 64
    assert told["settings"]["alignment"] == "rigid"
    assert "rig.json" in told["inputs"]


def test_nothing_is_done_twice_until_something_changes(copy, the_kit):
    assert pipeline.make(copy, "s01", Options(), the_kit).skipped
    assert receipt.progressed(copy, find(copy, "s01"), Stage.FACES).stale_because is None
    rigged.calibrated().write(copy.rig_file)  # the same bytes
    assert pipeline.make(copy, "s01", Options(), the_kit).skipped
    rig = json.loads(copy.rig_file.read_text())
    copy.rig_file.write_text(json.dumps(rig | {"made": "2026-11-21"}))
    assert "rig.json" in receipt.progressed(copy, find(copy, "s01"), Stage.FACES).stale_because


class BegunError(Exception):
    """Raised where faces are looked for that are there already."""


@pytest.fixture
def never_again(monkeypatch):
    """Stop what begins."""

    def begun(*_):
        raise BegunError

    monkeypatch.setattr(pipeline, "look_through", begun)


def rewrite(study, told=lambda _: None, noted=lambda _: None):
    """Change what faces.zarr says of itself, and what its receipt does."""
    session = find(study, "s01")
    for path, change in (
        (session.folder / schema.FILE / "zarr.json", lambda tree: told(tree["attributes"])),
        (receipt.path_of(session, Stage.FACES), noted),
    ):
        tree = json.loads(path.read_text())
        change(tree)
        path.write_text(json.dumps(tree))
    return session


def of_another_model(tree):
    tree["settings"]["models"]["landmarks"] = "0" * 64


def of_ones_own(tree):
    of_another_model(tree)
    tree["models"]["landmarks"] |= {"file": "mine.dat", "own": True}


def of_other_points(tree):
    tree["settings"]["alignment"] = "eyes"


@pytest.mark.usefixtures("never_again")
def test_faces_beside_the_receipt_of_another_run_are_not_taken_for_its_own(copy, the_kit):
    assert pipeline.make(copy, "s01", Options(), the_kit).skipped
    rewrite(copy, told=of_other_points)  # as left by a run that was killed before its receipt
    with pytest.raises(BegunError):
        pipeline.make(copy, "s01", Options(), the_kit)
    assert not again.current(copy, find(copy, "s01"))


@pytest.mark.usefixtures("never_again")
@pytest.mark.parametrize("gone", ["faces.csv", "faces.html"])
def test_what_was_deleted_of_it_is_made_again(copy, the_kit, gone):
    (find(copy, "s01").folder / gone).unlink()
    with pytest.raises(BegunError):
        pipeline.make(copy, "s01", Options(), the_kit)


def test_faces_are_current_until_a_run_would_find_others(copy, monkeypatch):
    assert again.current(copy, find(copy, "s01"))
    monkeypatch.setattr(options, "ENGINE", options.ENGINE + 1)
    assert not again.current(copy, find(copy, "s01"))


def test_faces_of_another_model_are_not_current_but_for_one_of_ones_own(copy):
    session = rewrite(copy, told=of_another_model, noted=of_another_model)
    assert not again.current(copy, session)
    assert again.options_of(session) == Options()
    rewrite(copy, told=of_ones_own)
    assert again.current(copy, session)


def test_faces_from_before_the_calibration_are_not_current(copy):
    def without_rig(tree):
        tree["inputs"] = {
            name: mark for name, mark in tree["inputs"].items() if "rig" not in name
        }  # fmt: skip

    session = rewrite(copy, told=without_rig, noted=without_rig)
    assert receipt.progressed(copy, session, Stage.FACES).stale_because is None
    assert not again.current(copy, session)


def test_faces_of_a_model_of_ones_own_are_never_found_again_with_another(copy):
    session = rewrite(copy, told=of_ones_own, noted=of_another_model)
    with pytest.raises(DataError, match="landmark model of your own") as caught:
        again.options_of(session)
    assert "taver faces --session s01 --shape-predictor" in caught.value.fix


def test_how_faces_were_looked_for_is_known_when_they_cannot_be_read_any_more(copy):
    session = rewrite(copy, noted=of_other_points)
    (session.folder / schema.FILE / "zarr.json").write_bytes(b"{")
    assert again.options_of(session) == Options(alignment="eyes")
    noted = receipt.path_of(session, Stage.FACES)
    tree = json.loads(noted.read_text())
    of_another_model(tree)
    noted.write_text(json.dumps(tree))
    with pytest.raises(DataError, match="of your own"):
        again.options_of(session)
    noted.unlink()
    with pytest.raises(DataError, match="cannot be read") as caught:
        again.options_of(session)
    assert "--again" in caught.value.fix


def test_a_run_that_was_stopped_goes_on_and_finds_the_same(short, the_kit, monkeypatch):
    monkeypatch.setattr(follow, "BLOCK", 5)

    class Stop:
        def __init__(self):
            self.left = 7

        def begin(self, title, total):
            pass

        def advance(self, steps=1):
            self.left -= steps
            if self.left < 0:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        pipeline.make(short, "s01", Options(), the_kit, progress=Stop())
    folder = find(short, "s01").folder
    assert not (folder / schema.FILE).exists()
    assert len(list((folder / ".faces.partial").glob("*/*.npz"))) == 1

    done = []
    block = follow._block

    def counted(streams, tracker, first, end, progress):
        done.append(first)
        return block(streams, tracker, first, end, progress)

    monkeypatch.setattr(follow, "_block", counted)
    pipeline.make(short, "s01", Options(), the_kit)
    assert done == [5, 10]  # the first five frames were there already
    one = store.open_faces(find(short, "s01"))["landmarks"][:]
    assert not (folder / ".faces.partial").exists()
    pipeline.make(short, "s01", Options(), the_kit, again=True)
    assert np.array_equal(store.open_faces(find(short, "s01"))["landmarks"][:], one)


def test_a_rig_that_fits_is_not_doubted(made):
    assert attributes(made)["notes"] == []


def test_what_was_changed_outside_is_found_out(copy):
    folder = find(copy, "s01").folder / schema.FILE
    root = zarr.open_group(folder, mode="r+")
    state = root["state"]
    state[0] = 9
    with pytest.raises(DataError) as caught:
        store.open_faces(find(copy, "s01"))
    assert any("state has values above 3" in problem for problem in caught.value.problems)


@pytest.mark.parametrize("part", ["state/c/0", "state/zarr.json", "zarr.json"])
def test_a_damaged_file_of_it_is_found_out(copy, part):
    session = find(copy, "s01")
    (session.folder / schema.FILE / part).write_bytes(b"\x93 not what was here")
    with pytest.raises(DataError, match=r"faces\.zarr"):
        store.open_faces(session)


def test_an_array_that_is_missing_is_named(copy):
    folder = find(copy, "s01").folder / schema.FILE
    shutil.rmtree(folder / "landmarks")
    with pytest.raises(DataError) as caught:
        store.open_faces(find(copy, "s01"))
    assert "landmarks is not there" in caught.value.problems


def test_the_command_tells_what_came_of_it(cli, short):
    done = cli(short, "faces", "--session", "s01")
    assert done.code == 0, done.err
    assert "s01: 12 frames" in done.out
    again = cli(short, "faces", "--session", "s01")
    assert "unchanged" in again.out
    status = cli(short, "status")
    assert "stale" in status.out


def test_the_page_shows_states_temperatures_and_the_frames_it_is_least_sure_of(made):
    text = (find(made, "s01").folder / "faces.html").read_text(encoding="utf-8")
    assert "SIMULATED" in text
    assert "nose tip" in text
    assert "<polyline" in text
    assert 10 <= text.count("data:image/jpeg") <= 20
    assert "not for commercial products" in text


def test_without_leave_to_show_pictures_there_is_a_page_without(short, the_kit):
    session = find(short, "s01")
    studies.add_person(short, "P01", studies.form(pictures=False))
    session.save(msgspec.structs.replace(session.manifest, participant="P01"))
    pipeline.make(short, "s01", Options(), the_kit)
    text = (session.folder / "faces.html").read_text(encoding="utf-8")
    assert "data:image" not in text
    assert "No pictures" in text
    with pytest.raises(ConsentError, match="pictures"):
        film.write(short, session, short.folder / "film.webm")
    assert not (short.folder / "film.webm").exists()


def test_the_film_has_every_frame_and_can_be_played(cli, short):
    import av

    done = cli(short, "faces", "--session", "s01", "--overlay", "seen.webm")
    assert done.code == 0, done.err
    with av.open(str(short.folder / "seen.webm")) as played:
        pictures = [frame.to_ndarray(format="rgb24") for frame in played.decode(video=0)]
    assert len(pictures) == 12
    high, wide, _ = pictures[0].shape
    assert wide > 3 * high
    face = faced.truth(short)["landmarks_px"][0].mean(axis=0) / (1920, 1080)
    x, y = round(face[0] * 640), 28 + round(face[1] * 360)
    assert pictures[0][y - 10 : y + 10, x - 10 : x + 10].max() > 150


@pytest.mark.parametrize(
    "arguments",
    [
        ("--session", "s01", "--overlay", "seen.mp4"),
        ("--session", "s01", "--overlay", "no/such/film.webm"),
    ],
)
def test_a_film_that_cannot_be_written_is_refused_first(refused, made, arguments):
    assert refused(InputError, made, "faces", *arguments)


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("--session", "s01", "--all"),
        ("--session", "s01", "--gap", "99"),
        ("--session", "s01", "--thermal-box", "1,2,3"),
        ("--session", "s01", "--jobs", "0"),
    ],
)
def test_what_cannot_be_asked_is_refused(refused, made, arguments):
    assert refused(InputError, made, "faces", *arguments)


def test_a_model_that_is_none_is_refused(refused, made, tmp_path):
    file = tmp_path / "not a model.dat"
    file.write_bytes(b"\0" * 1000)
    assert "no shape predictor" in refused(
        DataError, made, "faces", "--session", "s01", "--shape-predictor", str(file)
    )
    gone = str(file) + "x"
    assert gone in refused(
        NotFoundError, made, "faces", "--session", "s01", "--shape-predictor", gone
    )


def test_somebody_else_in_the_chair_is_not_the_participant(tmp_path, the_kit):
    first = Person(identity=12, away=((2.6, 9.0),))
    second = Person(identity=4, away=((0.0, 5.0), (6.6, 10.6)))
    study = faced.study_of(
        tmp_path, first, second, seconds=10.6, modalities=(Modality.COLOR,), rate_hz=5.0
    )
    pipeline.make(study, "s01", Options(), the_kit)
    session = find(study, "s01")
    group = store.open_faces(session)
    state, flaws = group["state"][:], group["flaws"][:]
    seen_s = np.arange(len(state)) / 5
    other = (seen_s > 5.2) & (seen_s < 6.5)
    assert (state[other] == State.LOST).all()
    assert (flaws[other] & schema.Flaw.OTHER_PERSON).any()
    back = (seen_s > 9.3) & (seen_s < 10.1)
    assert (state[back] > 0).all()
    assert store.open_faces(session).attrs["others"]
