"""A study that a dataset could be built of, made once; every test has a copy to spoil."""

from __future__ import annotations

import built
import pytest
import studies


@pytest.fixture(scope="session")
def once(tmp_path_factory):
    study = built.study_of(tmp_path_factory.mktemp("refused"), seconds=1.6)
    built.with_faces(study, "s01")
    built.label(study)
    return study


@pytest.fixture
def study(once, tmp_path):
    return studies.copied(once, tmp_path)
