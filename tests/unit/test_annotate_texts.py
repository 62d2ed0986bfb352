"""What people read: every text in every language, and instructions as a study writes them."""

import re

import pytest

from annotate_web.texts import catalogue, instructions, markdown
from taver.core.errors import DataError

WEB = catalogue.FOLDER.parent


@pytest.mark.parametrize("language", list(catalogue.LANGUAGES))
def test_every_language_has_every_text_with_the_same_fields(language):
    english, other = catalogue.of("en"), catalogue.of(language)
    assert set(english) == set(other)
    for key, said in english.items():
        assert sorted(set(re.findall(r"{\w+}", said))) == sorted(
            set(re.findall(r"{\w+}", other[key]))
        ), key


def test_every_text_that_a_page_asks_for_is_there():
    asked = set()
    for path in [*WEB.glob("templates/**/*.html"), *WEB.glob("pages/*.py")]:
        asked |= set(re.findall(r'\b(?:t|said)\("([a-z_]+\.[a-z_]+)"[,)]', path.read_text("utf-8")))
    for path in WEB.glob("static/**/*.js"):
        asked |= set(
            re.findall(r'[("?: ]"((?:sitting|state|door)\.[A-Za-z_]+)"', path.read_text("utf-8"))
        )
    assert len(asked) > 60
    assert asked <= set(catalogue.of("en"))


def test_fields_are_filled_and_others_left_alone():
    assert catalogue.text("en", "clips.progress", done=1, all=3) == "1 of 3 done"
    assert catalogue.text("en", "clips.progress", done=1) == "1 of {all} done"
    assert catalogue.text("ko", "nav.clips") == "내 영상"
    assert catalogue.text("xx", "nav.clips") == "My clips"


def test_the_first_language_that_there_is_is_chosen():
    assert catalogue.chosen([None, "fr", "ko-KR", "en"]) == "ko"
    assert catalogue.chosen(["fr"]) == catalogue.chosen([]) == "en"


@pytest.mark.parametrize("language", list(catalogue.LANGUAGES))
def test_there_are_three_pages_of_instructions(language):
    pages = instructions.pages(language)
    assert len(pages) == 3
    assert all(page.title and page.html.startswith("<h1>") for page in pages)


def test_a_studys_own_pages_are_shown_instead(tmp_path):
    (tmp_path / "ko").mkdir()
    (tmp_path / "ko" / "1.md").write_text("# 우리 안내\n\n본문", "utf-8")
    own = instructions.pages("ko", tmp_path)
    assert [page.title for page in own] == ["우리 안내"]
    # Better in another language than other instructions.
    assert instructions.pages("en", tmp_path) == own
    (tmp_path / "en").mkdir()
    (tmp_path / "en" / "a.md").write_text("# Ours", "utf-8")
    assert instructions.pages("en", tmp_path)[0].title == "Ours"
    assert len(instructions.pages("en", tmp_path / "nowhere")) == 3


def test_instructions_that_are_no_text_are_told(tmp_path):
    (tmp_path / "en").mkdir()
    (tmp_path / "en" / "1.md").write_bytes(b"\xff\xfe\x00bad")
    with pytest.raises(DataError, match="not UTF-8"):
        instructions.pages("en", tmp_path)


def test_markdown_becomes_html():
    text = "# A\n\nOne *two* **three** `W`\nfour\n\n- a\n  b\n- c\n\n1. x\n\n> mind\n> this"
    made = markdown.to_html(text)
    assert made == (
        "<h1>A</h1>\n<p>One <em>two</em> <strong>three</strong> <kbd>W</kbd> four</p>\n"
        "<ul><li>a b</li><li>c</li></ul>\n<ol><li>x</li></ol>\n"
        '<div class="note"><p>mind this</p></div>'
    )


def test_a_table_has_a_head():
    made = markdown.to_html("| a | b |\n|---|---|\n| 1 | 2 |")
    assert '<th scope="col">a</th>' in made
    assert made.count("<tr>") == 2
    assert "<td>2</td>" in made


@pytest.mark.parametrize(
    "evil",
    ["<script>alert(1)</script>", "[x](javascript:alert(1))", '[x](/a"onclick="y)', "[x](//evil)"],
)
def test_nothing_in_markdown_is_markup_of_its_own(evil):
    made = markdown.to_html(evil)
    assert "<script" not in made
    assert "javascript:" not in re.sub(r">[^<]*<", "><", made)
    assert 'onclick="' not in made
    assert 'href="//' not in made
