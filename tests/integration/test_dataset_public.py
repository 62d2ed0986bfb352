"""A dataset that leaves the lab holds what was agreed to, and nothing that tells who or when."""

from __future__ import annotations

import json
import socket

import built
import msgspec
import numpy as np
import pytest
import studies
import zarr

import taver.dataset
from taver.core.consent import Audience, Scope
from taver.core.study import Study
from taver.dataset.build.run import build
from taver.dataset.config import BuildConfig
from taver.dataset.documents.make import make
from taver.dataset.documents.told import Told
from taver.dataset.select import ClipOptions

PUBLIC, LAB = Audience.PUBLIC, Audience.LAB
MARK = "planted-marker"


def agree(study, person, pictures, **audiences):
    scopes = {Scope(name): audience for name, audience in audiences.items()}
    form = studies.form(pictures=pictures)
    study.participants.sign(
        person, msgspec.structs.replace(form, form=f"{MARK}-form", scopes=scopes)
    )


def plant(study, session, rater):
    """Write words that must not go out into everything that a session says of itself."""
    path = study.sessions_folder / session / "session.json"
    told = json.loads(path.read_text())
    told["simulated"] = False
    told["phases"][0]["name"] = f"{MARK}-phase"
    for device in told["devices"]:
        device |= {"model": f"{MARK}-model", "address": f"{MARK}-address", "firmware": MARK}
    path.write_text(json.dumps(told))
    clips = {f"{MARK}-clip": built.color_ns(study, session)}
    built.label(study, session, clips=clips, raters=(f"{MARK}-{rater}", f"{MARK}-ben"))


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """Three people, who agreed to different things, with words planted everywhere."""
    made = built.study_of(tmp_path_factory.mktemp("public"), people=1, seconds=1.0)
    built.twin(made, "s01", f"{MARK}-s02", "P02")
    built.twin(made, "s01", "s03", "P03")
    agree(made, "P01", True, color=PUBLIC, depth=PUBLIC, thermal=PUBLIC, landmarks=PUBLIC)
    agree(made, "P02", False, color=LAB, depth=PUBLIC, thermal=LAB, landmarks=LAB)
    agree(made, "P03", True, color=LAB, depth=LAB, thermal=PUBLIC, landmarks=PUBLIC)
    config = made.folder / "study.toml"
    config.write_text(config.read_text().replace('name = "datasets"', f'name = "{MARK}-study"'))
    made = Study(made.folder)
    for session, rater in (("s01", "anna"), (f"{MARK}-s02", "kim"), ("s03", "anna")):
        plant(made, session, rater)
    return made


@pytest.fixture(scope="module")
def release(study):
    store = study.folder / "release.zarr"
    build(study, str(store), BuildConfig(clips=ClipOptions(length=4)), audience=PUBLIC)
    make(taver.dataset.open(store), Told(), study=study)
    return store


def test_each_person_gives_what_they_agreed_to(release):
    data = taver.dataset.open(release)
    assert {name: [str(m) for m in one.modalities] for name, one in data.recordings.items()} == {
        "P01-1": ["color", "depth", "thermal"], "P02-1": ["depth"], "P03-1": ["thermal"],
    }  # fmt: skip
    for name, shared in (("P01-1", True), ("P02-1", False), ("P03-1", True)):
        for column in ("landmarks", "head_mm", "pose_deg"):
            values = data.recordings[name].column(column)
            assert np.isfinite(values).any() == shared, (name, column)
    assert sorted(path.name for path in (release / "recordings" / "P02-1").iterdir()) == sorted(
        ["zarr.json", "depth", "depth_valid", "depth_ns", "time_ns", "face", "landmarks",
         "pose_deg", "head_mm", "arousal", "valence", "arousal_raters", "valence_raters"]
    )  # fmt: skip


def test_nothing_in_it_or_beside_it_tells_who_when_or_where(study, release):
    told = json.loads((study.sessions_folder / "s01" / "session.json").read_text())
    words = [
        MARK, "s01", "s03", str(study.folder), study.folder.name, socket.gethostname(),
        str(told["epoch"]["unix_ns"])[:8], *(device["serial"] for device in told["devices"]),
        *(one["fingerprint"] for s in told["streams"].values() for one in s["pieces"]),
    ]  # fmt: skip
    places = [release, *release.rglob("*"), *release.with_name("release.about").rglob("*")]
    for path in places:
        # A name of three letters may stand in compressed pixels by chance.
        exact = [word for word in words if len(word) > 6 or not path.name.startswith("c.")]
        inside = str(path.relative_to(release.parent))
        data = path.read_bytes() if path.is_file() else b""
        if path.suffix == ".html":
            continue
        assert not [word for word in exact if word in inside or word.encode() in data], path
    page = (release.with_name("release.about") / "gallery.html").read_text("utf-8")
    assert not [word for word in words if len(word) > 6 and word in page]
    for _, array in zarr.open_group(release, mode="r").members(max_depth=None):
        if isinstance(array, zarr.Array):
            assert MARK.encode() not in np.asarray(array[...]).tobytes()
            assert abs(np.nan_to_num(np.asarray(array[...], np.float64))).max() < 1e11, array.path


def test_without_a_title_of_its_own_it_is_called_as_its_folder_and_not_as_the_study(study, release):
    assert study.name == f"{MARK}-study"
    datasheet = release.with_name("release.about") / "datasheet.md"
    assert datasheet.read_text("utf-8").startswith("# release\n")


def test_pictures_are_shown_of_those_who_allow_it_alone(release):
    page = (release.with_name("release.about") / "gallery.html").read_text("utf-8")
    assert "P01-1 · P01" in page
    assert "P02-1 · P02" not in page
    assert "1 recording is not shown" in page


def test_a_guessed_name_of_a_rater_cannot_be_tried_on_a_digest(release):
    # The same was said in all three, of the first by others than of the second.
    data = taver.dataset.open(release)
    digests = {one.attributes["made"]["labels"] for one in data.recordings.values()}
    assert len(digests) == 1
