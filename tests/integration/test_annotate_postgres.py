"""The same annotator on a real PostgreSQL, and a campaign that moves there."""

import concurrent.futures
import contextlib
import threading

import annotating
import postgres
import pytest
import sqlalchemy as sa

from annotate_web.assign import claim, deal
from annotate_web.auth import accounts
from annotate_web.backup import back_up, restore
from annotate_web.db import tables
from annotate_web.db.open import open_database, shown
from annotate_web.people import minutes, personal
from annotate_web.settings import Limits
from annotate_web.traces import ratings_of
from taver.core.errors import DataError, InputError, StorageError, TaverError
from taver.labels.trace import Dimension

NOW = 1_800_000_000_000_000_000
event = annotating.event


@pytest.fixture(scope="module")
def server_url():
    with postgres.postgresql() as url:
        yield url


@pytest.fixture
def url(server_url):
    """A fresh, empty database."""
    engine = sa.create_engine(server_url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(sa.text("DROP DATABASE IF EXISTS campaign"))
        connection.execute(sa.text("CREATE DATABASE campaign"))
    engine.dispose()
    return server_url.removesuffix("/postgres") + "/campaign"


def test_a_whole_sitting_is_served_and_survives_kill_9(url, tmp_path):
    with annotating.served(tmp_path, url=url) as server:
        (ann,) = annotating.add_people(server.database, "ann")
        key = annotating.assign(server.database, annotating.add_clip(server.database), ann)
        browser = server.browser()
        assert browser.log_in("ann").status == 302
        sitting = browser.open(key)
        browser.send(sitting, event(2, "arousal", 3, 4), event(3, "stop", 9))
        server.kill()
        server.start()
        browser.close()  # a page asks anew
        answer = browser.send(sitting, event(1, "play", 0), event(2, "arousal", 3, 4))
        assert answer.json["acknowledged"] == 3
        comment = event(4, "comment", 3, body={"text": "웃음 \U0001f642"})
        assert browser.send(sitting, comment, event(5, "done")).json["state"] == "done"
        (rated,) = ratings_of(server.database, "s01")
        (rating,) = rated.ratings
        assert rating.traces[Dimension.AROUSAL].values[:2].tolist() == [0, 4]
        with server.database.reading() as connection:
            assert "웃음" in personal.exported(connection, ann)
            assert minutes.table(connection)[0].annotator == "ann"
        with server.database.writing() as connection:
            gone = personal.erase(connection, None, ann, NOW, ratings=True)
        assert gone == (f"erased-{ann}", (1, 0))
        assert server.stop() == 0


def test_batches_of_one_sitting_that_come_at_once_are_each_taken_once(url, tmp_path):
    with annotating.served(tmp_path, url=url) as server:
        (ann,) = annotating.add_people(server.database, "ann")
        key = annotating.assign(server.database, annotating.add_clip(server.database), ann)
        sitting = server.as_user(ann).open(key)
        whole = [event(n, "arousal", n, n % 21 - 10) for n in range(1, 81)]
        parts = [whole[start : start + 20] for start in range(0, 80, 10)] * 2
        browsers = [server.as_user(ann) for _ in parts]
        with concurrent.futures.ThreadPoolExecutor(len(parts)) as pool:
            answers = list(pool.map(lambda b, part: b.send(sitting, *part), browsers, parts))
        assert {answer.status for answer in answers} == {200}
        assert max(answer.json["acknowledged"] for answer in answers) == 80
        with server.database.reading() as connection:
            number = connection.execute(
                sa.select(sa.func.count()).select_from(tables.events)
            ).scalar_one()
        assert number == 80


def test_of_twenty_who_claim_at_once_three_get_the_clip(url):
    database = open_database(url)
    users = annotating.add_people(database, *(f"p{n}" for n in range(20)))
    annotating.add_clip(database)
    start = threading.Barrier(20)

    def one(user):
        start.wait()
        return claim.claim(database, user, NOW)

    with concurrent.futures.ThreadPoolExecutor(20) as pool:
        given = [key for key in pool.map(one, users) if key is not None]
    assert len(given) == 3
    database.close()


def test_a_campaign_moves_from_sqlite_to_postgresql_and_goes_on(url, tmp_path):
    before = open_database(f"sqlite:///{tmp_path / 'a.sqlite'}")
    users = annotating.add_people(before, *(f"p{n}" for n in range(4)))
    for number in range(3):
        annotating.add_clip(before, f"c{number}", session=f"s{number}")
    deal.deal(before, None, NOW, seed=1)
    back_up(before, None, tmp_path / "b.zip", NOW)
    after = open_database(url)
    restore(after, tmp_path / "clips", tmp_path / "b.zip")
    for table in (tables.users, tables.clips, tables.assignments, tables.audit):
        with before.reading() as old, after.reading() as new:
            query = sa.select(table).order_by(*table.primary_key)
            assert [tuple(r) for r in old.execute(query)] == [tuple(r) for r in new.execute(query)]
    annotating.add_clip(after, "c9", session="s9")  # numbers go on behind those brought in
    assert annotating.add_people(after, "new")[0] > max(users)
    assert deal.deal(after, None, NOW, seed=2).made == 3
    before.close()
    after.close()


def test_two_servers_that_start_at_once_make_one_set_of_tables_and_one_administrator(url):
    def start(_):
        database = open_database(url)
        password = accounts.ensure_administrator(database, NOW)
        database.close()
        return password

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        assert sum(password is not None for password in pool.map(start, range(4))) == 1


def test_of_two_administrators_who_are_disabled_at_once_one_stays(url):
    database = open_database(url)
    both = annotating.add_people(database, "adam", "abel", role=tables.Role.ADMINISTRATOR)
    start = threading.Barrier(2)

    def disable(user):
        start.wait()
        with contextlib.suppress(InputError), database.drawing() as connection:
            accounts.set_disabled(connection, None, user, NOW, disabled=True)
            return user
        return None

    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        assert list(pool.map(disable, both)).count(None) == 1
    database.close()


def test_of_many_log_ins_at_once_none_slips_past_the_count(url):
    database = open_database(url)
    start = threading.Barrier(12)

    def attempt(_):
        start.wait()
        try:
            accounts.log_in(database, "nobody", "wrong", "10.0.0.1", NOW, Limits())
        except TaverError as error:
            return type(error)

    with concurrent.futures.ThreadPoolExecutor(12) as pool:
        assert list(pool.map(attempt, range(12))).count(accounts.WrongPasswordError) == 5
    database.close()


def test_a_character_that_postgresql_keeps_none_of_is_told(url):
    database = open_database(url)
    (ann,) = annotating.add_people(database, "ann")
    with pytest.raises(InputError, match="does not take that"), database.writing() as connection:
        accounts.describe(connection, ann, age=None, gender="a\0b")
    database.close()


def test_a_database_that_cannot_hold_annotations_is_told_with_what_to_do(url):
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for one in (
            "DROP DATABASE IF EXISTS latin",
            "CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0",
            "DROP ROLE IF EXISTS poor",
            "CREATE ROLE poor LOGIN PASSWORD 'x'",
        ):
            connection.execute(sa.text(one))
    engine.dispose()
    with pytest.raises(InputError, match="LATIN1") as told:
        open_database(url.removesuffix("campaign") + "latin")
    assert "createdb" in told.value.fix
    with pytest.raises(StorageError, match="permission denied") as told:
        open_database(f"postgresql://poor:x@{url.rpartition('@')[2]}")
    assert "GRANT" in told.value.fix
    with pytest.raises(StorageError, match="foo"):
        open_database(f"{url}?foo=bar")


def test_a_wrong_password_or_a_server_that_is_not_there_is_told_without_the_password(url):
    for wrong in (url.replace("hush", "loud"), url.replace("127.0.0.1", "127.0.0.2")):
        with pytest.raises(StorageError) as told:
            open_database(wrong)
        assert "secret" not in told.value.what
        assert "PostgreSQL" in told.value.fix
    assert "secret" not in shown(url)


def test_a_database_of_another_program_is_left_alone(url):
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE users (id int)"))
    engine.dispose()
    with pytest.raises(DataError, match="some other program"):
        open_database(url)
