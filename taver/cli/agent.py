"""taver agent: the devices of this machine, recorded for a master on another one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from taver.cli.base import TaverGroup

if TYPE_CHECKING:
    from taver.cli.console import Console


@click.group(cls=TaverGroup, invoke_without_command=True)
@click.option(
    "--device",
    "devices",
    multiple=True,
    metavar="NAME",
    help="Such as a65, or kinect2:SERIAL; may be repeated.",
)
@click.option("--key", type=click.Path(path_type=Path), help="The key made for this agent.")
@click.option(
    "--listen",
    default="127.0.0.1:7200",
    show_default=True,
    metavar="HOST:PORT",
    help="Where the master finds it (TCP and UDP).",
)
@click.option(
    "--spool",
    type=click.Path(path_type=Path),
    default=Path("taver-spool"),
    show_default=True,
    help="Where recordings wait until they are collected.",
)
@click.pass_context
def agent(
    context: click.Context, devices: tuple[str, ...], key: Path | None, listen: str, spool: Path
) -> None:
    """Record this machine's devices whenever a master says so.

    The master's machine makes the keys (taver agent keygen thermal); the file
    keys/thermal.key is carried here. Only who has the study's master key is
    obeyed. Recordings stay in the spool until the master has them, checked.

    Example: taver agent --device a65 --key thermal.key --listen 0.0.0.0:7200
    """
    if context.invoked_subcommand is not None:
        return
    from taver.core.errors import InputError

    missing = [name for name, given in (("--device", devices), ("--key", key)) if not given]
    if missing or key is None:
        raise InputError(
            f"An agent needs {' and '.join(missing)}",
            fix="for example: taver agent --device a65 --key thermal.key; the key is made on the "
            "master's machine with: taver agent keygen thermal",
        )
    _serve(context.obj, devices, key, listen, spool)


@agent.command()
@click.argument("name", default="agent")
@click.pass_obj
def keygen(console: Console, name: str) -> None:
    """Make the key of an agent called NAME, in this study.

    Run it on the master's machine, carry keys/NAME.key to the sensor's, and
    name the agent in study.toml. No key is ever overwritten.
    """
    from capture.keys.files import make
    from taver.core.extras import need
    from taver.core.study import Study

    need("zmq", extra="capture", to="make keys")
    study = Study.find(Path.cwd())
    path = make(study.keys_folder, name)
    console.result(str(path))
    console.say(
        f"Carry this file to the sensor's machine, by a way that nobody reads, and start there:\n"
        f"  taver agent --device ... --key {path.name} --listen 0.0.0.0:7200\n"
        "Then name the agent in study.toml:\n"
        "  [[capture.agents]]\n"
        f'  name = "{name}"\n'
        '  address = "HOST:7200"'
    )


@agent.command()
@click.argument("session")
@click.pass_obj
def collect(console: Console, session: str) -> None:
    """Bring what agents still hold of SESSION, and check it.

    For a session whose master died, or whose agents were away at its end. It
    goes on where it was interrupted; agents keep a file until it has arrived.
    """
    from capture.master.later import collect_session
    from taver.cli.progress import ConsoleProgress
    from taver.core.session.manifest import State
    from taver.core.study import Study

    with ConsoleProgress(console) as progress:
        made, count = collect_session(Study.find(Path.cwd()), session, progress)
    console.result(f"{made.folder}: {count} files collected, all as they were recorded")
    if made.manifest.state is State.RECORDING:
        console.say(f"What was recorded on this machine: taver session recover {session}")


def _serve(
    console: Console, devices: tuple[str, ...], key_file: Path, listen: str, spool: Path
) -> None:
    import signal

    from capture.agent.agent import Agent
    from capture.agent.choice import choose
    from capture.agent.launch import Launch
    from capture.keys.files import read_agent
    from capture.wire.address import Address

    key = read_agent(key_file)
    serving = Agent(
        Launch(
            name=key.name,
            listen=listen,
            pair=key.pair,
            masters=(key.master_public,),
            devices=choose(devices),
            spool=str(spool.resolve()),
        ),
        say=console.say,
    )
    for kind in (signal.SIGINT, signal.SIGTERM):
        signal.signal(kind, lambda *_: serving.end())
    whom = "this machine alone" if Address.parse(listen, any_port=True).is_loopback else "others"
    console.say(f"agent {key.name} listens at {serving.address} (to {whom}); Ctrl-C ends it")
    serving.run()
    console.say("ended; what was recorded is in the spool")
