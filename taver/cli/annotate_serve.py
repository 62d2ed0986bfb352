"""taver annotate serve: the server that annotators' browsers come to."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from taver.cli.annotate_place import database_option
from taver.cli.base import TaverCommand

if TYPE_CHECKING:
    from collections.abc import Callable

    from taver.cli.console import Console
    from taver.core.study import Study


@click.command(cls=TaverCommand)
@click.option(
    "--listen", default="127.0.0.1:7300", show_default=True, metavar="HOST:PORT", help="Where."
)
@click.option(
    "--tls",
    nargs=2,
    type=click.Path(path_type=Path),
    metavar="CERT KEY",
    help="Speak HTTPS with this certificate and its key (PEM).",
)
@click.option(
    "--behind-proxy",
    metavar="ADDRESS",
    default="",
    help="Obey only the HTTPS web server that asks from this address.",
)
@click.option("--public-url", metavar="URL", default="", help="How annotators' browsers find it.")
@database_option
@click.option(
    "--media",
    type=click.Path(path_type=Path),
    help="The folder with the clips' films.  [default: the study's]",
)
@click.pass_obj
def serve(
    console: Console,
    listen: str,
    tls: tuple[Path, Path] | None,
    behind_proxy: str,
    public_url: str,
    database: str | None,
    media: Path | None,
) -> None:
    """Let annotators in, by their browsers, until Ctrl-C.

    Without options it can be reached from this machine alone. The first start
    prints a password for the first administrator, for one time.

    Example: taver annotate serve --listen 0.0.0.0:7300 --tls cert.pem key.pem
    --public-url https://annotate.example.org:7300
    """
    from taver.core.extras import need

    for module in ("flask", "sqlalchemy", "waitress", "argon2", "flask_login", "flask_wtf"):
        need(module, extra="web", to="serve annotators")
    from annotate_web.auth.accounts import FIRST, ensure_administrator, not_begun
    from annotate_web.db.open import open_database
    from annotate_web.serve import listening
    from annotate_web.serve import serve as run
    from annotate_web.settings import Settings
    from taver.cli.annotate_place import place_of

    certificate, key = tls or (None, None)
    where = listening(
        listen, certificate=certificate, key=key, proxy=behind_proxy, public_url=public_url
    )
    place = place_of(database, media)
    opened = open_database(place.url)
    try:

        def started(address: str) -> None:
            console.result(address)
            # Not before it listens: a password that nobody was shown would be spent.
            if password := ensure_administrator(opened, time.time_ns()):
                console.result(f"{FIRST}, password for the first log-in: {password}")
            elif name := not_begun(opened):
                console.say(
                    f"{name} has yet to choose a password; if the first one was lost: "
                    f"taver annotate people password {name}"
                )
            console.say(f"Annotations go to {opened.called}. Ctrl-C stops the server.")

        settings = Settings(database=place.url, media=place.media, refusal=_refusal_of(place.study))
        run(settings, where, opened, started)
    finally:
        opened.close()
    console.say("stopped; nothing that was acknowledged is lost")


def _refusal_of(study: Study | None) -> Callable[[str, bool], str]:
    """Return what tells why films of a session may not be shown today, or nothing."""
    from annotate_web.media.practice import NAME as DRAWN
    from taver.core.errors import TaverError
    from taver.core.frames import Modality
    from taver.core.session import agreed
    from taver.core.session.folder import find

    def refusal(session: str, with_sound: bool) -> str:
        if study is None or session == DRAWN:  # it shows nobody
            return ""
        try:
            shown = (Modality.COLOR, *((Modality.SOUND,) if with_sound else ()))
            agreed.require(study, find(study, session).manifest, shown)
        except TaverError as error:
            return error.what
        return ""

    return refusal
