"""What is told of the faces that were found: by the command, in a table, on a page, in a film."""

import csv
import io

import faced
import msgspec
import pytest
import studies

from taver.core.errors import ConsentError
from taver.core.session.folder import find
from taver.faces import pipeline, schema, store
from taver.faces.options import Options
from taver.faces.seen import film


@pytest.fixture
def attributes(made):
    return dict(store.open_faces(find(made, "s01")).attrs)


def test_what_it_was_made_of_is_told(attributes):
    assert attributes["simulated"] is True
    assert "not for commercial" in attributes["models"]["landmarks"]["licence"]
    assert len(attributes["models"]["landmarks"]["sha256"]) == 64
    assert attributes["settings"]["alignment"] == "rigid"
    assert "rig.json" in attributes["inputs"]


def test_a_rig_that_fits_is_not_doubted(attributes):
    assert attributes["notes"] == []


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


def test_the_command_tells_what_came_of_it(cli, short):
    done = cli(short, "faces", "--session", "s01")
    assert done.code == 0, done.err
    assert "s01: 12 frames" in done.out
    again = cli(short, "faces", "--session", "s01")
    assert "unchanged" in again.out
    status = cli(short, "status")
    assert "stale" in status.out


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
