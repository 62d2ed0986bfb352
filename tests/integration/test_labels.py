"""taver labels on a database of annotations: what is written, what is refused, what is told."""

import json
import re
import shutil
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest
import rated
import sitting
import studies

from annotate_web.assign import change
from taver.core import receipt
from taver.core.receipt import Stage
from taver.core.session.folder import find
from taver.labels import store
from taver.labels.agreement import FIGURES, agreement
from taver.labels.fuse import Fusion
from taver.labels.options import Options
from taver.labels.pool import Zero
from taver.labels.report import page as report
from taver.labels.session import label
from taver.labels.trace import Dimension


@pytest.fixture(scope="session")
def annotated_once(tmp_path_factory):
    return sitting.annotated_study(tmp_path_factory.mktemp("labels"))


@pytest.fixture
def annotated(annotated_once, tmp_path):
    return studies.copied(annotated_once, tmp_path / "annotated")


@pytest.fixture
def database(annotated):
    made = sitting.database_of(annotated)
    yield made
    made.close()


def opened(study, name="s01"):
    return store.open_labels(find(study, name))


def people_of(database):
    with database.reading() as connection:
        rows = connection.exec_driver_sql("SELECT name, id FROM users").all()
    return dict(list(map(tuple, rows)))


def test_labels_of_a_session_hold_what_raters_said_and_one_truth(annotated, cli):
    done = cli(annotated, "labels", "--session", "s01")
    assert done.code == 0, done.err
    assert done.out.startswith("s01: 2 clips, 1800 frames, 5 of 6 ratings")
    assert "s01-later: 2 of 3 raters" in done.err
    root = opened(annotated)
    clip = root["s01-interview"]
    assert clip.attrs["raters"] == ["P1", "P2", "P3"]
    assert clip.attrs["fusion"] == "mean"
    assert [made["name"] for made in clip.attrs["fusions"]] == [how.value for how in Fusion]
    for dimension in Dimension:
        np.testing.assert_allclose(
            clip[f"{dimension}_fused"][:, 0], clip[dimension.value][:].mean(axis=1), atol=1e-6
        )
    assert root.attrs["simulated"] is True
    assert root.attrs["source"] == "sqlite:///annotations.sqlite"  # and no path of this machine


def test_raw_values_are_what_was_sent_frame_by_frame(annotated, database, cli):
    people = people_of(database)
    times = rated.frame_times(50, rated.START_NS + 10**13)
    rng = np.random.default_rng(0)
    arousal, valence = rng.integers(-10, 11, size=(2, 50)).astype(float)
    arousal[20:25] = valence[20:25] = np.nan  # the face could not be seen
    clip = sitting.add(database, "s01-short", times, wanted=1)
    sitting.sit(database, clip, people["P6"], arousal, valence)
    assert cli(annotated, "labels", "--session", "s01", "--gap", "0").code == 0
    made = opened(annotated)["s01-short"]
    np.testing.assert_array_equal(made["frame_unix_ns"][:], times)
    np.testing.assert_array_equal(made["arousal_raw"][:, 0], arousal.astype("f4"))
    np.testing.assert_array_equal(made["valence_raw"][:, 0], valence.astype("f4"))
    assert (
        cli(annotated, "labels", "--session", "s01", "--gap", "0.6", "--fill", "linear").code == 0
    )
    made = opened(annotated)["s01-short"]
    assert made["arousal_filled"][:, 0].sum() == 5
    line = np.linspace(arousal[19], arousal[25], 7)[1:-1]
    np.testing.assert_allclose(made["arousal"][20:25, 0], line, atol=1e-5)
    assert made.attrs["filled_percent"]["arousal"]["P6"] == 10.0


def test_the_table_says_the_same_as_the_arrays_on_both_scales(annotated, cli):
    assert cli(annotated, "labels", "--session", "s01", "--fusion", "median").code == 0
    root = opened(annotated)
    table = pd.read_csv(find(annotated, "s01").folder / "labels.csv")
    assert len(table) == 1800
    assert table["simulated"].all()
    for name, rows in table.groupby("clip"):
        fused = root[name]["arousal_fused"][:, 1]
        np.testing.assert_allclose(rows["arousal"], fused, atol=1e-4)
        np.testing.assert_allclose(rows["arousal_scaled"], fused / 10, atol=1e-4)
        assert rows["arousal_scaled"].abs().max() <= 1
    later = table[table["clip"] == "s01-later"]
    assert later["arousal_P1"].isna().all()
    np.testing.assert_array_equal(later["valence_P4"], root["s01-later"]["valence"][:, 1])


def test_every_figure_stands_in_a_table_with_its_rule_interval_and_reason(annotated, cli):
    assert cli(annotated, "labels", "--session", "s01").code == 0
    table = pd.read_csv(find(annotated, "s01").folder / "agreement.csv", keep_default_na=False)
    assert len(table) == 2 * (2 * 2 + 3) * len(FIGURES)
    one = table[
        (table["clip"] == "s01-interview")
        & (table["figure"] == "cronbach_alpha")
        & (table["dimension"] == "arousal")
    ]
    clip = opened(annotated)["s01-interview"]
    expected = agreement(clip["arousal"][:]).cronbach_alpha
    assert [float(value) for value in one["value"]] == pytest.approx([expected] * 2, abs=1e-6)
    assert (one["low_95"].astype(float) < expected).all()
    assert list(one["rule"].str.partition(";")[0]) == [Zero.NONE.value, Zero.CLIP.value]
    together = table[table["clip"] == ""]
    assert together["rule"].str.contains("without s01-later").all()


def test_status_tells_raters_and_truth_and_what_has_changed(annotated, database, cli):
    assert cli(annotated, "labels", "--all").code == 0
    session = find(annotated, "s01")
    raters = receipt.progressed(annotated, session, Stage.RATERS)
    fused = receipt.progressed(annotated, session, Stage.FUSED)
    assert (raters.receipt.done, raters.receipt.wanted) == (5, 6)
    assert raters.receipt.simulated
    assert fused.stale_because is None
    (line,) = [one for one in cli(annotated, "status").out.splitlines() if one.startswith("s01")]
    assert "5/6" in line
    path = receipt.path_of(session, Stage.RATERS)
    path.write_text(path.read_text().replace("5", "6", 1))
    assert "raters.json" in receipt.progressed(annotated, session, Stage.FUSED).stale_because


def test_what_has_not_changed_is_left_as_it_is_and_what_has_is_made_again(annotated, database, cli):
    assert cli(annotated, "labels", "--session", "s01").code == 0
    path = find(annotated, "s01").folder / "stages" / "fused.json"
    before = path.read_bytes()
    assert "unchanged" in cli(annotated, "labels", "--session", "s01").out
    assert path.read_bytes() == before
    for more in (["--again"], ["--fusion", "ewe"], ["--gap", "2"]):
        assert "unchanged" not in cli(annotated, "labels", "--session", "s01", *more).out
        before, after = path.read_bytes(), before
        assert before != after
    assert cli(annotated, "labels", "--session", "s01").code == 0
    times = rated.frame_times(900)
    clip = sitting.add(database, "s01-new", rated.frame_times(20, rated.START_NS + 10**13))
    sitting.sit(database, clip, people_of(database)["P1"], [1.0] * 20, [2.0] * 20)
    assert len(times) == 900
    assert "unchanged" not in cli(annotated, "labels", "--session", "s01").out
    (find(annotated, "s01").folder / "labels.csv").unlink()
    assert "unchanged" not in cli(annotated, "labels", "--session", "s01").out


def test_all_means_all_that_were_rated_and_the_rest_is_named(annotated, cli):
    done = cli(annotated, "labels", "--all")
    assert done.code == 0
    assert re.findall(r"^s0\d", done.out, re.MULTILINE) == ["s01", "s02"]
    assert "s03: not rated yet" in done.err


def test_a_rater_whom_a_lead_left_out_is_told_and_does_not_count(annotated, database, cli):
    with database.reading() as connection:
        (key,) = connection.exec_driver_sql(
            "SELECT a.id FROM assignments a JOIN users u ON u.id = a.user_id "
            "JOIN clips c ON c.id = a.clip_id WHERE u.name = 'P2' AND c.name = 's01-interview'"
        ).one()
    change.exclude(database, None, key, "looked away", 1)
    done = cli(annotated, "labels", "--session", "s01")
    assert "without P2: looked away" in done.err
    clip = opened(annotated)["s01-interview"]
    assert clip.attrs["raters"] == ["P1", "P3"]
    assert clip.attrs["excluded"] == {"P2": "looked away"}


def test_silent_and_unmoving_raters_are_named_and_nothing_crashes(annotated, database, cli):
    people = people_of(database)
    times = rated.frame_times(300, rated.START_NS + 10**13)
    clip = sitting.add(database, "s01-odd", times)
    nothing = np.empty(0)
    sitting.sit(database, clip, people["P1"], nothing, nothing)
    sitting.sit(database, clip, people["P2"], np.zeros(300), np.zeros(300))
    sitting.sit(database, clip, people["P3"], np.arange(300) % 7 - 3.0, np.arange(300) % 5 - 2.0)
    page = annotated.folder / "labels.html"
    done = cli(annotated, "labels", "--session", "s01", "--fusion", "ewe", "--report", str(page))
    assert done.code == 0, done.err
    assert "without P1: said nothing" in done.err
    assert "P2 never moved arousal: no correlation, no alpha" in done.err
    assert "P2: weight 0" in done.err
    made = opened(annotated)["s01-odd"]
    np.testing.assert_allclose(made["arousal_fused"][:, 2], made["arousal"][:, 1], atol=1e-6)
    told = re.sub(r"<svg.*?</svg>", "", page.read_text("utf-8"), flags=re.DOTALL)
    assert "e-1" not in told
    assert "<p>No alpha of s01-odd: P2 never moved in the frames that all rated.</p>" in told
    assert "P2\u00a00, as none can be told" in told  # of lags


def test_a_clip_that_nobody_rated_is_named(annotated, database, cli):
    sitting.add(database, "s01-open", rated.frame_times(20, rated.START_NS + 10**13))
    done = cli(annotated, "labels", "--session", "s01")
    assert "s01-open: nobody has rated it yet" in done.err
    assert "s01-open" not in opened(annotated)


def test_lags_are_told_against_a_reference_and_fused_nearer_to_it(annotated, cli):
    study, rng = annotated, np.random.default_rng(1)
    truths = [rated.wandering(rng, 900) for _ in range(2)]  # as sitting.rate planted them
    rows = {"clip": "s01-interview", "seconds": np.arange(900) / 10}
    reference = study.folder / "truth of 얼굴.csv"
    pd.DataFrame({**rows, "arousal": truths[0], "valence": truths[1]}).to_csv(reference)
    done = cli(
        study, "labels", "--session", "s01", "--fusion", "lag-mean", "--reference", str(reference)
    )
    assert done.code == 0, done.err
    clip = opened(study)["s01-interview"]
    made = clip.attrs["fusions"][-1]["arousal"]
    assert made["lags"] == "absolute, against a reference"
    for found, planted in zip(made["lags_s"].values(), (1.0, 1.4, 1.8), strict=True):
        assert found == pytest.approx(planted, abs=0.101)
    fused, known = clip["arousal_fused"][:, -1], ~np.isnan(clip["arousal_fused"][:, -1])
    mean = clip["arousal_fused"][:, 0]
    near = np.corrcoef(fused[known], truths[0][known])[0, 1]
    assert near > 0.97 > np.corrcoef(mean[known], truths[0][known])[0, 1]
    later = opened(study)["s01-later"].attrs["fusions"][-1]["arousal"]
    assert later["lags"] == "relative to the median rater"
    other = study.folder / "other.csv"
    shutil.copy(reference, other)
    other.write_bytes(reference.read_bytes().replace(b"0.5,", b"0.6,"))
    again = cli(
        study, "labels", "--session", "s01", "--fusion", "lag-mean", "--reference", str(other)
    )
    assert "unchanged" not in again.out


class Balance(HTMLParser):
    def __init__(self):
        super().__init__()
        self.open, self.words = [], []

    def handle_starttag(self, tag, _):
        if tag not in {"meta", "link", "img", "br"}:
            self.open.append(tag)

    def handle_startendtag(self, tag, _):
        pass

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)


def test_the_report_shows_the_papers_table_beside_these_labels(annotated, cli):
    page = annotated.folder / "agreement.html"
    done = cli(annotated, "labels", "--all", "--report", "agreement.html")
    assert done.code == 0, done.err
    assert str(page) in done.out
    text = page.read_text("utf-8")
    balance = Balance()
    balance.feed(text)
    assert not balance.open
    words = " ".join(balance.words)
    for paper in ("45.4", "0.424", "0.72", "46.9", "0.479", "0.79"):
        assert paper in words
    assert "SIMULATED" in words
    assert "raters differ between clips" in words
    assert "Clips together, without s01-later, which fewer or more raters rated." in words
    assert "All clips together" not in words
    assert re.search(r"P1\s-0\.\d00 \(r\s0\.9\d\)", words)  # a lag, and how clearly it was found
    assert text.count("<svg") == 5 + 2 * 3
    assert "http://www.w3.org/2000/svg" in text
    assert not re.search(r"<script|(?:src|href)=\"http", text)
    skipped = cli(annotated, "labels", "--all", "--report", "agreement.html")
    assert "unchanged" in skipped.out
    assert page.read_text("utf-8") == text


def test_lags_that_may_be_chance_are_not_taken_away_and_the_page_says_so(recorded):
    rng, times = np.random.default_rng(3), rated.frame_times(600)
    curves = [np.round(rated.wandering(rng, 600)) for _ in range(3)]  # of three different things
    ratings = tuple(rated.rating(f"P{n + 1}", one, one, times) for n, one in enumerate(curves))
    one = rated.clip_of(3, frames=600)._replace(ratings=ratings)
    made = label(recorded.study, "s01", [one], Options(fusion="lag-mean"), source="a test")
    assert any("P1, P2, P3: no lag can be told from chance" in note for note in made.notes)
    columns = opened(recorded.study)["s01-interview"]["valence_fused"][:]
    np.testing.assert_array_equal(columns[:, -1], columns[:, 0])
    page = report.write([recorded.session], recorded.study.folder / "labels.html")
    assert page.read_text("utf-8").count("0, as it may be chance") == 6


def test_a_short_clip_has_no_interval_and_the_page_says_why(recorded):
    one = rated.clip_of(3, frames=300)
    label(recorded.study, "s01", [one], Options(), source="a test")
    page = report.write([recorded.session], recorded.study.folder / "labels.html")
    words = re.sub(r"<[^>]*>", " ", page.read_text("utf-8"))
    why = "too few stretches of 5 s: 6, and 16 are needed"
    assert f"arousal, valence, without an interval: {why}." in words
    assert words.count(why) == 1 + 2  # of all clips, and of the clip, once a dimension
    assert "1 clip, 300 frames, 3 raters" in words


def test_settings_and_versions_stand_in_the_output(annotated, cli):
    assert (
        cli(annotated, "labels", "--session", "s01", "--gap", "inf", "--fill", "linear").code == 0
    )
    root = opened(annotated)
    assert root.attrs["settings"]["gap_s"] == "any length"
    assert root.attrs["settings"]["fill"] == "linear"
    assert root.attrs["software"]
    json.dumps(dict(root["s01-interview"].attrs), allow_nan=False)
