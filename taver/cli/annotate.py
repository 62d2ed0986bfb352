"""taver annotate: people rate clips in their browsers."""

from __future__ import annotations

import click

from taver.cli.base import LazyGroup
from taver.cli.table import Entry

COMMANDS = {
    "add": Entry("taver.cli.annotate_add:add", "Make clips of a session, and their films."),
    "assign": Entry("taver.cli.annotate_assign:assign", "Give a clip to somebody, or take it."),
    "backup": Entry("taver.cli.annotate_keep:backup", "Copy all annotations into one file."),
    "deal": Entry("taver.cli.annotate_people:deal", "Give each clip the annotators it lacks."),
    "export": Entry("taver.cli.annotate_export:export", "Write annotations for other programs."),
    "import": Entry("taver.cli.annotate_import:import_", "Take traces of other tools as ratings."),
    "people": Entry("taver.cli.annotate_people:people", "Invite annotators and look after them."),
    "restore": Entry("taver.cli.annotate_keep:restore", "Bring a backup back."),
    "serve": Entry("taver.cli.annotate_serve:serve", "Let annotators in, by their browsers."),
    "status": Entry("taver.cli.annotate_status:status", "Show how far each clip has come."),
}


@click.group(cls=LazyGroup, table=COMMANDS)
def annotate() -> None:
    """Let people rate arousal and valence of clips in their browsers.

    A campaign: add clips, serve, invite annotators, deal the clips out, look at
    the dashboard, export; then taver labels.
    """
