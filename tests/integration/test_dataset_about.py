"""What is told of a dataset is so: figures, checks, differences, documents, gallery."""

from __future__ import annotations

import csv
import datetime as dt
import json
import shutil
import subprocess

import browsing
import datasets
import numpy as np
import pytest
import studies
import zarr

import taver.dataset
from taver.core.errors import ConfigError, ConsentError, DataError, InputError, NotFoundError
from taver.core.participant import Participant
from taver.core.study import Study
from taver.dataset.about.diff import differences
from taver.dataset.about.info import info
from taver.dataset.about.stats import stats
from taver.dataset.about.verify import verify
from taver.dataset.documents.gallery import gallery
from taver.dataset.documents.make import make
from taver.dataset.documents.told import Author, Told

SECONDS, SIZE = 30.0, 24
RECORDING = "recordings/s02-interview"


@pytest.fixture(scope="module")
def made_once(tmp_path_factory):
    folder = tmp_path_factory.mktemp("about") / studies.STRANGE_NAME
    folder.mkdir()
    return datasets.make_dataset(
        folder / "dataset.zarr", people=4, seconds=SECONDS, size_px=SIZE, lost=range(30)
    )


@pytest.fixture
def store(made_once, tmp_path):
    shutil.copytree(made_once.parent, tmp_path / studies.STRANGE_NAME)
    return tmp_path / studies.STRANGE_NAME / "dataset.zarr"


@pytest.fixture
def place(store):
    """A study whose dataset it is, with three of its four people on file."""
    study = Study.create(store.parent, "étude №1")
    for name, pictures in (("P01", True), ("P02", False), ("P03", True)):
        studies.add_person(study, name, studies.form(pictures=pictures))
    return study


def test_the_figures_are_those_of_what_was_planted(store):
    told = info(taver.dataset.open(store))
    assert (told.people, told.slots, len(told.recordings)) == (4, 1200, 4)
    assert told.recordings[0].seen["depth"] == pytest.approx(0.9)
    assert told.splits["default"] == {"train": 2, "validation": 1, "test": 1}
    assert 0 < told.stored_bytes < told.raw_bytes
    assert told.simulated


def test_the_tables_of_the_paper_are_computed_from_the_raters(store):
    root = zarr.open_group(store, mode="r+")["recordings"]
    seconds = np.arange(300) / 10
    for group in (group for _, group in root.groups()):
        a = 5 * np.sin(seconds)
        group["valence_raters"][...] = np.stack([a, a + 3, -a], axis=1)  # two agree, one opposes
        group["arousal_raters"][...] = np.nan
    told = stats(taver.dataset.open(store))
    arousal, valence = told.rated
    assert valence.recordings == 4
    assert valence.mean_r == pytest.approx((1 - 1 - 1) / 3)
    assert valence.positive_percent == pytest.approx(50, abs=3)
    assert arousal.recordings == 0
    assert np.isnan(arousal.cronbach_alpha)
    assert sum(told.histograms["valence"]) == 1200
    assert sum(map(sum, told.together)) == 1200
    assert [(part.name, part.recordings) for part in told.parts] == [
        ("train", 2), ("validation", 1), ("test", 1), ("all", 4),
    ]  # fmt: skip


def test_splits_that_leave_one_person_out_share_a_line(store):
    group = zarr.open_group(store, mode="r+")
    alone = {f"without-P{number:02d}": {"train": ["P01"], "test": ["P02"]} for number in range(40)}
    group.attrs["splits"] = {**group.attrs["splits"], **alone}
    lines = dict(info(taver.dataset.open(store)).lines())
    assert lines["splits without-*"].startswith("40:")
    assert not any("without-P" in name for name in lines)


def test_a_whole_dataset_has_nothing_wrong(store):
    assert verify(taver.dataset.open(store)) == []


@pytest.mark.parametrize(
    ("harm", "told"),
    [("chunk", "depth"), ("label", "valence leaves the scale"), ("time", "time_ns goes back"),
     ("split", "P01 stands in it twice"), ("empty", "nothing is in slots 40"),
     ("lost", "landmarks where the face is lost")],
)  # fmt: skip
def test_each_kind_of_damage_is_found(store, harm, told):
    group = zarr.open_group(store, mode="r+")
    recording = group[RECORDING]
    if harm == "chunk":
        path = store / RECORDING / "depth" / "c.0.0.0"
        data = bytearray(path.read_bytes())
        data[:64] = bytes(64)
        path.write_bytes(data)
    elif harm == "label":
        recording["valence"][5] = 1.5
    elif harm == "time":
        recording["time_ns"][7] = 0
    elif harm == "split":
        group.attrs["splits"] = {
            "default": {"train": ["P01", "P02"], "test": ["P01", "P03", "P04"]}
        }
    elif harm == "empty":
        recording["color"][40] = 0
    else:
        recording["landmarks"][3] = 1
    found = verify(taver.dataset.open(store))
    assert any(told in line for line in found), found


def test_a_changed_bit_in_a_raw_picture_is_found_by_its_checksum(store):
    make(taver.dataset.open(store), Told())
    path = store / RECORDING / "color" / "c.0.0.0.0"
    data = bytearray(path.read_bytes())
    data[-5000] ^= 1
    path.write_bytes(data)
    (store / RECORDING / "valence" / "stray").write_text("")
    found = verify(taver.dataset.open(store))
    assert sorted(found) == [
        f"{RECORDING}/color/c.0.0.0.0 has changed since checksums were made",
        f"{RECORDING}/valence/stray was not there when checksums were made",
    ]


def test_the_same_has_no_differences_and_each_difference_is_told(store, tmp_path, cli):
    other = tmp_path / "other.zarr"
    shutil.copytree(store, other)
    assert differences(taver.dataset.open(store), taver.dataset.open(other)) == []
    root = zarr.open_group(other, mode="r+")
    root[RECORDING]["depth"][100] = root[RECORDING]["depth"][100] + 9
    root[RECORDING]["valence"][:5] = np.nan
    root[RECORDING].attrs["fusion"] = "median"
    del root["recordings/s04-interview"]
    told = differences(taver.dataset.open(store), taver.dataset.open(other))
    assert told == [
        "s04-interview: only in the first",
        "s02-interview: fusion is 'mean' and 'median'",
        "s02-interview: valence differs in 5 of 300 slots",
        "s02-interview: depth differs in 1 of 300 slots, by up to 9 mm",
    ]


@pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated:DeprecationWarning")
def test_croissant_is_valid_and_its_records_are_the_labels(store):
    import mlcroissant

    told = Told(
        title="Faces", licence="CC-BY-NC-4.0", doi="10.1234/x",
        authors=(Author(family="Kim", given="Ada"),), uses="research",
    )  # fmt: skip
    folder = make(taver.dataset.open(store), told)
    loaded = mlcroissant.Dataset(folder / "croissant.json")
    issues = loaded.metadata.ctx.issues
    assert not issues.errors
    assert not issues.warnings
    rows = list(loaded.records("labels"))
    assert len(rows) == 1200
    assert rows[301]["labels/valence"] == pytest.approx(datasets.valence_of(1, 300)[1], abs=1e-5)
    first = next(iter(loaded.records("recordings")))
    assert first["recordings/participant"] == b"P01"


def test_the_documents_say_what_is_known_and_what_is_not(place, store):
    told = Told(
        title='Faces "of" étude', contact="lab@example.org", licence="CC-BY-4.0",
        authors=(Author(family="Kim", given="Ada", orcid="0000-0002-1825-0097"),),
    )  # fmt: skip
    folder = make(taver.dataset.open(store), told, study=place, on=dt.date(2026, 11, 21))
    sheet = (folder / "datasheet.md").read_text()
    assert "SIMULATED" in sheet
    assert "Of 4 people 3 are on file" in sheet
    assert "`motivation` in about.toml" in sheet
    assert "| depth | uint16 | mm |" in sheet
    assert "CC-BY-4.0" in (folder / "LICENSE.txt").read_text()
    assert "Nobody in it is a person" in (folder / "LICENSE.txt").read_text()
    citation = (folder / "CITATION.cff").read_text()
    assert 'title: "Faces \\"of\\" étude"' in citation
    assert 'orcid: "https://orcid.org/0000-0002-1825-0097"' in citation
    assert "date-released: 2026-11-21" in citation
    with (folder / "labels.csv").open(newline="") as file:
        assert len(list(csv.DictReader(file))) == 1200
    if shutil.which("sha256sum"):
        done = subprocess.run(
            ["sha256sum", "--quiet", "-c", "dataset.about/SHA256SUMS"],
            cwd=store.parent, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr


def test_what_only_one_person_is_does_not_stand_in_the_datasheet(store):
    study = Study.create(store.parent, "study")
    for name, age, language in (("P01", 21, "ko"), ("P02", 24, "ko"), ("P03", 27, "ko"),
                                ("P04", 67, "Klingon")):  # fmt: skip
        study.participants.add(
            Participant(name=name, age_years=age, gender=name, language=language,
                        consents=(studies.form(),))
        )  # fmt: skip
    sheet = (make(taver.dataset.open(store), Told(), study=study) / "datasheet.md").read_text()
    assert "age: 3 of 20 to 29 years, 1 other" in sheet
    assert "gender: of 4 people, too different to be told" in sheet
    assert "language: 3 ko, 1 other" in sheet
    assert not any(word in sheet for word in ("67", "Klingon", "P01"))


def test_faces_of_people_among_simulated_ones_are_told_of(store):
    zarr.open_group(store, mode="r+")[RECORDING].attrs["simulated"] = False
    folder = make(taver.dataset.open(store), Told())
    told = "".join(path.read_text("utf-8") for path in folder.iterdir())
    assert "PARTLY SIMULATED: in 3 of 4 recordings there is nobody" in told
    assert "Nobody is in s01-interview, s03-interview, s04-interview;" in told
    assert "pictures of people's faces" in told
    assert "nobody in it is a person" not in told.lower()
    assert "People in it may withdraw" in told
    assert "must not be given to anyone" in told


def test_what_is_agreed_to_no_longer_is_not_documented(place, store, cli):
    place.participants.withdraw("P03", dt.date(2026, 11, 20))
    done = cli(place, "dataset", "document")
    assert done.code == ConsentError.exit_code
    assert "s03-interview: color: consent was withdrawn on 2026-11-20" in done.err
    assert "taver build-dataset --audience lab" in done.err
    assert not store.with_name("dataset.about").exists()


def test_another_corpus_is_not_told_of_with_the_people_of_the_study(place, store):
    root = zarr.open_group(store, mode="r+")
    root.attrs["made"] = {"settings": {"imported": "csv"}}
    place.participants.withdraw("P03", dt.date(2026, 11, 20))  # another P03
    folder = make(taver.dataset.open(store), Told(), study=place)
    sheet = (folder / "datasheet.md").read_text()
    assert sheet.startswith("# dataset\n")
    assert "are on file" not in sheet
    assert "brought in from another corpus" in sheet
    assert "whose own terms hold" in (folder / "LICENSE.txt").read_text()


@pytest.mark.parametrize(
    ("key", "told"),
    [("doi", 'doi = "https://doi.org/10.1234/x"'), ("url", 'url = "example.org"'),
     ("licence", 'licence = "our own"'),
     ("orcid", '[[authors]]\nfamily = "Kim"\norcid = "https://orcid.org/0"')],
)  # fmt: skip
def test_what_would_make_a_citation_invalid_is_refused(place, cli, key, told):
    (place.folder / "about.toml").write_text(told)
    done = cli(place, "dataset", "document", "--about", "about.toml")
    assert done.code == ConfigError.exit_code
    assert "about.toml" in done.err
    assert f"{key} is" in done.err


def test_a_licence_of_ones_own_is_cited_by_its_address(store):
    told = Told(licence="our own", licence_url="https://example.org/terms")
    folder = make(taver.dataset.open(store), told)
    citation = (folder / "CITATION.cff").read_text()
    assert 'license-url: "https://example.org/terms"' in citation
    assert "license:" not in citation


def test_only_those_who_allow_pictures_are_in_the_gallery(place, store):
    root = zarr.open_group(store, mode="r+")
    for name, group in root["recordings"].groups():
        group.attrs["simulated"] = False
        group.attrs["pictures"] = name != "s01-interview"
    folder = make(taver.dataset.open(store), Told(), study=place, clips=9)
    page = (folder / "gallery.html").read_text()
    # The first was built without, the second says no today, the fourth is not on file any more.
    assert "s03-interview · P03" in page
    assert not any(f"{name}-interview ·" in page for name in ("s01", "s02", "s04"))
    assert "3 recordings are not shown" in page


def test_the_gallery_is_the_same_for_the_same_seed(made_once):
    data = taver.dataset.open(made_once)
    assert gallery(data, "x", count=2, seed=1) == gallery(data, "x", count=2, seed=1)
    assert gallery(data, "x", count=2, seed=1) != gallery(data, "x", count=2, seed=3)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_gallery_shows_its_pictures_in_a_browser(store, scheme):
    folder = make(taver.dataset.open(store), Told(), clips=2)
    with browsing.browser() as browser:
        page = browser.new_page(color_scheme=scheme, viewport={"width": 390, "height": 800})
        trouble = []
        page.on("console", lambda message: trouble.append(message.text))
        page.on("pageerror", lambda error: trouble.append(str(error)))
        page.on("request", lambda asked: trouble.append(asked.url) if "http" in asked.url else None)
        page.goto((folder / "gallery.html").as_uri())
        widths = page.eval_on_selector_all("img", "all => all.map(one => one.naturalWidth)")
        assert widths == [8 * SIZE] * 6
        assert page.locator("svg.plot").count() == 4
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        assert page.get_by_text("SIMULATED").is_visible()
        assert trouble == []


def test_the_commands_tell_the_same(place, cli, store):
    done = cli(place, "dataset", "info")
    assert done.code == 0
    assert "4 recordings" not in done.err
    assert "s04-interview" in done.out
    done = cli(place, "dataset", "stats", "--html", "Zoë's labels.html")
    assert done.out.count("arousal") == 2
    page = (place.folder / "Zoë's labels.html").read_text("utf-8")
    cells = [line.split()[1:] for line in done.out.splitlines() if line.startswith("arousal  ")]
    assert all(f">{cell}</td>" in page for cell in cells[0])
    assert page.count("<svg") == 2
    assert "SIMULATED" in page
    assert "http:" not in page.replace("http://www.w3.org/2000/svg", "")
    assert "no checksums" in cli(place, "dataset", "verify").out
    assert cli(place, "dataset", "document").out.strip().endswith("dataset.about")
    assert "as its checksum says" in cli(place, "dataset", "verify").out
    assert cli(place, "dataset", "diff", str(store), str(store)).code == 0
    root = zarr.open_group(store, mode="r+")
    root.attrs["built"] = "since"
    done = cli(place, "dataset", "verify")
    assert done.code == DataError.exit_code
    assert "was written of another build" in done.err
    assert "taver dataset document" in done.err
    cli(place, "dataset", "document")
    zarr.open_group(store, mode="r+")[RECORDING]["valence"][0] = 9
    done = cli(place, "dataset", "verify")
    assert done.code == DataError.exit_code
    assert "leaves the scale" in done.err


def test_two_that_differ_leave_with_one(place, cli, store, tmp_path):
    datasets.make_dataset(tmp_path / "other.zarr", people=1, seconds=1, size_px=SIZE)
    done = cli(place, "dataset", "diff", "dataset.zarr", str(tmp_path / "other.zarr"))
    assert done.code == 1
    assert "slots" in done.out


def test_wrong_input_is_told(place, refused, store, tmp_path):
    refused(NotFoundError, place, "dataset", "info", "nothing.zarr")
    refused(DataError, place, "dataset", "info", "study.toml")
    refused(InputError, place, "dataset", "document", "--clips", "-3")
    (place.folder / "about.toml").write_text('titel = "x"\n')
    assert "titel" in refused(ConfigError, place, "dataset", "document", "--about", "about.toml")
    (place.folder / "about.toml").write_text('version = "one"\n')
    refused(ConfigError, place, "dataset", "document", "--about", "about.toml")
    root = json.loads((store / "zarr.json").read_text())
    root["attributes"]["version"] = 0
    (store / "zarr.json").write_text(json.dumps(root))
    assert "version is 0" in refused(DataError, place, "dataset", "info")
