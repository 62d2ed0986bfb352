"""The demo's page, its picture and every page of its study: whole, linked, for anybody to read."""

import itertools
import json
import re
from urllib.parse import unquote

import browsing
import cv2
import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe

from taver.core.session.folder import find

pytestmark = pytest.mark.timeout(600)  # the whole of it is run once

# Six moments a row; colour, depth and heat below one another.
SHEET_SIZE_PX = (666, 1510, 3)


def words_in(png):
    """Return the words that stand in a PNG."""
    at, words = 8, {}
    while at < len(png):
        size = int.from_bytes(png[at : at + 4], "big")
        if png[at + 4 : at + 8] == b"iTXt":
            key, text = png[at + 8 : at + 8 + size].split(b"\0\0\0\0\0", 1)
            words[key.decode()] = text.decode()
        at += 12 + size
    return words


def test_the_page_tells_all_of_it_and_its_links_lead_somewhere(demo):
    text = (demo.folder / "demo.html").read_text(encoding="utf-8")
    assert "SIMULATED" in text
    links = re.findall(r'href="([^"]+)"', text)
    assert len(links) >= 15  # each session's own among them
    assert all((demo.folder / unquote(link)).is_file() for link in links)
    steps = json.loads((demo.folder / "demo.json").read_text(encoding="utf-8"))["steps"]
    assert all(step["name"] in text for step in steps)
    assert text.count("95 %") == 1


def test_the_contact_sheet_is_a_picture_that_says_it_is_simulated(demo):
    png = (demo.folder / "contact-sheet.png").read_bytes()
    sheet = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_COLOR)
    assert sheet.shape == SHEET_SIZE_PX
    assert len(np.unique(sheet.reshape(-1, 3), axis=0)) > 500
    words = words_in(png)
    assert words["Simulated"] == "yes"
    session = find(demo, "s01")
    assert all(s.fingerprint in words["Source"] for s in session.manifest.streams.values())


def test_every_moment_on_the_contact_sheet_is_another(demo):
    sheet = cv2.imread(str(demo.folder / "contact-sheet.png"))
    if sheet is None:  # cv2 opens no such names on Windows
        png = (demo.folder / "contact-sheet.png").read_bytes()
        sheet = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_COLOR)
    tiles = [sheet[70:190, 10 + 250 * n : 250 + 250 * n] for n in range(6)]
    for a, b in itertools.combinations(tiles, 2):
        assert np.abs(a.astype(int) - b).mean() > 0.3


@pytest.fixture(scope="module")
def pages(first, place):
    """Every kind of HTML page that taver writes; of pages of one kind only one."""
    assert first.returncode == 0, first.stderr
    found = sorted((place / "taver-demo").rglob("*.html"))
    return [page for page in found if page.parent.name not in ("s02", "s03", "s04")]


def test_every_kind_of_page_is_looked_at(pages):
    there = [path.as_posix() for path in pages]
    for wanted in (
        "demo.html", "labels.html", "rig-report.html", "calib01/report.html", "s01/faces.html",
        "live01/report.html", "tran/report.html", "uran/report.html", "gallery.html",
    ):  # fmt: skip
        assert any(path.endswith(wanted) for path in there), wanted


@pytest.mark.parametrize(("scheme", "wide_px"), [("light", 1100), ("dark", 420)])
def test_no_page_fetches_complains_or_keeps_anybody_out(pages, scheme, wide_px):
    told = {}
    with browsing.browser() as browser:
        page = browser.new_page(color_scheme=scheme, viewport={"width": wide_px, "height": 800})
        asked, said = [], []
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        for path in pages:
            asked.clear()
            said.clear()
            page.goto(path.as_uri())
            found = Axe().run(page).response["violations"]
            violations = [(one["id"], one["nodes"][0]["html"][:200]) for one in found]
            fetched = [url for url in asked if not url.startswith(("data:", path.as_uri()))]
            wide = page.evaluate("document.documentElement.scrollWidth > window.innerWidth")
            if violations or said or fetched or wide:
                told[path.name] = (violations, list(said), fetched, wide)
    assert told == {}
