"""What README and docs say is so: commands, links, settings, keys and pictures."""

import ast
import re
import shlex
import tomllib
from urllib.parse import unquote

import click
import house
import msgspec
import pytest
import reference
from typed import ROOT, blocks, commands

from taver.cli.main import taver
from taver.core.study import StudyConfig

DOCS = sorted((ROOT / "docs").rglob("*.md"))
PAGES = [ROOT / "README.md", *DOCS, ROOT / "CONTRIBUTING.md", ROOT / "examples" / "README.md"]
HOW_TOS = sorted((ROOT / "docs" / "howto").glob("*.md"))
PACKAGES = "taver|capture|calibration|annotate_web"
LSL = {"color frames", "markers"}  # names of streams, which are no commands
every_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)


def found(words):
    """Return the command that these words name, its own context, and the words behind the name."""
    command, context, rest = taver, click.Context(taver), list(words)
    while isinstance(command, click.Group) and rest:
        if command.invoke_without_command and rest[0].startswith("-"):
            break  # taver agent does something by itself, too
        name = rest.pop(0)
        command = command.get_command(context, name)
        if command is None:
            break
    return command, rest


def test_readme_has_the_two_commands_for_a_fresh_machine():
    lines = (ROOT / "README.md").read_text("utf-8").splitlines()
    assert "pip install -c constraints.txt '.[all]' && taver demo" in lines
    assert "pip install -c constraints.txt '.[all,test]' && pytest" in lines


@every_page
def test_every_command_in_the_docs_is_one_that_taver_understands(page):
    for line, _ in commands(page):
        words = shlex.split(line)
        if words[0] != "taver":
            continue
        command, rest = found(words[1:])
        assert command is not None, f"{page.name}: {line}"
        command.make_context(command.name, rest)


@every_page
def test_commands_within_sentences_exist_with_their_options(page):
    text = re.sub(r"(?ms)^\s*```.*?^\s*```", "", page.read_text("utf-8"))
    for line in re.findall(r"`taver\s([^`]+)`", text):
        words = line.replace(",", " ").split()
        if line in LSL or words[0].startswith("-"):
            continue
        command, rest = found(words)
        assert command is not None, f"{page.name}: taver {line}"
        known = {name for one in command.params for name in one.opts + one.secondary_opts}
        asked = {word.partition("=")[0] for word in rest if re.fullmatch(r"--[a-z-]+.*", word)}
        assert asked <= known | {"--help", "--debug", "--verbose", "--quiet"}, f"taver {line}"


@every_page
def test_scripts_and_files_of_the_repository_that_pages_name_are_there(page):
    for block in blocks(page):
        for path in re.findall(r"(?:python|pytest)\s+((?:tests|examples)/[\w/.]+)", block.text):
            assert (ROOT / path).exists(), f"{page.name}: {path}"
    text = page.read_text("utf-8")
    places = re.findall(rf"`((?:tests|examples|docs|\.ci|{PACKAGES})/[\w/.]+)`", text)
    if page.name == "paper.md":
        dotted = re.findall(rf"`((?:{PACKAGES})\.[\w.]+)", text)
        places += [name.replace(".", "/") for name in dotted]
    for path in places:
        assert there(path), f"{page.name}: {path}"


def there(path):
    """Whether a file, folder, module, or something that a module defines is there."""
    inside = ROOT / path
    if inside.exists() or inside.with_name(f"{inside.name}.py").exists():
        return True
    for module in (inside.parent / "__init__.py", inside.parent.with_suffix(".py")):
        if module.exists() and re.search(rf"\b{inside.name}\b", module.read_text("utf-8")):
            return True
    return False


@every_page
def test_links_between_the_pages_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text("utf-8")):
        if target.startswith("http"):
            continue
        path, _, anchor = unquote(target).partition("#")
        there = page.parent / path if path else page
        assert there.exists(), target
        if anchor:
            assert anchor in anchors(there), target


def anchors(page):
    """Return how the headings of a page are linked to: as GitHub names them."""
    text = re.sub(r"(?ms)^\s*```.*?^\s*```", "", page.read_text("utf-8"))
    headings = re.findall(r"(?m)^#+ (.+)$", text)
    plain = [re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading) for heading in headings]
    return {re.sub(r"[^\w\- ]", "", one.lower()).replace(" ", "-") for one in plain}


def test_the_index_leads_to_every_page():
    text = (ROOT / "docs" / "README.md").read_text("utf-8")
    linked = {(ROOT / "docs" / link).resolve() for link in re.findall(r"\]\(([^)#]+)", text)}
    assert {page.resolve() for page in DOCS} - linked == {(ROOT / "docs" / "README.md").resolve()}


@pytest.mark.parametrize("page", HOW_TOS, ids=lambda page: page.stem)
def test_a_how_to_says_what_for_how_and_how_far_it_was_tried(page):
    text = page.read_text("utf-8")
    assert "**Goal:**" in text
    assert "**You need**" in text
    assert "## How this was tested" in text
    assert "## When it goes wrong" in text
    assert len(text.splitlines()) < 180


# What a study has that says nothing: a setting that is not read would leave it as it is.
USUAL = msgspec.convert({"study": {"name": "x"}}, StudyConfig)


@every_page
def test_settings_of_studies_are_what_taver_reads(page):
    for block in blocks(page):
        if block.language != "toml":
            continue
        told = tomllib.loads(block.text)
        parts = {name: told[name] for name in ("capture", "annotation") if name in told}
        if parts:
            read = msgspec.convert({"study": {"name": "x"}, **parts}, StudyConfig)
            assert all(getattr(read, name) != getattr(USUAL, name) for name in parts)


def test_the_reference_of_all_commands_is_what_they_say_themselves():
    assert reference.PAGE.read_text("utf-8") == reference.page(), (
        "run: python tests/support/reference.py"
    )


def is_none(node):
    """Whether a piece of a program is the word None."""
    return isinstance(node, ast.Constant) and node.value is None


@pytest.mark.parametrize(
    "script", sorted((ROOT / "tests" / "bench").glob("*.py")), ids=lambda script: script.stem
)
def test_every_key_with_a_bar_stands_in_the_chapter_of_figures(script):
    """Keys are read off the script: importing it would load what it measures."""
    keys = set()
    for node in ast.walk(ast.parse(script.read_text("utf-8"))):
        named = isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "BARS"
        if named and isinstance(node.value, ast.Dict):
            bars = zip(node.value.keys, node.value.values, strict=True)
            keys |= {key.value for key, bar in bars if not is_none(bar.elts[0])}
        elif named:
            keys |= {call.args[0].value for call in node.value.elts}
    text = (ROOT / "docs" / "bench.md").read_text("utf-8")
    (part,) = re.findall(rf"(?ms)^## {script.stem}$(.*?)(?=^## |\Z)", text) or [text]
    assert keys <= set(re.findall(r"`(\w+)`", part))


def test_the_picture_of_the_house_is_drawn_from_its_imports():
    assert house.PICTURE.read_text("utf-8") == house.picture(), "run: python tests/support/house.py"
