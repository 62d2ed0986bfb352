"""Pages: self-contained, nothing of what people typed becomes markup, simulated said loudly."""

import re
from html.parser import HTMLParser

import pytest

from taver.core import page
from taver.core.page import Markup

NASTY = "<script>alert(\"x\")</script> & 'quotes'"


class Balance(HTMLParser):
    """Checks that every tag that opens is closed, in order."""

    VOID = frozenset({"meta", "img", "br", "input", "hr", "link"})

    def __init__(self):
        super().__init__()
        self.open, self.seen, self.words = [], [], []

    def handle_starttag(self, tag, attributes):
        self.seen.append((tag, dict(attributes)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)


def parsed(markup):
    parser = Balance()
    parser.feed(markup)
    parser.close()
    assert parser.open == []
    return parser


@pytest.fixture
def whole():
    return page.page(
        NASTY,
        page.section(NASTY, page.text(NASTY), page.note(NASTY, "warn"), page.facts({NASTY: NASTY})),
        page.table([NASTY, "n"], [[NASTY, 1], ["b", 2]], right="lr"),
        page.side_by_side(page.picture(b"\x89PNG", NASTY), page.drawing("<svg></svg>", NASTY)),
        simulated=True,
        about=NASTY,
    )


def test_nothing_that_people_typed_becomes_markup(whole):
    seen = parsed(whole)
    assert "script" not in [tag for tag, _ in seen.seen]
    assert sum(NASTY in words for words in seen.words) >= 10
    assert [a["alt"] for tag, a in seen.seen if tag == "img"] == [NASTY]


def test_nothing_is_fetched_from_anywhere(whole):
    for tag, attributes in parsed(whole).seen:
        assert tag not in {"link", "iframe", "object"}
        assert str(attributes.get("src", "data:")).startswith("data:")
    assert not re.search(r"url\(|@import|https?://", page.STYLE)


def test_it_says_loudly_that_it_is_simulated_and_only_then(whole):
    assert ">SIMULATED<" in whole
    assert ">SIMULATED<" not in page.page("real", page.text("x"))


def test_a_table_whose_rows_do_not_fit_its_columns_is_refused():
    with pytest.raises(ValueError, match="zip"):
        page.table(["a"], [["b", "c"]])


def test_numbers_stand_on_the_right_where_asked():
    cells = re.findall(r"<td([^>]*)>", page.table(["a", "b"], [["x y", 1]], right="lr"))
    assert cells == ["", ' class="right"']


def test_a_name_in_a_table_is_not_broken_and_a_sentence_is():
    table = page.table(["a", "b"], [["s01-interview", "and " * 9]])
    assert '<td class="word">s01-interview</td><td>and' in table


def luminance(color):
    parts = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("name", ["ink", "faint", "accent", "good", "warn", "bad"])
def test_words_can_be_read_in_light_and_dark(dark, name):
    """By WCAG 2: a contrast of 4.5 at least, on the paper and on a card."""
    light, night = page.STYLE.split("@media (prefers-color-scheme: dark)")[:2]
    colors = dict(re.findall(r"--(\w+): (#[0-9a-f]{6})", night if dark else light))
    for ground in ("paper", "card"):
        pair = sorted((luminance(colors[name]), luminance(colors[ground])))
        assert (pair[1] + 0.05) / (pair[0] + 0.05) >= 4.5, (name, ground)


def test_parts_are_joined_in_order():
    assert page.join([Markup("<p>a</p>"), Markup("<p>b</p>")]) == "<p>a</p>\n<p>b</p>"
