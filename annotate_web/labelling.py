"""Labels of sessions from the annotations in a database: what `taver labels` runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from annotate_web.db.open import address_of, open_database, shown
from annotate_web.traces import ratings_of
from taver.core.errors import NotFoundError, TaverError
from taver.core.progress import Silent
from taver.core.session.folder import find
from taver.labels.session import label

if TYPE_CHECKING:
    from collections.abc import Sequence

    from annotate_web.db.open import Database
    from taver.core.progress import Progress
    from taver.core.study import Study
    from taver.labels.options import Options
    from taver.labels.session import Made


class Outcome(NamedTuple):
    """What came of one session: its labels were made, or why not."""

    session: str
    made: Made | None
    error: TaverError | None = None

    @property
    def unrated(self) -> bool:
        """Whether it has no labels only because nobody has rated it yet."""
        return isinstance(self.error, NotFoundError)


def run(
    study: Study,
    names: Sequence[str],
    options: Options,
    *,
    database: str | None = None,
    again: bool = False,
    progress: Progress | None = None,
) -> list[Outcome]:
    """Make the labels of these sessions; one that cannot be made does not stop the others.

    Without `database`, an SQLAlchemy URL, they are read from the study's own.
    """
    names = list(dict.fromkeys(names))
    for name in names:
        find(study, name)  # a name that is mistyped is told before anything is done
    told = progress or Silent()
    url = database or study.config.annotation.database
    opened = open_database(address_of(url, study.folder), there=True)
    try:
        told.begin(f"labels of {len(names)} session{'' if len(names) == 1 else 's'}", len(names))
        found = []
        for name in names:
            found.append(_outcome(study, name, options, opened, shown(url), again))
            told.advance()
        return found
    finally:
        opened.close()


def _outcome(
    study: Study, name: str, options: Options, database: Database, source: str, again: bool
) -> Outcome:
    try:
        rated = ratings_of(database, name)
        return Outcome(name, label(study, name, rated, options, source=source, again=again))
    except TaverError as error:
        return Outcome(name, None, error)
