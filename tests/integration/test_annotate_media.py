"""Films for annotators, made of real recordings and taken apart again, picture by picture."""

import os
import shutil
import zipfile

import av
import filmed
import msgspec
import numpy as np
import pytest
import sqlalchemy as sa
import studies

from annotate_web.db.open import open_database
from annotate_web.db.tables import clips
from annotate_web.events.tracks import frame_times
from annotate_web.media import check, practice
from annotate_web.media.add import Boxes, Wanted, add
from annotate_web.media.reference import Reference
from annotate_web.media.slots import slots_of
from annotate_web.media.sound import heard
from annotate_web.media.window import centred
from taver.core.codec import decode
from taver.core.consent import Audience, Scope
from taver.core.errors import (
    AlreadyThereError,
    ConsentError,
    DataError,
    InputError,
    NotFoundError,
    StorageError,
)
from taver.core.frames import Modality
from taver.core.session.folder import find
from taver.core.session.footage import Footage

NOW = 1_790_000_000_000_000_000
# What is lost between the recorded JPEG and the film, on a simulated face; 41 to 42 dB measured.
LEAST_PSNR_DB = 38.0


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A study whose session has two seconds of a person who talks; nobody may change it."""
    return filmed.study_of(tmp_path_factory.mktemp("films"), seconds=2.2)


@pytest.fixture
def study(made, tmp_path):
    return studies.copied(made, tmp_path)


@pytest.fixture
def database(tmp_path):
    opened = open_database(f"sqlite:///{tmp_path / 'annotations.sqlite'}")
    yield opened
    opened.close()


def put(study, database, wanted=None, *, name="s01", **more):
    return add(
        study, find(study, name), database, study.clips_folder, wanted or Wanted(), now_ns=NOW,
        **more,
    )  # fmt: skip


def rows(database):
    with database.reading() as connection:
        return connection.execute(sa.select(clips).order_by(clips.c.id)).all()


def film(study, row):
    return av.open(str(study.clips_folder / row.media))


def pictures(study, row):
    """Return when each picture of the film is shown, in milliseconds, and its RGB pixels."""
    with film(study, row) as opened:
        return [
            (
                float(frame.pts * frame.time_base) * 1000,
                frame.reformat(
                    format="rgb24", src_colorspace="ITU709", src_color_range="MPEG",
                    dst_color_range="JPEG",
                ).to_ndarray(),
            )
            for frame in opened.decode(video=0)
        ]  # fmt: skip


def psnr_db(one, other):
    return 10 * np.log10(255**2 / np.mean((one.astype(float) - other.astype(float)) ** 2))


@pytest.fixture(scope="module")
def whole(made, tmp_path_factory):
    """The study with its whole session as one clip, and that clip; nobody may change it."""
    study = studies.copied(made, tmp_path_factory.mktemp("whole"))
    opened = open_database(f"sqlite:///{study.folder / 'annotations.sqlite'}")
    put(study, opened)
    (row,) = rows(opened)
    opened.close()
    return study, row


def test_every_picture_stands_at_its_time_and_looks_as_it_was_recorded(whole):
    study, row = whole
    shown = pictures(study, row)
    assert [at for at, _ in shown] == [100.0 * n for n in range(row.frames)]
    session = find(study, "s01")
    with Footage(session, Modality.COLOR) as color:
        assert np.array_equal(frame_times(row.frame_unix_ns), color.unix_ns)
        window = centred(1920, 1080)
        for number in range(0, row.frames, 7):
            recorded = decode(Modality.COLOR, color.read(number).data, 1080, 1920)
            assert psnr_db(shown[number][1], window.of(recorded)) > LEAST_PSNR_DB
    assert (row.width_px, row.height_px, row.frames) == (1408, 792, 22)
    assert (row.session, row.simulated, row.practice) == ("s01", True, False)
    assert row.from_unix_ns == color.unix_ns[0]
    assert row.until_unix_ns == color.unix_ns[-1] + 1
    assert check.wrong_with(study.clips_folder, row) == ""


def test_a_player_can_begin_at_every_second(whole):
    study, row = whole
    with film(study, row) as opened:
        packets = [p for p in opened.demux(video=0) if p.pts is not None]
        keys = [p.pts for p in packets if p.is_keyframe]
        assert keys == [0, 1000, 2000]
        assert len(packets) == row.frames  # one picture a packet: none is hidden
        stream = opened.streams.video[0]
        assert stream.codec_context.name == "vp9"
        assert (stream.codec_context.colorspace, stream.codec_context.color_range) == (1, 1)
    data = (study.clips_folder / row.media).read_bytes()
    cues, cluster = b"\x1c\x53\xbb\x6b", b"\x1f\x43\xb6\x75"
    assert data.index(cues) < data.index(cluster)  # where seconds begin is told first


def test_sound_is_where_it_was_heard(whole):
    study, row = whole
    assert row.sound
    with film(study, row) as opened:
        assert opened.streams.audio[0].codec_context.name in {"opus", "libopus"}
        blocks = [b.to_ndarray().reshape(-1) for b in opened.decode(audio=0)]
    played = np.concatenate(blocks)[::3]
    session = find(study, "s01")
    truth = heard(session, row.from_unix_ns, row.frames).samples[:, 0].astype(float)
    count = min(len(truth), len(played))
    assert abs(len(played) - len(truth)) < 800  # 50 ms
    spectra = np.fft.rfft(truth[:count], 2 * count).conj() * np.fft.rfft(played[:count], 2 * count)
    lag = int(np.argmax(np.fft.irfft(spectra)))
    assert min(lag, 2 * count - lag) <= 16  # a millisecond


def test_sound_without_consent_of_today_is_left_out_and_told(study, database):
    person = find(study, "s01").manifest.participant
    study.participants.sign(person, studies.form(scopes=[Scope.COLOR]))
    (added,) = put(study, database, Wanted(to_s=0.5))
    (row,) = rows(database)
    assert not row.sound
    with film(study, row) as opened:
        assert not opened.streams.audio
    assert any("sound: left out" in note for note in added.made.notes)


def test_without_consent_of_today_nothing_is_made(study, database):
    person = find(study, "s01").manifest.participant
    study.participants.withdraw(person, find(study, "s01").manifest.consent.signed_on)
    with pytest.raises(ConsentError, match="withdrew"):
        put(study, database)
    study.participants.sign(person, studies.form(scopes=[Scope.DEPTH], audience=Audience.PUBLIC))
    with pytest.raises(ConsentError, match="color"):
        put(study, database)
    assert not study.clips_folder.exists()
    assert rows(database) == []


def test_a_phase_is_split_and_no_picture_is_in_two_clips(study, database):
    added = put(study, database, Wanted(phase="interview", max_minutes=0.6 / 60))
    assert [one.name for one in added] == ["s01-interview-1", "s01-interview-2"]
    found = rows(database)
    times = np.concatenate([frame_times(row.frame_unix_ns) for row in found])
    assert (np.diff(times) > 0).all()
    assert [row.phase for row in found] == ["interview"] * 2
    assert [len(pictures(study, row)) for row in found] == [row.frames for row in found]
    put(study, database, Wanted(phase="relaxing", from_s=0.2, to_s=0.8))
    assert rows(database)[2].frames == 6


def test_what_was_added_already_is_refused_and_nothing_changes(study, database):
    put(study, database, Wanted(phase="interview"))
    before = {path.name: path.read_bytes() for path in study.clips_folder.iterdir()}
    for wanted in (Wanted(), Wanted(phase="interview"), Wanted(from_s=1.0, to_s=2.0)):
        with pytest.raises(AlreadyThereError, match="s01-interview has part of this stretch"):
            put(study, database, wanted)
    assert {path.name: path.read_bytes() for path in study.clips_folder.iterdir()} == before
    assert len(rows(database)) == 1


def test_two_who_add_the_same_at_once_get_one_clip_and_one_refusal(study, database, monkeypatch):
    from annotate_web.media import add as module

    real = module.make

    def meanwhile(*args, **more):
        made = real(*args, **more)
        monkeypatch.setattr(module, "make", real)
        put(study, database, Wanted(to_s=0.5))
        return made

    monkeypatch.setattr(module, "make", meanwhile)
    with pytest.raises(AlreadyThereError):
        put(study, database, Wanted(to_s=0.5))
    (row,) = rows(database)
    assert [path.name for path in study.clips_folder.iterdir()] == [row.media]
    assert check.wrong_with(study.clips_folder, row) == ""


def test_lost_pictures_hold_the_one_before(study, database):
    session = find(study, "s01")
    with Footage(session, Modality.COLOR) as color:
        times = np.delete(color.unix_ns, [10, 11, 12])
    slots = slots_of(times, int(times[0]), int(times[-1]) + 1)
    assert len(slots) == 22
    assert slots.held.sum() == 3


def test_a_damaged_picture_holds_the_one_before_and_is_told(study, database):
    session = find(study, "s01")
    (file,) = session.stream_files(Modality.COLOR)
    with Footage(session, Modality.COLOR) as color:
        data = bytes(color.read(5).data)
    whole = file.read_bytes()
    at = whole.index(data)
    broken = bytearray(whole)
    broken[at : at + len(data)] = bytes(len(data))
    file.write_bytes(broken)
    (added,) = put(study, database, Wanted(to_s=0.8))
    assert any("1 damaged pictures" in note for note in added.made.notes)
    (row,) = rows(database)
    shown = pictures(study, row)
    assert len(shown) == 8
    assert psnr_db(shown[5][1], shown[4][1]) > LEAST_PSNR_DB


def test_if_no_picture_can_be_read_nothing_is_left_behind(study, database):
    session = find(study, "s01")
    (file,) = session.stream_files(Modality.COLOR)
    broken = bytearray(file.read_bytes())
    with Footage(session, Modality.COLOR) as color:
        datas = [bytes(one.data) for one in color]
    for data in datas:
        at = bytes(broken).index(data)
        broken[at : at + len(data)] = bytes(len(data))
    file.write_bytes(broken)
    with pytest.raises(DataError, match="No picture of this stretch"):
        put(study, database)
    assert list(study.clips_folder.iterdir()) == []
    assert rows(database) == []


def test_a_full_disk_leaves_nothing_behind(study, database, monkeypatch):
    from annotate_web.media import make

    def full(path, pictures, **_):
        path.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(make.video, "write", full)
    with pytest.raises((StorageError, OSError)):
        put(study, database)
    assert list(study.clips_folder.iterdir()) == []


def test_what_ends_before_it_should_is_told_and_any_length_may_be_wanted(study, database):
    (added,) = put(study, database, Wanted(from_s=1.5, to_s=60.0, max_minutes=float("inf")))
    assert added.frames == 7
    assert "it ends after 2.2 s, before --to 60" in added.made.notes


def test_what_a_killed_maker_left_is_told_and_later_swept(study, cli):
    study.clips_folder.mkdir()
    half = study.clips_folder / ".s01-0badcafe.webm.12345678.tmp"
    whole = study.clips_folder / "s01-0badcafe.webm"
    for path in (half, whole):
        path.write_bytes(b"somebody")
    assert cli(study, "annotate", "add", "--session", "s01", "--to", "0.3").code == 0
    assert half.is_file()  # it may be at work
    done = cli(study, "annotate", "status", "--films")
    assert done.code == 0
    assert f"of no clip: {half.name}, {whole.name}" in done.err
    os.utime(half, (1.0, 1.0))
    assert cli(study, "annotate", "add", "--session", "s01", "--from", "1", "--to", "1.3").code == 0
    assert not half.exists()
    assert cli(study, "annotate", "backup", "kept.zip").code == 0
    with zipfile.ZipFile(study.folder / "kept.zip") as kept:
        films = [name for name in kept.namelist() if name.startswith("media/")]
    assert len(films) == 2  # the clips', and nobody else's


def test_a_reference_that_nobody_could_follow_is_refused_before_a_film_is_made(study, database):
    moments = np.array([0.0, 0.5])
    late = Reference(moments + 0.5, moments, moments, 3.0)
    silent = Reference(moments, np.array([1.0, np.nan]), moments, 3.0)
    for reference, many, words in (
        (late, 4.0, "values for 50% of the clip's 10 frames"),
        (silent, 4.0, "values for 50%"),
        (Reference(moments, moments, moments, 3.0), 0.5 / 60, "2 practice clips"),
        (
            Reference(moments, moments, moments - 2, 3.0),
            4.0,
            "moves no slider would pass: 1.8 points",
        ),
    ):
        with pytest.raises(InputError, match=words):
            put(study, database, Wanted(to_s=1.0, max_minutes=many), reference=reference)
    assert rows(database) == []
    assert not study.clips_folder.exists()


def test_the_face_is_shown_where_it_is_known(study, database):
    session = find(study, "s01")
    with Footage(session, Modality.COLOR) as color:
        times = color.unix_ns
    boxes = np.tile(np.array([860.0, 380, 1060, 620]), (len(times), 1))
    boxes[3] = np.nan
    put(study, database, Wanted(to_s=0.5), boxes=Boxes(times, boxes))
    (row,) = rows(database)
    assert row.width_px < 500
    assert row.height_px < 600
    with pytest.raises(InputError, match="No face"):
        put(study, database, Wanted(from_s=1.0), boxes=Boxes(times[:0], boxes[:0]))


def test_a_session_without_colour_or_pictures_is_told(study, database):
    session = find(study, "s01")
    streams = {Modality.SOUND: session.manifest.streams[Modality.SOUND]}
    session.save(msgspec.structs.replace(session.manifest, streams=streams))
    with pytest.raises(NotFoundError, match="no color stream \\(it has: sound\\)"):
        put(study, database)


def test_the_drawn_practice_shows_nobody_and_says_how_it_is_rated(study, database):
    made = practice.add(database, study.clips_folder, now_ns=NOW)
    (row,) = rows(database)
    assert (row.practice, row.name, row.frames) == (True, "practice", made.frames)
    reference = row.reference
    assert len(reference["arousal"]) == len(reference["valence"]) == row.frames
    assert max(reference["arousal"]) == 8
    assert min(reference["valence"]) == -7
    assert reference["within"] == practice.WITHIN
    shown = pictures(study, row)
    happy, sad = 110, 290
    assert psnr_db(shown[happy][1], shown[sad][1]) < 25  # another face
    with pytest.raises(AlreadyThereError):
        practice.add(database, study.clips_folder, now_ns=NOW)
    assert (study.clips_folder / row.media).is_file()


def test_a_film_that_is_lost_or_changed_is_told(study, database):
    put(study, database, Wanted(to_s=0.5))
    (row,) = rows(database)
    path = study.clips_folder / row.media
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    assert "pictures instead of" in check.wrong_with(study.clips_folder, row)
    path.write_bytes(b"no film at all")
    assert "damaged" in check.wrong_with(study.clips_folder, row)
    other = study.clips_folder / "other.webm"
    shutil.copy(path, other)
    path.unlink()
    assert "not on the server" in check.wrong_with(study.clips_folder, row)
    assert check.missing(study.clips_folder, [row]) == [row.name]


def test_the_command_line_adds_practice_and_status(study, cli, refused):
    done = cli(study, "annotate", "add", "--session", "s01", "--phase", "interview", "-q")
    assert (done.code, done.out) == (0, "s01-interview: 1.1 s, 11 pictures, with sound\n")
    (study.folder / "right.csv").write_text("time_s,arousal,valence\n0,3,5\n0.5,3,-5\n")
    done = cli(
        study, "annotate", "add", "--session", "s01", "--to", "1", "--practice",
        "--reference", "right.csv@2.5", "-q",
    )  # fmt: skip
    assert done.code == 0, done.err
    done = cli(study, "annotate", "status", "--films")
    assert done.code == 0, done.err
    assert "s01-interview" in done.out
    assert "s01-1" not in done.out  # practice is nobody's data
    refused(InputError, study, "annotate", "add")
    refused(InputError, study, "annotate", "add", "--session", "s01", "--practice")
    refused(InputError, study, "annotate", "add", "--session", "s01", "--from", "soon")
    refused(NotFoundError, study, "annotate", "add", "--session", "s09")
    told = refused(NotFoundError, study, "annotate", "add", "--session", "s01", "--crop", "face")
    assert "taver faces --session s01" in told
    (film,) = study.clips_folder.glob("s01-interview-*.webm")
    film.unlink()
    refused(DataError, study, "annotate", "status")
