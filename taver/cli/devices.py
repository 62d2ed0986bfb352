"""taver devices: which cameras and microphones are there."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

import click

from taver.cli.base import TaverCommand
from taver.core.shell import in_steps

if TYPE_CHECKING:
    from capture.devices import Answer
    from taver.cli.console import Console

COLUMNS = ("driver", "model", "serial", "address", "firmware")
_WIDTH = 76  # columns, besides the margin


@click.command(cls=TaverCommand)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON list instead of a page.")
@click.pass_obj
def devices(console: Console, *, as_json: bool) -> int:
    """List the devices that the installed drivers find.

    Cameras in the network have a second to answer. Simulated rigs, recorded
    sessions and GenTL producers are chosen, never found. A driver that lacks
    something here is told with the line that installs it. Leaves with 1 if a
    driver failed when it was asked.
    """
    from capture.devices import doubles, survey

    answers = survey()
    if as_json:
        import msgspec

        console.result(msgspec.json.encode(answers).decode())
    else:
        _page(console, answers)
    for driver, serial, where in doubles(answers):
        console.warn(
            f"{driver} finds {len(where)} devices of the serial {serial}, at {', '.join(where)}",
            fix="unplug all but one: a recording could not tell them apart",
        )
    return 1 if any(answer.problem for answer in answers) else 0


def _page(console: Console, answers: list[Answer]) -> None:
    rows = [
        (
            answer.driver,
            f"{device.model} (simulated)" if device.simulated else device.model,
            device.serial,
            device.address or "-",
            device.firmware or "-",
        )
        for answer in answers
        for device in answer.devices
    ]
    if rows:
        console.table(COLUMNS, rows)
    else:
        console.result("No device was found.")
    idle = [a.driver for a in answers if not (a.devices or a.install or a.problem)]
    if idle:
        _section(console, "Nothing found by", textwrap.wrap(", ".join(idle), _WIDTH))
    _section(
        console,
        "Cannot look here",
        [
            line
            for a in answers
            if a.install
            for line in (a.driver, *(f"  {piece}" for piece in in_steps(a.install)))
        ],
    )
    _section(
        console,
        "Failed when asked",
        [line for a in answers if a.problem for line in (f"{a.driver}: {a.problem}", f"  {a.fix}")],
    )


def _section(console: Console, title: str, lines: list[str]) -> None:
    if lines:
        console.result("")
        console.result(click.style(title, bold=True))
        for line in lines:  # those to be copied are as long as they are
            console.result(f"  {line}")
