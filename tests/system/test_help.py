"""`taver --help`: at once, from the table alone; every command says what it does."""

import importlib

import children
import click
import pytest

from taver import __version__
from taver.cli.main import taver
from taver.cli.table import COMMANDS
from taver.core.errors import InputError

WIDTH = 80
# What takes long to import, and what a capture or a training machine may not have.
HEAVY = {
    "anny", "cv2", "dask", "dlib", "flask", "imagecodecs", "lightning_fabric", "matplotlib",
    "numcodecs", "numpy", "onnx", "pandas", "rich", "scipy", "simplejpeg", "sqlalchemy", "torch",
    "zarr", "zmq",
}  # fmt: skip
MANY = {"capture": 11}  # a recording has more sides than anything else
_LOADED = "import atexit, sys; atexit.register(lambda: print(*sys.modules, file=sys.stderr))\n"


def loaded_by(*arguments, cwd):
    """Return the packages that a command line loads, and what it printed."""
    done = children.taver(*arguments, cwd=cwd, before=_LOADED)
    assert done.returncode == 0
    return {name.partition(".")[0] for name in done.stderr.splitlines()[-1].split()}, done.stdout


def every_command():
    """Return each command below `taver` with its full name, groups and what is in them."""
    found = {}

    def add(name, command):
        found[name] = command
        for inner in getattr(command, "commands", {}):
            add(f"{name} {inner}", command.commands[inner])
        for inner in getattr(command, "_table", {}):  # a group that is lazy, too
            add(f"{name} {inner}", command.get_command(click.Context(command), inner))

    for name, entry in COMMANDS.items():
        module, _, attribute = entry.target.partition(":")
        add(name, getattr(importlib.import_module(module), attribute))
    return found


ALL = every_command()


def test_help_loads_nothing_heavy_and_no_command(tmp_path):
    packages, out = loaded_by("--help", cwd=tmp_path)
    assert "click" in packages
    assert packages & HEAVY == set()
    assert packages & {"capture", "calibration", "annotate_web"} == set()
    assert all(name in out for name in COMMANDS)


@pytest.mark.parametrize(
    "arguments", [["--version"], ["session", "--help"], ["participant", "--help"]]
)
def test_other_help_is_light_too(tmp_path, arguments):
    packages, _ = loaded_by(*arguments, cwd=tmp_path)
    assert packages & HEAVY == set()


def test_help_lists_every_command_of_the_table_with_its_line(tmp_path):
    out = " ".join(children.taver("--help", cwd=tmp_path).stdout.split())
    for name, entry in COMMANDS.items():
        assert f" {name} {entry.help}" in out


@pytest.mark.parametrize("name", COMMANDS)
def test_every_line_of_the_table_leads_to_a_command_of_that_name(name):
    command = ALL[name]
    assert isinstance(command, click.Command)
    assert command.name == name
    assert COMMANDS[name].help.endswith(".")
    assert COMMANDS[name].help[0].isupper()


@pytest.mark.parametrize("name", COMMANDS)
def test_a_commands_own_help_begins_with_the_verb_of_its_line_in_the_table(name):
    assert ALL[name].help.split()[0] == COMMANDS[name].help.split()[0]


@pytest.mark.parametrize("name", ALL)
def test_every_command_has_help_that_fits_a_terminal_and_few_options(name):
    command = ALL[name]
    context = click.Context(command, info_name=name, parent=click.Context(taver, info_name="taver"))
    context.max_content_width = WIDTH
    context.terminal_width = None
    told = command.get_help(context).splitlines()
    assert all(len(line) <= WIDTH for line in told), told
    assert not [line for line in told[1:] if line.endswith("...")]  # no sentence is cut off
    assert command.help.splitlines()[0].endswith((".", ":"))
    options = [p for p in command.params if isinstance(p, click.Option)]
    assert len(options) - 3 <= MANY.get(name, 10)  # -v, -q and --debug stand everywhere
    assert all(option.help and option.help.strip().endswith((".", "]")) for option in options)


def test_without_a_command_the_help_is_shown_and_nothing_was_done(tmp_path):
    done = children.taver(cwd=tmp_path)
    assert done.returncode == InputError.exit_code
    assert "Commands:" in done.stderr
    assert done.stdout == ""


def test_the_version_is_told(tmp_path):
    done = children.taver("--version", cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, f"taver {__version__}\n", "")


@pytest.mark.parametrize("option", ["-v", "--verbose", "-q", "--quiet", "--debug"])
@pytest.mark.parametrize("place", range(3))
def test_the_common_options_may_stand_anywhere(study, cli, option, place):
    words = ["session", "ls"]
    words.insert(place, option)
    done = cli(study, *words)
    assert (done.code, done.out) == (0, "")
    assert done.err == ("" if "-q" in option else "No sessions yet.\n")


@pytest.mark.parametrize("name", ALL)
def test_every_command_takes_the_common_options(study, cli, name):
    for option in ("-v", "-q", "--debug"):
        assert cli(study, *name.split(), option, "--help").code == 0


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        (["sesion"], "session"),
        (["statsu"], "status"),
        (["session", "lss"], "ls"),
        (["session", "recove"], "recover"),
        (["participant", "wihdraw"], "withdraw"),
        (["status", "--quite"], "--quiet"),
    ],
    ids=" ".join,
)
def test_what_is_nearly_a_command_or_an_option_gets_a_suggestion(study, cli, typed, meant):
    done = cli(study, *typed)
    assert done.code == InputError.exit_code
    assert "id you mean" in done.err
    assert meant in done.err


def test_what_is_like_no_command_leads_to_the_help(study, cli):
    done = cli(study, "xyzzy")
    assert done.code == InputError.exit_code
    assert "mean" not in done.err
    assert "taver --help" in done.err
