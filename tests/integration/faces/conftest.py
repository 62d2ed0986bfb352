"""A simulated session whose faces were found once; all tests beside this share it."""

import shutil

import faced
import pytest
import studies

from capture.sim.scenario import Person
from taver.core.session.folder import find
from taver.faces import pipeline, schema, store
from taver.faces.kit import kit
from taver.faces.options import Options

HAND_S, AWAY_S, SECONDS = (1.6, 3.4), (4.4, 7.8), 9.2


@pytest.fixture(scope="session")
def the_kit():
    return kit(Options())


@pytest.fixture(scope="session")
def made(tmp_path_factory, the_kit):
    """A study whose one session has its faces found; nobody may change it."""
    person = Person(identity=12, aside_mm=60.0, hand=(HAND_S,), away=(AWAY_S,))
    study = faced.study_of(tmp_path_factory.mktemp("faces"), person, seconds=SECONDS)
    pipeline.make(study, "s01", Options(), the_kit)
    return study


@pytest.fixture(scope="session")
def rows(made):
    group = store.open_faces(find(made, "s01"))
    return {name: group[name][:] for name in schema.SCHEMA}


@pytest.fixture(scope="session")
def truth(made):
    return faced.truth(made)


@pytest.fixture
def copy(made, tmp_path):
    return studies.copied(made, tmp_path)


@pytest.fixture
def short(made, tmp_path):
    """The first dozen frames, not looked through yet."""
    study = studies.copied(made, tmp_path)
    folder = find(study, "s01").folder
    shutil.rmtree(folder / schema.FILE)
    shutil.rmtree(folder / "stages")
    faced.repainted(study, lambda pixels: pixels, frames=12)
    return study
