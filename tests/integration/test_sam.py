"""The self-report: asked when it is time, answered by key or finger, in the session at once."""

import re
import urllib.parse

import msgspec
import pytest
from asking import ask
from browsing import browser
from desks import status

from capture.desk.pages import manikin, person
from capture.desk.pages.manikin import STEPS, Dimension
from capture.desk.pages.server import PageServer
from capture.desk.pages.wording import ENGLISH
from capture.desk.view import Answer, Board, PhaseView, View
from capture.protocol.file import Ends, Kind

WAITING = View(status=status(), participant="P07", simulated=True)
PHASE = PhaseView(
    number=1, count=2, name="after <the> video", kind=Kind.SELF_REPORT, tell="", left_s=60.0,
    ends=Ends.ANSWER, then="", next_name="", next_kind=None, next_s=0.0,
)  # fmt: skip
ASKING = msgspec.structs.replace(WAITING, phase=PHASE)
FULL = {"valence": "7", "arousal": "2", "dominance": "9", "phase": PHASE.name}


@pytest.fixture
def board():
    board = Board()
    board.pin(ASKING, {})
    return board


@pytest.fixture
def server(board):
    with PageServer(board) as server:
        yield server


def send(server, form):
    return ask(
        server,
        "POST",
        f"/{server.person_secret}/answer",
        urllib.parse.urlencode(form),
        Content_Type="application/x-www-form-urlencoded",
    )


def test_each_of_the_nine_figures_of_each_scale_is_another_one():
    drawn = {manikin.drawn(d, step) for d in Dimension for step in range(1, STEPS + 1)}
    assert len(drawn) == 27
    assert not [svg for svg in drawn if "nan" in svg or "<script" in svg]


def test_a_whole_answer_is_handed_in_once(server, board):
    for form in (FULL, FULL | {"valence": "1"}):
        code, _, headers = send(server, form)
        assert (code, headers["Location"]) == (303, f"/{server.person_secret}/")
    assert board.answers() == [Answer(phase=PHASE.name, valence=7, arousal=2, dominance=9)]
    assert ENGLISH.thanks.encode() in ask(server, "GET", f"/{server.person_secret}/")[1]


@pytest.mark.parametrize(
    "wrong",
    [
        {"valence": ""},
        {"valence": "0"},
        {"arousal": "10"},
        {"arousal": "-1"},
        {"dominance": "5.5"},
        {"dominance": "٣"},
        {"phase": "another"},
        {"phase": ""},
    ],
)
def test_what_is_missing_or_impossible_is_asked_for_again_and_what_was_chosen_stays(
    server, board, wrong
):
    code, page, _ = send(server, FULL | wrong)
    assert code == 400
    assert board.answers() == []
    assert ENGLISH.incomplete.encode() in page
    if "valence" not in wrong:
        assert re.search(rb'name="valence" value="7"[^>]*checked', page)


def test_nothing_is_taken_when_nothing_is_asked(server, board):
    for view in (WAITING, msgspec.structs.replace(ASKING, phase=None)):
        board.pin(view, {})
        assert send(server, FULL)[0] == 400
        assert ENGLISH.waiting.encode() in ask(server, "GET", f"/{server.person_secret}/")[1]
    assert board.answers() == []


def test_another_language_is_another_wording(board):
    other = ENGLISH._replace(language="de", title="Wie geht es Ihnen jetzt?", send="Fertig")
    page = person.page(board, wording=other).decode()
    assert '<html lang="de">' in page
    assert "Wie geht es Ihnen jetzt?" in page
    assert ENGLISH.title not in page


@pytest.fixture(scope="module")
def started():
    with browser() as chromium:
        yield chromium


@pytest.fixture
def chromium(started):
    """The one browser of all tests here, with no page of another test's."""
    yield started
    for context in started.contexts:
        context.close()


def opened(chromium, server, **given):
    page = chromium.new_page(**given)
    page.wrong = []
    page.on("console", lambda message: page.wrong.append(message.text))
    page.on("pageerror", lambda error: page.wrong.append(str(error)))
    page.goto(server.person_address)
    return page


def test_in_a_browser_by_keys_by_finger_and_without_a_mistake(server, chromium, board):
    from playwright.sync_api import expect

    page = opened(chromium, server)  # by keys alone
    for key in "729":
        page.keyboard.press(key)
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text(ENGLISH.thanks)
    assert board.answers() == [Answer(phase=PHASE.name, valence=7, arousal=2, dominance=9)]
    assert page.wrong == []
    page.close()

    again = msgspec.structs.replace(PHASE, name="after the interview")
    context = chromium.new_context(
        has_touch=True, viewport={"width": 800, "height": 1200}, color_scheme="dark"
    )
    board.pin(WAITING, {})
    page = opened(context, server)
    expect(page.locator("h1")).to_have_text(ENGLISH.thanks)
    board.pin(msgspec.structs.replace(WAITING, phase=again), {})
    expect(page.locator("fieldset")).to_have_count(3)  # it comes by itself
    for dimension in Dimension:
        figure = page.locator(f'label:has(input[name="{dimension}"][value="4"])')
        box = figure.bounding_box()
        assert min(box["width"], box["height"]) >= 44
        figure.tap()
    page.locator("button").tap()
    expect(page.locator("h1")).to_have_text(ENGLISH.thanks)
    assert board.answers() == [Answer(phase=again.name, valence=4, arousal=4, dominance=4)]
    assert page.wrong == []


def test_no_figure_is_chosen_or_marked_before_the_person_chose_one(server, chromium):
    page = opened(chromium, server)
    assert page.locator("input:checked").count() == 0
    assert page.evaluate("document.activeElement.tagName") == "BODY"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_people_who_do_not_see_or_cannot_point_can_answer_too(server, chromium, scheme):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    page = chromium.new_context(color_scheme=scheme, bypass_csp=True).new_page()
    page.goto(server.person_address)
    found = axe.Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    page.goto(server.preview_address)
    page.wait_for_selector("#streams tr")
    found = axe.Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
