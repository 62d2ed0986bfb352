"""What README and docs tell people to type is typed here."""

import re
import shlex

import click
import pytest
import reference
from typed import ROOT, typed

from taver.cli.main import taver

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), ROOT / "CONTRIBUTING.md"]


def test_readme_has_the_two_commands_for_a_fresh_machine():
    lines = (ROOT / "README.md").read_text("utf-8").splitlines()
    assert "pip install -c constraints.txt '.[all]' && taver demo" in lines
    assert "pip install -c constraints.txt '.[all,test]' && pytest" in lines


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_in_the_docs_is_one_that_taver_understands(page):
    for line in typed(page):
        words = shlex.split(line)
        if words[0] != "taver":
            continue
        command, context = taver, click.Context(taver)
        rest = words[1:]
        while isinstance(command, click.Group):
            if command.invoke_without_command and rest[0].startswith("-"):
                break  # taver agent does something by itself, too
            name = rest.pop(0)
            found = command.get_command(context, name)
            assert found is not None, f"{page.name}: {line}"
            command = found
        command.make_context(command.name, rest)


def test_the_reference_of_all_commands_is_what_they_say_themselves():
    assert reference.PAGE.read_text("utf-8") == reference.page(), (
        "run: python tests/support/reference.py"
    )


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_between_the_pages_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)#]+)", page.read_text("utf-8")):
        if not target.startswith("http"):
            assert (page.parent / target).exists(), target
