"""A study of two people and its dataset, built once; all tests beside this share them."""

from __future__ import annotations

import built
import making
import pytest
import studies

import taver.dataset


@pytest.fixture(scope="session")
def studied(tmp_path_factory):
    """Two people with faces and labels, and their dataset; nobody may change it."""
    study = built.study_of(tmp_path_factory.mktemp("dataset"), seconds=making.SECONDS)
    built.twin(study, "s01", "s02", "P02")
    built.with_faces(study, "s01")  # those of s02 are found on the way
    for name in ("s01", "s02"):
        built.label(study, name)
    study.made = making.make(study)
    return study


@pytest.fixture(scope="session")
def data(studied):
    return taver.dataset.open(studied.folder / "dataset.zarr")


@pytest.fixture
def copy(studied, tmp_path):
    return studies.copied(studied, tmp_path)
