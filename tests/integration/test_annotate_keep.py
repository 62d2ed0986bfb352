"""Backups made while people work, and brought back whole or not at all; and the other commands."""

import hashlib
import json
import threading
import zipfile

import annotating
import pytest
import sqlalchemy as sa
import telling
import webm

from annotate_web.auth import accounts
from annotate_web.backup import back_up, restore
from annotate_web.db import tables
from annotate_web.db.open import address_of, open_database
from annotate_web.traces import ratings_of
from taver.core.errors import (
    AlreadyThereError,
    ConfigError,
    DataError,
    InputError,
    NotFoundError,
    StorageError,
)

NOW = 1_800_000_000_000_000_000
event = annotating.event
KEPT = [tables.users, tables.clips, tables.assignments, tables.sittings, tables.events,
        tables.audit]  # fmt: skip


def contents(database):
    with database.reading() as connection:
        return {
            table.name: [tuple(row) for row in connection.execute(
                sa.select(table).order_by(*table.primary_key))]
            for table in KEPT
        }  # fmt: skip


@pytest.fixture
def campaign(tmp_path):
    """A database with a rated clip, and its film."""
    database = open_database(f"sqlite:///{tmp_path / 'campaign.sqlite'}")
    media = tmp_path / "films"
    media.mkdir()
    webm.barcode(media / "clip.webm", frames=10)
    (ann,) = annotating.add_people(database, "ann")
    clip = annotating.add_clip(database, frames=10)
    key = annotating.assign(database, clip, ann)
    from annotate_web.events import intake, sittings
    from annotate_web.settings import Limits

    sitting = sittings.open_one(
        database, key, ann, "7e57ab1e-0000-4000-8000-000000000001", NOW, Limits()
    )
    batch = [event(1, "play", 0), event(2, "arousal", 3, 4), event(3, "stop", 9), event(4, "done")]
    intake.take(database, sitting, ann, batch, NOW, Limits())
    yield database, media
    database.close()


def test_a_backup_made_while_people_work_is_of_one_moment_and_comes_back_as_it_was(tmp_path):
    with annotating.served(tmp_path) as server:
        (ann,) = annotating.add_people(server.database, "ann")
        webm.barcode(server.media / "clip.webm", frames=10)
        key = annotating.assign(server.database, annotating.add_clip(server.database), ann)
        browser = server.as_user(ann)
        sitting, over = browser.open(key), threading.Event()

        def write():
            sent = 0
            while not over.is_set():
                batch = [event(sent + n, "arousal", n, n) for n in range(1, 6)]
                answer = browser.send(sitting, *batch)
                assert answer.status in {200, 429}
                sent += 5 if answer.status == 200 else 0

        writing = threading.Thread(target=write)
        writing.start()
        try:
            for number in range(5):
                back_up(server.database, server.media, tmp_path / f"{number}.zip", NOW)
        finally:
            over.set()
            writing.join()
    for number in range(5):
        made = open_database(f"sqlite:///{tmp_path / f'{number}.sqlite'}")
        restore(made, tmp_path / "elsewhere", tmp_path / f"{number}.zip")
        kept = contents(made)
        (row,) = kept["sittings"]
        acknowledged = row[[c.name for c in tables.sittings.columns].index("acknowledged")]
        assert [e[1] for e in kept["events"]] == list(range(1, acknowledged + 1))
        made.close()
    films = (tmp_path / "elsewhere" / "clip.webm").read_bytes()
    assert films == (server.media / "clip.webm").read_bytes()


def test_a_backup_holds_all_but_what_opens_a_session(campaign, tmp_path):
    database, media = campaign
    back_up(database, media, tmp_path / "b.zip", NOW)
    assert (tmp_path / "b.zip").stat().st_mode & 0o077 == 0
    names = zipfile.ZipFile(tmp_path / "b.zip").namelist()
    assert "media/clip.webm" in names
    assert not [n for n in names if "web_sessions" in n or "keeping" in n or "attempts" in n]
    other = open_database(f"sqlite:///{tmp_path / 'other.sqlite'}")
    restore(other, tmp_path / "films2", tmp_path / "b.zip")
    assert contents(other) == contents(database)
    assert other.kept("secret") != database.kept("secret")
    old, new = ratings_of(database, "s01"), ratings_of(other, "s01")
    assert repr(old) == repr(new)
    other.close()


def test_a_backup_is_never_mixed_with_what_is_there(campaign, tmp_path):
    database, media = campaign
    back_up(database, media, tmp_path / "b.zip", NOW)
    before = contents(database)
    with pytest.raises(AlreadyThereError):
        restore(database, media, tmp_path / "b.zip")
    with pytest.raises(AlreadyThereError):
        back_up(database, media, tmp_path / "b.zip", NOW)
    assert contents(database) == before


def changed(path, to, *, name="tables/events.jsonl", drop=False, data=None):
    """Copy a backup with one member changed or left out."""
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(to, "w") as new:
        for item in old.namelist():
            content = old.read(item)
            if item == name:
                if drop:
                    continue
                content = data if data is not None else content.replace(b"4", b"5", 1)
            new.writestr(item, content)


def test_a_damaged_or_foreign_backup_brings_nothing_back(campaign, tmp_path):
    database, media = campaign
    good = tmp_path / "b.zip"
    back_up(database, media, good, NOW)
    (tmp_path / "cut.zip").write_bytes(good.read_bytes()[:-300])
    (tmp_path / "none.zip").write_bytes(b"not a zip file")
    changed(good, tmp_path / "changed.zip")
    changed(good, tmp_path / "film.zip", name="media/clip.webm", data=b"x")
    changed(good, tmp_path / "without.zip", drop=True)
    # A bit of what was compressed, and one of how the archive says it was.
    whole = good.read_bytes()
    at = whole.index(b"tables/clips.jsonl") + len(b"tables/clips.jsonl") + 40
    for name, place in {"flipped": at, "method": whole.rindex(b"PK\x01\x02") + 10}.items():
        (tmp_path / f"{name}.zip").write_bytes(
            whole[:place] + bytes([whole[place] ^ 0x1E]) + whole[place + 1 :]
        )
    about = json.loads(zipfile.ZipFile(good).read("about.json"))
    for name, change in {
        "newer.zip": {"version": 99},
        "foreign.zip": {"format": "x"},
        "words.zip": {"version": "one"},
        "listed.zip": {"sha256": [1]},
        "out.zip": {"sha256": {**about["sha256"], "media/../../evil": "0"}},
    }.items():
        told = json.dumps({**about, **change}).encode()
        changed(good, tmp_path / name, name="about.json", data=told)
    users = b'{"id": 1, "nobody": 2}\n'
    changed(good, tmp_path / "forged1.zip", name="tables/users.jsonl", data=users)
    digests = {**about["sha256"], "tables/users.jsonl": hashlib.sha256(users).hexdigest()}
    told = json.dumps({**about, "sha256": digests}).encode()
    changed(tmp_path / "forged1.zip", tmp_path / "forged.zip", name="about.json", data=told)
    for name in ("cut", "none", "changed", "film", "without", "newer", "foreign", "out", "flipped",
                 "method", "words", "listed", "forged"):  # fmt: skip
        other = open_database(f"sqlite:///{tmp_path / f'{name}.sqlite'}")
        with pytest.raises(DataError) as told:
            restore(other, tmp_path / "films2", tmp_path / f"{name}.zip")
        assert told.value.fix
        assert not any(contents(other).values()), name
        assert not (tmp_path / "films2").exists(), name
        other.close()
    with pytest.raises(NotFoundError):
        restore(database, media, tmp_path / "nowhere.zip")


def test_another_film_of_that_name_is_not_overwritten_and_nothing_comes_back(campaign, tmp_path):
    database, media = campaign
    back_up(database, media, tmp_path / "b.zip", NOW)
    there = tmp_path / "films2"
    there.mkdir()
    (there / "clip.webm").write_bytes(b"somebody's")
    other = open_database(f"sqlite:///{tmp_path / 'other.sqlite'}")
    with pytest.raises(AlreadyThereError):
        restore(other, there, tmp_path / "b.zip")
    assert not any(contents(other).values())
    assert (there / "clip.webm").read_bytes() == b"somebody's"
    other.close()


def test_the_commands_of_a_campaign(study, cli, tmp_path):
    done = cli(study, "annotate", "people", "invite", "--count", "2")
    assert done.code == 0
    assert done.out.count("http://127.0.0.1:7300/invite/") == 2
    database = open_database(address_of("sqlite:///annotations.sqlite", study.folder))
    annotating.add_people(database, "ann", "bob")
    annotating.add_clip(database, wanted=3)
    done = cli(study, "annotate", "deal", "--seed", "5")
    assert (done.code, done.out) == (0, "2 given, by seed 5\n")
    assert "nobody left" in done.err
    assert "ann" in cli(study, "annotate", "people", "ls").out
    once = cli(study, "annotate", "people", "password", "ann").out.strip()
    with database.reading() as connection:
        assert accounts.by_name(connection, "ann").must_change
    assert len(once) == 23
    assert cli(study, "annotate", "people", "disable", "bob").out == "bob: may not log in\n"
    for told in ("deal", "status"):
        done = cli(study, "annotate", told)
        assert "bob may not log in, and still has: clip" in done.err, told
        assert "people disable bob --free" in done.err
    freed = cli(study, "annotate", "people", "disable", "bob", "--free")
    assert freed.out == "bob: may not log in, 1 clip free for others\n"
    assert "bob" not in cli(study, "annotate", "deal").err
    assert cli(study, "annotate", "people", "disable", "bob", "--enable").code == 0
    assert cli(study, "annotate", "people", "export", "ann").code == 0
    assert json.loads((study.folder / "ann.json").read_text())["person"]["name"] == "ann"
    assert "argon2" not in (study.folder / "ann.json").read_text()
    assert cli(study, "annotate", "people", "minutes").code == 0
    assert (study.folder / "minutes.csv").read_text().startswith("annotator,clip,state,")
    done = cli(study, "annotate", "backup", "b.zip")
    assert done.code == 0
    assert "1 film is not there: clip.webm" in done.err
    asked = cli(study, "annotate", "people", "erase", "ann")
    telling.assert_told(asked.code, asked.err, InputError)
    assert "--yes" in asked.err
    done = cli(study, "annotate", "people", "erase", "ann", "--yes")
    assert done.out.startswith("erased-")
    assert "comments 0, reasons 0" in done.err
    url = f"sqlite:///{tmp_path / 'new.sqlite'}"
    done = cli(study, "annotate", "restore", "b.zip", "--database", url)
    assert done.code == 0, done.err
    assert "clip.webm" in done.err
    assert "erase anew whom you have erased since" in done.err
    with open_database(url) as again, again.reading() as connection:
        assert accounts.by_name(connection, "ann")
    database.close()


def test_commands_without_annotations_or_with_wrong_words_say_what_to_do(study, refused):
    assert refused(NotFoundError, study, "annotate", "people", "ls")
    assert refused(NotFoundError, study, "annotate", "backup", "b.zip")
    refused(NotFoundError, study, "annotate", "restore", "none.zip", "--database",
            f"sqlite:///{study.folder.parent / 'x.sqlite'}")  # fmt: skip
    for url in ("mysql://a/b", "nonsense", "sqlite://", "sqlite:///x?timeout=abc",
                "postgresql+psycopg2://a/b", "sqlite+aiosqlite:///x"):  # fmt: skip
        assert refused(InputError, study, "annotate", "people", "ls", "--database", url)
    for more in (
        ["--listen", "0.0.0.0:7300"],
        ["--listen", "nowhere"],
        ["--listen", "127.0.0.1:99999"],
        ["--public-url", "http://annotate.example"],
        ["--public-url", "ftp://x"],
        ["--behind-proxy", "127.0.0.1"],
        ["--behind-proxy", "my-proxy", "--public-url", "https://x.example"],
    ):
        assert refused(InputError, study, "annotate", "serve", *more)


def test_where_a_file_cannot_be_is_told_by_the_name_that_was_given(study, refused):
    with open_database(address_of("sqlite:///annotations.sqlite", study.folder)) as database:
        annotating.add_people(database, "ann")
    told = refused(StorageError, study, "annotate", "backup", "nowhere/b.zip")
    assert "nowhere/b.zip is not there" in told
    refused(StorageError, study, "annotate", "people", "minutes", "--to", ".")
    for url in ("annotate.example.org", "http://annotate.example.org", "https://x/y"):
        refused(InputError, study, "annotate", "people", "invite", "--public-url", url)
    refused(InputError, study, "annotate", "deal", "--seed", "9" * 30)


def test_plain_http_beyond_this_machine_is_refused_with_what_to_do(study, refused):
    told = refused(InputError, study, "annotate", "serve", "--listen", "192.168.1.5:7300")
    assert "--tls" in told
    assert "--behind-proxy" in told


def test_a_certificate_that_is_none_is_told(study, cli, tmp_path):
    (study.folder / "cert.pem").write_text("nonsense")
    (study.folder / "key.pem").write_text("nonsense")
    listen = ["annotate", "serve", "--listen", "127.0.0.1:0"]
    done = cli(study, *listen, "--tls", "cert.pem", "key.pem")
    telling.assert_told(done.code, done.err, InputError)
    done = cli(study, *listen, "--tls", "none.pem", "key.pem")
    telling.assert_told(done.code, done.err, StorageError)


def test_a_port_that_is_taken_is_told(study, cli):
    import socket

    from taver.core.errors import BusyError

    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        done = cli(study, "annotate", "serve", "--listen", f"127.0.0.1:{port}")
    telling.assert_told(done.code, done.err, BusyError)
    with open_database(address_of("sqlite:///annotations.sqlite", study.folder)) as database:
        assert accounts.ensure_administrator(database, NOW)  # its password was not spent unseen


def of_version(path, version):
    """Make a database that says that it is of this version; return its URL."""
    made = open_database(f"sqlite:///{path}")
    told = sa.update(tables.keeping).where(tables.keeping.c.name == "version")
    with made.writing() as connection:
        connection.execute(told.values(value=version))
    made.close()
    return f"sqlite:///{path}"


def test_a_database_of_a_newer_taver_or_that_is_none_is_left_as_it_is(tmp_path):
    with pytest.raises(DataError, match="newer taver"):
        open_database(of_version(tmp_path / "a.sqlite", "99"))
    with pytest.raises(DataError, match="of which version"):
        open_database(of_version(tmp_path / "c.sqlite", ""))
    (tmp_path / "b.sqlite").write_bytes(b"this is no database at all, but a text" * 100)
    with pytest.raises(DataError, match="no SQLite database"):
        open_database(f"sqlite:///{tmp_path / 'b.sqlite'}")
    with pytest.raises(StorageError):
        open_database(f"sqlite:///{tmp_path / 'no' / 'where.sqlite'}")


def test_study_toml_may_name_the_films_folder_and_a_wrong_key_is_told(study, cli):
    text = (study.folder / "study.toml").read_text("utf-8")
    assert 'clips = "clips"' in text
    (study.folder / "study.toml").write_text(text.replace('clips = "clips"', "clips = 3"), "utf-8")
    done = cli(study, "annotate", "people", "ls")
    telling.assert_told(done.code, done.err, ConfigError)
