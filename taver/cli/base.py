"""What every command shares: the options that work anywhere on the line, and lazy loading."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

import click

from taver.cli.console import Console, Loudness

if TYPE_CHECKING:
    from taver.cli.table import Entry


def _set(name: str, value: object) -> Any:
    def callback(context: click.Context, _: click.Parameter, given: bool) -> None:
        if given:
            setattr(context.find_root().ensure_object(Console), name, value)

    return callback


def common_options() -> list[click.Option]:
    """Return the options that may stand before or after a command's name."""
    flags = {"is_flag": True, "expose_value": False, "is_eager": True}
    return [
        click.Option(
            ["-v", "--verbose"],
            help="Tell more on the way.",
            callback=_set("loudness", Loudness.VERBOSE),
            **flags,
        ),
        click.Option(
            ["-q", "--quiet"],
            help="Print results and errors only.",
            callback=_set("loudness", Loudness.QUIET),
            **flags,
        ),
        click.Option(
            ["--debug"],
            help="Show the traceback of an error.",
            callback=_set("debug", True),
            **flags,
        ),
    ]


class TaverCommand(click.Command):
    """A command with the common options."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.params.extend(common_options())


class TaverGroup(click.Group):
    """A group of such commands."""

    command_class = TaverCommand
    group_class = type

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.params.extend(common_options())


class LazyGroup(TaverGroup):
    """A group whose commands are imported when they are run; its help needs only the table."""

    def __init__(self, *args: Any, table: dict[str, Entry], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._table = table

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  click's signature
        """Return the names in the table, in its order."""
        return list(self._table)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import and return one command, or None if the table has no such name."""
        entry = self._table.get(cmd_name)
        if entry is None:
            return None
        module, _, attribute = entry.target.partition(":")
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """Write the list of commands from the table alone."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.help) for name, entry in self._table.items()])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command; a name that is nearly one gets it as a hint."""
        name = args[0]
        if name not in self._table and not name.startswith("-"):
            import difflib

            close = difflib.get_close_matches(name, self._table, n=1)
            hint = f" Did you mean {close[0]!r}?" if close else ""
            ctx.fail(f"There is no command {name!r}.{hint}")
        return super().resolve_command(ctx, args)
