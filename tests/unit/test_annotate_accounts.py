"""Passwords, log-ins, invitations and sessions, by a clock that the test sets."""

import threading
import time

import annotating
import argon2
import pytest
import sqlalchemy as sa

from annotate_web.auth import accounts, buckets, invitations, passwords, sessions, throttle, tokens
from annotate_web.db import tables
from annotate_web.db.open import open_database
from annotate_web.db.tables import Role
from annotate_web.people import audit
from annotate_web.settings import DAY_NS, HOUR_NS, MINUTE_NS, Limits
from taver.core.errors import AlreadyThereError, InputError, NotFoundError

LIMITS = Limits()
NOW = 1_800_000_000_000_000_000
RIGHT = annotating.PASSWORD


@pytest.fixture
def database(tmp_path):
    made = open_database(f"sqlite:///{tmp_path / 'annotations.sqlite'}")
    yield made
    made.close()


@pytest.fixture
def ann(database):
    return annotating.add_people(database, "ann")[0]


def log_in(database, name="ann", password=RIGHT, address="10.0.0.1", now_ns=NOW):
    return accounts.log_in(database, name, password, address, now_ns, LIMITS)


def find(database, token, now_ns=NOW):
    return sessions.find(database, token, now_ns, LIMITS)


def count(database, times, name="ann", address="10.0.0.1"):
    """Count failures, without the time that hashing takes."""
    for _ in range(times):
        with database.writing() as connection:
            throttle.count(connection, name, address, NOW, LIMITS)


def test_name_and_password_begin_a_session(database, ann):
    person = find(database, log_in(database))
    assert (person.key, person.name, person.role) == (ann, "ann", Role.ANNOTATOR)


def test_names_are_the_same_in_letters_of_either_case(database, ann):
    assert find(database, log_in(database, "ANN")).key == ann
    with pytest.raises(AlreadyThereError), database.writing() as connection:
        accounts.create(connection, "Ann", Role.ANNOTATOR, NOW, password_hash=None)


@pytest.mark.parametrize(
    ("name", "password"), [("ann", "wrong"), ("nobody", RIGHT), ("", ""), ("ann", "x" * 100_000)]
)
def test_a_wrong_password_and_an_unknown_name_are_told_the_same(database, ann, name, password):
    with pytest.raises(accounts.WrongPasswordError) as told:
        log_in(database, name, password)
    assert told.value.what == "This name and this password do not belong together"


def test_no_password_and_no_token_is_in_the_database(database, ann):
    token = log_in(database)
    with database.writing() as connection:
        link = invitations.invite(connection, None, Role.LEAD, NOW, LIMITS)
    with database.reading() as connection:
        rows = "".join(
            repr(connection.execute(sa.select(table)).all())
            for table in tables.metadata.sorted_tables
        )
    assert "$argon2id$" in rows
    for secret in (RIGHT, token, link):
        assert secret not in rows


def test_after_five_failures_of_a_name_from_an_address_there_is_a_pause(database, ann):
    count(database, 4)
    with pytest.raises(accounts.WrongPasswordError):
        log_in(database, password="wrong")
    with pytest.raises(throttle.TooManyError):
        log_in(database)  # the right one, too: else guessing would go on
    assert log_in(database, address="10.0.0.2")  # the person herself, from her own desk
    assert log_in(database, now_ns=NOW + 16 * MINUTE_NS)


def test_a_right_password_takes_back_what_was_counted(database, ann):
    for _ in range(4):
        count(database, 4)
        assert log_in(database)


def test_one_address_that_tries_many_names_is_stopped(database, ann):
    for number in range(60):
        count(database, 1, f"name{number}", "10.0.0.9")
    with pytest.raises(throttle.TooManyError):
        log_in(database, address="10.0.0.9")


def test_of_many_that_try_at_once_none_slips_past_the_count(database, ann):
    outcomes = []

    def attempt():
        try:
            with database.writing() as connection:
                throttle.count(connection, "ann", "10.0.0.1", NOW, LIMITS)
            outcomes.append("tried")
        except throttle.TooManyError:
            outcomes.append("refused")

    threads = [threading.Thread(target=attempt) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes.count("tried") == 5


def test_a_session_ends_by_disuse_by_age_and_by_logging_out(database, ann):
    token = log_in(database)
    assert find(database, token, NOW + 11 * HOUR_NS)  # which is use
    assert find(database, token, NOW + 22 * HOUR_NS)
    assert find(database, token, NOW + 35 * HOUR_NS) is None
    used = log_in(database)
    for hour in range(0, 7 * 24, 11):
        assert find(database, used, NOW + hour * HOUR_NS)
    assert find(database, used, NOW + 7 * DAY_NS + 1) is None
    left = log_in(database)
    with database.writing() as connection:
        sessions.end(connection, left, NOW)
    assert find(database, left) is None


def test_a_token_that_is_none_opens_nothing(database, ann):
    log_in(database)
    for token in ("", "x", tokens.fresh(), "\ud800"):
        assert find(database, token) is None


def test_changing_the_password_ends_all_other_sessions(database, ann):
    here, there = log_in(database), log_in(database)
    accounts.change_password(database, ann, RIGHT, "another four words", NOW, LIMITS, token=here)
    assert find(database, here)
    assert find(database, there) is None
    assert log_in(database, password="another four words")


def test_whoever_finds_a_browser_logged_in_cannot_guess_on_without_end(database, ann):
    change, new = accounts.change_password, "another four words"
    here = log_in(database)
    count(database, 4, address=f"user {ann}")
    with pytest.raises(accounts.WrongPasswordError):
        change(database, ann, "x", new, NOW, LIMITS, token=here)
    with pytest.raises(throttle.TooManyError):
        change(database, ann, RIGHT, new, NOW, LIMITS, token=here)
    change(database, ann, RIGHT, new, NOW + 16 * MINUTE_NS, LIMITS, token=here)


def test_a_log_in_with_a_password_that_is_replaced_meanwhile_begins_no_session(database, ann):
    outcomes = []

    def attempt():
        try:
            outcomes.append(log_in(database))
        except accounts.WrongPasswordError:
            outcomes.append("refused")

    made = passwords.hashed("another four words")
    for _ in range(4):  # all that compare passwords at a time
        passwords._at_once.acquire()
    try:
        thread = threading.Thread(target=attempt)
        thread.start()
        counted, until_s = 0, time.monotonic() + 30
        while not counted and time.monotonic() < until_s:  # it has read which password holds
            with database.reading() as connection:
                counted = connection.execute(
                    sa.select(sa.func.count()).select_from(tables.login_attempts)
                ).scalar_one()
        with database.writing() as connection:
            accounts.replace_password(connection, ann, made)
            sessions.end_all(connection, ann, NOW)
    finally:
        for _ in range(4):
            passwords._at_once.release()
    thread.join()
    assert outcomes == ["refused"]


def test_nobodys_password_takes_as_long_to_compare_as_somebodys(database, ann):
    with database.reading() as connection:
        anns = accounts.by_id(connection, ann).password_hash
    nobodys = passwords._nobodys()
    assert argon2.extract_parameters(nobodys) == argon2.extract_parameters(anns)
    assert not passwords.fits(None, RIGHT)


@pytest.mark.parametrize("new", ["short", "x" * 201, "aaaaaaaaaaaaaa", "aababbabab", RIGHT])
def test_a_poor_password_is_refused(database, ann, new):
    with pytest.raises(InputError):
        accounts.change_password(database, ann, RIGHT, new, NOW, LIMITS, token="")
    assert log_in(database)


def test_a_password_must_not_hold_the_name_but_may_hold_the_letters_of_a_short_one():
    with pytest.raises(InputError, match="easy to guess"):
        passwords.checked("i am Brigitte", "brigitte")
    assert passwords.checked("a cannery row", "ann")


def test_whoever_is_disabled_is_out_at_once(database, ann):
    token = log_in(database)
    with database.writing() as connection:
        accounts.set_disabled(connection, None, ann, NOW, disabled=True)
    assert find(database, token) is None
    with pytest.raises(accounts.WrongPasswordError):
        log_in(database)


def test_the_first_administrator_is_made_once(database):
    password = accounts.ensure_administrator(database, NOW)
    assert accounts.ensure_administrator(database, NOW) is None
    person = find(database, log_in(database, "administrator", password))
    assert (person.role, person.must_change) == (Role.ADMINISTRATOR, True)
    assert accounts.not_begun(database) == "administrator"  # of whom the next start reminds
    annotating.add_people(database, "adam", role=Role.ADMINISTRATOR)
    assert accounts.not_begun(database) is None


def test_there_is_always_an_administrator(database):
    accounts.ensure_administrator(database, NOW)
    with database.reading() as connection:
        key = accounts.by_name(connection, "administrator").id
    for change in (
        lambda c: accounts.set_role(c, None, key, Role.LEAD, NOW),
        lambda c: accounts.set_disabled(c, None, key, NOW, disabled=True),
    ):
        with pytest.raises(InputError, match="last administrator"), database.writing() as c:
            change(c)


def invited(database, **more):
    with database.writing() as connection:
        return invitations.invite(connection, None, Role.ANNOTATOR, NOW, LIMITS, **more)


def test_an_invitation_lets_one_person_in_once(database):
    link = invited(database)
    user = invitations.accept(database, link, "bob", RIGHT, NOW)
    assert find(database, log_in(database, "bob")).key == user
    with pytest.raises(invitations.InvitationError):
        invitations.accept(database, link, "eve", RIGHT, NOW)


def test_of_two_who_use_a_link_at_once_one_comes_too_late(database):
    link, outcomes = invited(database), []

    def join(name):
        try:
            invitations.accept(database, link, name, RIGHT, NOW)
            outcomes.append("in")
        except invitations.InvitationError:
            outcomes.append("late")

    threads = [threading.Thread(target=join, args=(f"p{n}",)) for n in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["in", "late"]


def test_an_invitation_holds_for_two_weeks_and_can_be_cancelled(database):
    old, new = invited(database), invited(database)
    with pytest.raises(invitations.InvitationError):
        invitations.accept(database, old, "bob", RIGHT, NOW + 14 * DAY_NS)
    with database.writing() as connection:
        key = invitations.look(connection, new, NOW).id
        invitations.cancel(connection, None, key, NOW)
    with pytest.raises(invitations.InvitationError):
        invitations.accept(database, new, "bob", RIGHT, NOW)
    for nothing in (key, 999):  # the log tells of no change that there was not
        with pytest.raises(invitations.InvitationError), database.writing() as connection:
            invitations.cancel(connection, None, nothing, NOW)
    with database.reading() as connection:
        assert [e.what for e in audit.latest(connection)].count("invitation cancelled") == 1


def test_a_name_that_cannot_be_uses_no_invitation_up(database, ann):
    link = invited(database)
    for name in ("", "Ann Miller", "../x", "ann", "x" * 65, "a\0b", "con"):
        with pytest.raises((InputError, AlreadyThereError)):
            invitations.accept(database, link, name, RIGHT, NOW)
    assert invitations.accept(database, link, "bob", RIGHT, NOW)


@pytest.mark.parametrize("name", ["fused", "Fused", "erased-1", "ERASED-x", "administrator"])
def test_names_that_taver_uses_itself_are_nobodys(database, name):
    link = invited(database)
    with pytest.raises(InputError, match="taver uses itself"):
        invitations.accept(database, link, name, RIGHT, NOW)
    assert invitations.accept(database, link, "bob", RIGHT, NOW)


def test_an_age_that_cannot_be_uses_no_invitation_up(database):
    link = invited(database)
    with pytest.raises(InputError, match="An age is"):
        invitations.accept(database, link, "bob", RIGHT, NOW, age=12)
    bob = invitations.accept(database, link, "bob", RIGHT, NOW, age=21, gender="man")
    with database.reading() as connection:
        assert accounts.by_id(connection, bob)[:2] == (bob, "bob")
        assert accounts.by_id(connection, bob).age == 21


def test_a_link_for_a_new_password_lets_nobody_in_who_is_disabled(database, ann):
    link = invited(database, user_id=ann)
    with database.writing() as connection:
        accounts.set_disabled(connection, None, ann, NOW, disabled=True)
    with pytest.raises(invitations.InvitationError, match="may not log in"):
        invitations.accept(database, link, "ann", "another four words", NOW)
    with database.writing() as connection:
        accounts.set_disabled(connection, None, ann, NOW, disabled=False)
    assert invitations.accept(database, link, "ann", "another four words", NOW) == ann


def test_a_link_for_a_new_password_is_for_one_person_and_ends_their_sessions(database, ann):
    before = log_in(database)
    link = invited(database, user_id=ann)
    assert invitations.accept(database, link, "somebody-else", "another four words", NOW) == ann
    assert find(database, before) is None
    assert find(database, log_in(database, password="another four words")).key == ann


def test_a_one_time_password_from_the_command_line_has_to_be_changed(database, ann):
    once = accounts.give_one_time_password(database, "ann", NOW)
    assert find(database, log_in(database, password=once)).must_change
    with pytest.raises(NotFoundError):
        accounts.give_one_time_password(database, "nobody", NOW)


def test_whoever_is_disabled_is_given_no_password_that_would_not_let_them_in(database, ann):
    with database.writing() as connection:
        accounts.set_disabled(connection, None, ann, NOW, disabled=True)
    with pytest.raises(InputError, match="may not log in"):
        accounts.give_one_time_password(database, "ann", NOW)
    with pytest.raises(InputError, match="may not log in"):
        invited(database, user_id=ann)


def test_a_hash_of_weaker_settings_is_renewed_at_the_next_log_in(database, ann):
    weak = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(RIGHT)
    with database.writing() as connection:
        accounts.replace_password(connection, ann, weak)
    log_in(database)
    with database.reading() as connection:
        assert not passwords.is_outdated(accounts.by_id(connection, ann).password_hash)


def test_a_bucket_is_empty_after_as_much_as_it_holds():
    made = buckets.Buckets()
    waits = [made.take("a", per_s=0.001, at_once=3) for _ in range(4)]
    assert waits[:3] == [0, 0, 0]
    assert waits[3] > 900
    assert made.take("b", per_s=0.001, at_once=3) == 0
