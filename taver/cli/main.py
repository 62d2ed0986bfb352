"""The `taver` command: finds the subcommand, and turns every error into words."""

from __future__ import annotations

import io
import sys
import traceback

import click

from taver import __version__
from taver.cli.base import LazyGroup
from taver.cli.console import Console
from taver.cli.table import COMMANDS
from taver.core.errors import InputError, MissingExtraError, TaverError
from taver.core.storage import explain

UNEXPECTED = 70
INTERRUPTED = 130


@click.group(
    cls=LazyGroup,
    table=COMMANDS,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 80},
)
@click.version_option(__version__, message="taver %(version)s")
def taver() -> None:
    """Record faces in colour, depth and heat; annotate, build datasets, train.

    Run `taver COMMAND --help` for one command, `taver doctor` to see what is
    installed, and `taver demo` to see it all at work.
    """


def main() -> None:
    """Run the command line and leave with its exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a folder's name may be more than it can show
            stream.reconfigure(errors="backslashreplace")
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run one command line; return its exit code, never a traceback unless asked for."""
    console = Console()
    try:
        code = taver.main(arguments, prog_name="taver", standalone_mode=False, obj=console)
    except TaverError as error:
        _trace(console)
        console.error(error)
        return error.exit_code
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message(), err=True)
        return InputError.exit_code
    except click.ClickException as error:
        _trace(console)
        console.error(InputError(error.format_message(), fix=f"see: {_help_of(error)}"))
        return InputError.exit_code
    except (KeyboardInterrupt, click.Abort):
        _trace(console)
        click.echo("stopped", err=True)
        return INTERRUPTED
    except OSError as error:
        _trace(console)
        told = explain(error, error.filename or "a file")
        console.error(told)
        return told.exit_code
    except ModuleNotFoundError as error:
        from taver.cli.lacking import lacking

        _trace(console)
        said = lacking(error) or _unexpected(error)
        console.error(said)
        return said.exit_code if isinstance(said, MissingExtraError) else UNEXPECTED
    except Exception as error:  # noqa: BLE001  the last net: a person must not meet a traceback
        _trace(console)
        console.error(_unexpected(error))
        return UNEXPECTED
    return code if isinstance(code, int) else 0


def _unexpected(error: Exception) -> TaverError:
    return TaverError(
        f"taver met something it did not expect: {type(error).__name__}: {error}",
        fix="run it again with --debug and report what it prints",
    )


def _help_of(error: click.ClickException) -> str:
    context = getattr(error, "ctx", None)
    return f"{context.command_path if context else 'taver'} --help"


def _trace(console: Console) -> None:
    if console.debug:
        traceback.print_exc()
