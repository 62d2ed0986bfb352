"""Annotations on their way out and in: gathered, as tables, and all that the database has."""

from __future__ import annotations

import csv
import io

import sqlalchemy as sa

from annotate_web.db import tables
from annotate_web.exchange import gather
from annotate_web.lead.rated import in_use

FIRST, SECOND, EMPTY = (f"s01-interview-{n}" for n in (1, 2, 3))


def gathered(database, *names):
    with database.reading() as connection:
        rows = [row for row in in_use(connection) if not names or row.name in names]
        return gather.gather(connection, rows)


def table(data):
    return list(csv.DictReader(io.StringIO(data.decode())))


def one_table(tmp_path, text, name="tool.csv"):
    path = tmp_path / name
    path.write_text(text)
    return path


def state_of(database):
    changed = (tables.users, tables.assignments, tables.sittings, tables.events, tables.audit)
    with database.reading() as connection:
        return [connection.execute(sa.select(table)).all() for table in changed]
