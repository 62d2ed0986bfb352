"""A campaign that is rated once; each test has a copy of its database."""

from __future__ import annotations

import time

import leading
import pytest
from exchanging import SECOND

from annotate_web.assign import change
from annotate_web.db.open import open_database


@pytest.fixture(scope="session")
def once(tmp_path_factory):
    """A campaign in a database that nobody may change."""
    path = tmp_path_factory.mktemp("campaign") / "annotations.sqlite"
    database = open_database(f"sqlite:///{path}")
    made = leading.campaign(database, None, frames=(300, 140))
    left_out = made.assignments[SECOND, "rater-4"]
    change.exclude(database, None, left_out, "was interrupted", time.time_ns())
    database.close()
    return path, made


@pytest.fixture
def campaign(once, tmp_path):
    path, made = once
    (tmp_path / "annotations.sqlite").write_bytes(path.read_bytes())
    database = open_database(f"sqlite:///{tmp_path / 'annotations.sqlite'}")
    yield database, made
    database.close()
