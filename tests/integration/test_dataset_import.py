"""Corpora of others become the same dataset: faces cut out, labels on the slots they are of."""

from __future__ import annotations

import json

import cv2
import faced
import numpy as np
import pytest
import studies

import taver.dataset
from taver.core.codec import decode
from taver.core.errors import AlreadyThereError, ConfigError, DataError, InputError, NotFoundError
from taver.core.frames import Modality
from taver.core.session.folder import find
from taver.core.session.footage import Footage
from taver.dataset.about.verify import has_digests, verify
from taver.dataset.importing import labels, layouts
from taver.dataset.importing.faces import on_grid
from taver.dataset.importing.films import Frame
from taver.dataset.importing.run import run

SECONDS = 2.0
FRAMES = 20


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    """Pictures of one simulated person at ten a second, and where their points truly are."""
    study = faced.study_of(
        tmp_path_factory.mktemp("import"), seconds=SECONDS, calibrated=False,
        modalities=(Modality.COLOR,),
    )  # fmt: skip
    with Footage(find(study, "s01"), Modality.COLOR) as color:
        header = color.header
        stored = [color.read(number).data for number in range(FRAMES)]
        shown = [decode(Modality.COLOR, d, header.height_px, header.width_px) for d in stored]
    points = faced.truth(study)["landmarks_px"][:FRAMES]
    left, top = np.maximum(points.mean(axis=(0, 1)).astype(int) - (320, 240), 0)
    part = [pixels[top : top + 480, left : left + 640] for pixels in shown]
    return part, points - (left, top)


@pytest.fixture(scope="module")
def film(pictures, tmp_path_factory):
    """The same as a film of 20 pictures a second, each shown twice."""
    path = tmp_path_factory.mktemp("film") / "film.avi"
    high, wide = pictures[0][0].shape[:2]
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 20.0, (wide, high))
    for pixels in pictures[0]:
        for _ in range(2):
            writer.write(pixels[..., ::-1])
    writer.release()
    return path.read_bytes()


@pytest.fixture
def corpus(tmp_path):
    folder = tmp_path / studies.STRANGE_NAME
    folder.mkdir()
    return folder


def put(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(text, bytes):
        path.write_bytes(text)
    else:
        path.write_text(text, "utf-8")


def rows(times, *columns):
    return "".join(
        ",".join([f"{time:.2f}", *(f"{column(time):.3f}" for column in columns)]) + "\n"
        for time in times
    )


def test_a_film_with_a_table_beside_it_becomes_a_recording(corpus, film, cli, tmp_path):
    study = studies.make_study(tmp_path / "study")
    put(corpus / "Zoë 1.avi", film)
    put(corpus / "other.avi", film)
    table = "time,arousal,valence\n" + rows(np.arange(0, 1.5, 0.1), np.sin, np.cos)
    put(corpus / "Zoë 1.csv", table)
    put(corpus / "people.csv", "recording,participant\nZoë 1,P07\n")
    out = tmp_path / "data.zarr"
    done = cli(study, "dataset", "import", str(corpus), "--out", str(out), "--size", "48")
    assert done.code == 0, done.err
    assert "other: left out, there are no labels" in done.err
    assert "no valence in 5 of 20 slots" in done.err
    data = taver.dataset.open(out)
    (recording,) = data.recordings.values()
    assert (recording.name, recording.participant) == ("Zo--1", "P07")
    assert data.modalities == (Modality.COLOR,)
    assert recording.slots == 20
    assert recording.column("color_valid").mean() >= 0.9
    assert np.allclose(recording.column("valence")[:15], np.cos(np.arange(15) / 10), atol=1e-3)
    assert np.isnan(recording.column("valence")[15:]).all()
    points = recording.column("landmarks")[recording.column("face") > 0]
    assert points.std(axis=0)[36:48].max() < 1.0, "the eyes do not stand still"
    assert recording.pictures("color", [5]).std() > 10
    assert verify(data) == []
    assert has_digests(data)


def test_clips_as_afew_va_has_them_need_no_detector(corpus, pictures, tmp_path):
    shown, points = pictures
    frames = {}
    for number, pixels in enumerate(shown[:10]):
        put(
            corpus / "007" / f"{number:05d}.png",
            cv2.imencode(".png", pixels[..., ::-1])[1].tobytes(),
        )
        frames[f"{number:05d}"] = {
            "valence": float(number), "arousal": -10.0, "landmarks": points[number].tolist(),
        }  # fmt: skip
    put(corpus / "007" / "007.json", json.dumps({"video_id": "007", "frames": frames}))
    made = run(corpus, tmp_path / "a.zarr", layout="afew-va", size_px=48, frames_hz=10)
    recording = taver.dataset.open(made.path).recordings["007"]
    assert (recording.column("face") == 3).all()
    assert recording.column("color_valid").all()
    assert np.allclose(recording.column("valence"), np.arange(10) / 10, atol=1e-6)
    assert np.allclose(recording.column("arousal"), -1.0)


def test_tables_as_recola_has_them_keep_every_rater(corpus, film, tmp_path):
    put(corpus / "recordings_video" / "P16.avi", film)
    times = np.arange(0, 2, 0.04)
    for name, shift in (("arousal", 0.1), ("valence", -0.1)):
        told = "".join(f"{time:.2f};0.5;{0.5 + shift:.2f}\n" for time in times)
        put(corpus / "ratings" / name / "P16.csv", f"time;FM1;FF2\n{told}")
    made = run(corpus, tmp_path / "r.zarr", layout="recola", size_px=32)
    recording = taver.dataset.open(made.path).recordings["P16"]
    assert recording.raters == ("ff2", "fm1")
    assert np.allclose(recording.column("arousal"), 0.55)
    assert np.allclose(recording.column("valence_raters"), [0.4, 0.5])


def test_tables_as_sewa_has_them_are_found_by_name(corpus, film, tmp_path):
    put(corpus / "videos" / "Train_DE_01.avi", film)
    told = "".join(f"'Train_DE_01';{n / 10:.1f};0.2;-0.3;0.0\n" for n in range(40))
    put(corpus / "labels" / "Train_DE_01.csv", f"name;timestamp;arousal;valence;liking\n{told}")
    made = run(corpus, tmp_path / "s.zarr", layout="sewa", size_px=32)
    recording = taver.dataset.open(made.path).recordings["Train_DE_01"]
    assert np.allclose(recording.column("valence"), -0.3)
    assert any("behind the film's end" in note for note in made.notes)


@pytest.mark.parametrize(
    ("table", "told"),
    [("time,joy\n0,1\n", "neither arousal nor valence"), ("arousal,valence\n0,1\n", "times"),
     ("time,valence\n0,x\n", "line 2: 'x'"), ("time,valence\n0,0\n0,0\n", "line 3: time goes"),
     ("time,valence\n0,7\n", "valence is 7"), ("time,valence\n", "no labels"),
     ("time,valence\n0,1,2\n", "line 2 has 3 cells"), ("time,valence\n,1\n", "line 2 has no time"),
     ("time,valence\n\n0,inf\n", "line 3: 'inf'"), ("time,valence,valence\n0,0,1\n", "several col"),
     ('time,valence\n0,"' + 140_000 * "1", "field larger")],
)  # fmt: skip
def test_labels_that_cannot_be_used_are_told_with_their_line(corpus, film, table, told, tmp_path):
    put(corpus / "a.avi", b"")
    put(corpus / "a.csv", table)
    with pytest.raises(DataError) as caught:
        run(corpus, tmp_path / "x.zarr", layout="csv")
    assert told in "\n".join([caught.value.what, *caught.value.problems])
    assert list(tmp_path.iterdir()) == [corpus]


def test_a_mark_at_the_end_of_lines_is_no_rater(corpus):
    put(corpus / "a.csv", "time;FM1;FF2;\n0;0.1;0.2;\n\n1;0.3;;\n")
    told = labels.of_tables({"arousal": corpus / "a.csv"}, 25)
    assert told.raters == ("ff2", "fm1")
    assert np.array_equal(told.values["arousal"], [[0.2, 0.1], [np.nan, 0.3]], equal_nan=True)


def test_films_whose_names_do_not_fit_stay_apart_and_that_is_told(corpus):
    for name in ("김", "이", "Zoë", "Zoé", "a b"):
        put(corpus / f"{name}.avi", b"")
        put(corpus / f"{name}.csv", "time,valence\n0,0\n")
    # As macOS writes it, and what it leaves in archives.
    put(corpus / "people.csv", "recording,participant\nZoe\u0308,Ana\n김,Ana\n")
    put(corpus / "._a b.avi", b"")
    put(corpus / "__MACOSX" / "a b.avi", b"")
    found = layouts.find(corpus, "csv")
    names = [one.name for one in found]
    assert len(set(names)) == 5
    assert all(name.isascii() for name in names)
    assert "a-b" in names
    assert len({one.participant for one in found}) == 4
    told = "\n".join(note for one in found for note in one.told)
    assert "film '김' is called film-" in told
    assert "person '이' is called" in told


def test_the_table_of_labels_is_told_from_those_of_features(corpus):
    put(corpus / "videos" / "Train_DE_01.avi", b"")
    put(corpus / "labels" / "Train_DE_01.csv", "name;timestamp;arousal;valence\n'x';0.0;0.1;0.2\n")
    put(corpus / "video_features" / "Train_DE_01.csv", "name;frameTime;AU1\n'x';0.0;1.0\n")
    (one,) = layouts.find(corpus, "sewa")
    assert one.labels.values["valence"] == [[0.2]]
    put(corpus / "old" / "Train_DE_01.csv", "timestamp;arousal\n0.0;0.5\n")
    with pytest.raises(DataError, match="Several tables") as caught:
        layouts.find(corpus, "sewa")
    assert len(caught.value.problems) == 2
    for place in ("gold", "individual"):
        put(corpus / place / "arousal" / "Train_DE_01.csv", "time,a\n0,0\n")
    with pytest.raises(DataError, match="Several tables"):
        layouts.find(corpus, "recola")


@pytest.mark.parametrize(
    ("frame", "told"),
    [({"valence": "3"}, "valence is '3'"), ({"landmarks": [[1, 2], [3]]}, "68 pairs"),
     ({"landmarks": [["a", "b"]] * 68}, "68 pairs")],
)  # fmt: skip
def test_frames_of_afew_va_that_cannot_be_used_are_told(corpus, frame, told):
    put(corpus / "1" / "00000.png", b"")
    put(corpus / "1" / "1.json", json.dumps({"frames": {"00000": frame}}))
    with pytest.raises(DataError, match=r"1\.json, frame 0") as caught:
        layouts.find(corpus, "afew-va")
    assert told in str(caught.value)


def test_frames_of_afew_va_without_a_face_are_looked_at_by_the_detector(corpus):
    put(corpus / "1" / "00000.png", b"")
    frames = {"00000": {"landmarks": [[0, 0]] * 68}, "00001": {"landmarks": [], "valence": None}}
    put(corpus / "1" / "1.json", json.dumps({"frames": frames}))
    (one,) = layouts.find(corpus, "afew-va")
    assert one.points == {}


def test_films_that_cannot_be_read_leave_nothing_behind(corpus, film, tmp_path):
    put(corpus / "a.avi", film)
    put(corpus / "b.avi", b"no film")
    for name in "ab":
        put(corpus / f"{name}.csv", "time,valence\n0,0\n1,0\n")
    with pytest.raises(DataError, match=r"b\.avi cannot be read as a video"):
        run(corpus, tmp_path / "x.zarr", layout="csv", size_px=32)
    assert list(tmp_path.iterdir()) == [corpus]


def test_what_is_there_is_not_overwritten_and_what_is_not_is_told(corpus, tmp_path):
    (tmp_path / "x.zarr").mkdir()
    with pytest.raises(AlreadyThereError):
        run(corpus, tmp_path / "x.zarr", layout="csv")
    for folder, layout in ((corpus, "csv"), (corpus, "afew-va"), (tmp_path / "no", "csv")):
        with pytest.raises(NotFoundError):
            run(folder, tmp_path / "y.zarr", layout=layout)
    with pytest.raises(InputError, match="layout"):
        run(corpus, tmp_path / "y.zarr", layout="iemocap")
    put(corpus / "a.avi", b"")
    put(corpus / "people.csv", "recording,participant\nb,P01\n")
    with pytest.raises(DataError, match="not there: b"):
        run(corpus, tmp_path / "y.zarr", layout="csv")
    put(corpus / "people.csv", "recording,participant\na,P01\n")
    with pytest.raises(DataError, match="None of 1 films has labels"):
        run(corpus, tmp_path / "y.zarr", layout="csv")


@pytest.mark.parametrize("film_hz", [5.0, 10.0, 12.5, 24.0, 25.0, 29.97, 60.0])
def test_each_slot_gets_the_picture_nearest_in_time_or_none(film_hz):
    times = np.rint(np.arange(round(4 * film_hz)) * 1e9 / film_hz).astype(np.int64)

    class Moments:
        path = None

        def frames(self):
            nothing = np.empty((1, 1, 3), np.uint8)
            return (Frame(number, int(at), nothing) for number, at in enumerate(times))

    got = {slot: frame.time_ns for slot, frame in on_grid(Moments(), 10)}
    for slot in range(int(times[-1] / 1e8) + 1):
        apart = np.abs(times - slot * 10**8)
        if apart.min() > 5 * 10**7:
            assert slot not in got
        else:
            assert abs(got[slot] - slot * 10**8) == apart.min()


def test_people_are_divided_as_a_config_asks(corpus, pictures, cli, refused, tmp_path):
    study = studies.make_study(tmp_path / "study")
    shown, points = pictures
    for name in ("1", "2", "3"):
        png = cv2.imencode(".png", shown[0][..., ::-1])[1].tobytes()
        put(corpus / name / "00000.png", png)
        frame = {"valence": 1.0, "arousal": 2.0, "landmarks": points[0].tolist()}
        put(corpus / name / f"{name}.json", json.dumps({"frames": {"00000": frame}}))
    asked = study.folder / "build.toml"
    words = ("dataset", "import", str(corpus), "--layout", "afew-va", "--size", "32")
    words = (*words, "--out", "x.zarr", "--config", "build.toml")
    asked.write_text("[split]\nfolds = 4\n")
    assert "3 people cannot be divided into 4" in refused(DataError, study, *words)
    asked.write_text("size_px = 48\n")
    assert "[split]" in refused(ConfigError, study, *words)
    asked.write_text("[split]\nfolds = 3\nleave_one_out = true\n")
    done = cli(study, *words)
    assert done.code == 0, done.err
    splits = taver.dataset.open(study.folder / "x.zarr").splits
    assert sorted(splits) == ["default", *(f"fold-{n}" for n in "123"),
                              *(f"without-{n}" for n in "123")]  # fmt: skip


def test_every_layout_is_offered_by_the_command():
    from taver.cli.dataset import import_

    (layout,) = [option for option in import_.params if option.name == "layout"]
    assert list(layout.type.choices) == list(layouts.LAYOUTS)
