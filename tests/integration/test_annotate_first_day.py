"""Somebody's first day: instructions page by page, a practice clip, and only then their clips."""

import pytest
import sat
import sqlalchemy as sa
from browsing import browser as started

from annotate_web.db import tables
from annotate_web.db.tables import users

FRAMES = 20


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    with sat.desk(tmp_path_factory.mktemp("first day")) as desk:
        yield desk


@pytest.fixture
def newcomer(desk):
    user = desk.annotator()
    with desk.database.writing() as connection:
        connection.execute(sa.update(users).where(users.c.id == user).values(instructed_ns=None))
    return user


@pytest.fixture
def asking(desk, newcomer):
    asking = desk.server.as_user(newcomer)
    yield asking
    asking.close()


def read(asking, number):
    return asking.post(f"/instructions/{number}", form={})


def practice_clip(desk, value):
    reference = {"arousal": [value] * FRAMES, "valence": [0] * FRAMES, "within": 2.0}
    return desk.clip(frames=FRAMES, practice=True, reference=reference, wanted=1)


def test_no_page_of_the_instructions_can_be_passed_over(desk, asking, newcomer):
    assert asking.get("/instructions/3").headers["location"] == "/instructions/"
    assert asking.get("/instructions/").headers["location"] == "/instructions/1"
    read(asking, 3)
    assert asking.get("/instructions/").headers["location"] == "/instructions/1"
    assert read(asking, 1).headers["location"] == "/instructions/2"
    read(asking, 2)
    assert "First read the instructions" in asking.get("/").text
    assert read(asking, 3).headers["location"] == "/"
    with desk.database.reading() as connection:
        row = connection.execute(sa.select(users).where(users.c.id == newcomer)).one()
    assert row.instructed_ns is not None
    assert asking.get("/instructions/3").status == 200
    assert asking.get("/instructions/4").status == 404


def test_before_the_instructions_no_clip_opens(desk, asking, newcomer):
    assignment = desk.given(newcomer)
    assert "after the instructions" in asking.get("/").text
    answer = asking.post(f"/api/assignments/{assignment}/sitting", {"client": "0" * 32})
    assert answer.json["code"] == "read_first"


def test_a_studys_own_instructions_are_shown(desk, asking):
    own = desk.server.media.parent / "instructions" / "en"
    own.mkdir(parents=True)
    (own / "1.md").write_text("# Our own words\n\n<b>not bold</b>", "utf-8")
    try:
        page = asking.get("/instructions/1").text
        assert "<h1>Our own words</h1>" in page
        assert "&lt;b&gt;not bold" in page
        assert read(asking, 1).headers["location"] == "/"
    finally:
        (own / "1.md").unlink()


def test_the_pages_come_in_the_language_of_the_browser_and_of_the_person(desk, asking):
    assert "내 영상" in asking.get("/", **{"Accept-Language": "ko-KR,ko;q=0.9"}).text
    asking.post("/account/language", form={"language": "ko"})
    assert 'lang="ko"' in asking.get("/").text
    assert "무엇을 하나요" in asking.get("/instructions/1").text


def test_practice_is_repeated_until_it_goes_well(desk):
    with started() as browser:
        user = desk.annotator()
        practising = desk.given(user, practice_clip(desk, 5))
        assignment = desk.given(user)
        page = desk.page(browser, user)
        page.goto(f"{desk.server.address}/sitting/{assignment}")
        page.get_by_text("practice clip comes first").wait_for()
        desk.open(page, practising)
        sat.begin(page)
        page.wait_for_selector("body[data-phase=over]")
        page.click("#finish")
        page.wait_for_url("**/practice/*")
        assert "Not there yet" in page.inner_text("main")
        assert page.locator("svg.plot").count() == 2
        page.get_by_role("link", name="Practise again").click()
        page.wait_for_selector("body[data-phase=ready]")
        assert page.evaluate("taverSitting.state.next") == 0  # from the beginning
        for _ in range(5):
            page.keyboard.press("w")
        sat.begin(page)
        page.wait_for_selector("body[data-phase=over]")
        page.click("#finish")
        page.wait_for_url("**/practice/*")
        assert "Well done" in page.inner_text("main")
        desk.open(page, assignment)
        with desk.database.writing() as connection:  # nobody else's first day has a practice
            connection.execute(
                sa.update(tables.clips).where(tables.clips.c.practice).values(removed_ns=1)
            )
