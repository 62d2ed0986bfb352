"""`taver demo`, as a person runs it: stopped, gone on with, in any folder, from any home."""

import itertools
import json
import os
import re
import shlex
import shutil
import signal
import sys
from typing import NamedTuple
from urllib.parse import unquote

import browsing
import children
import cv2
import followed
import numpy as np
import places
import pytest
import sqlalchemy as sa
import studies
from axe_playwright_python.sync_playwright import Axe

import taver.dataset
from calibration import store
from taver.cli.main import INTERRUPTED, run
from taver.cli.story import interviews, learning, names, rater, tell
from taver.core.errors import AlreadyThereError, DataError, InputError
from taver.core.progress import Silent
from taver.core.session import check
from taver.core.session.folder import find, folders
from taver.core.study import Study
from taver.labels.store import open_labels
from taver.training import runs

pytestmark = pytest.mark.timeout(600)  # the whole of it is run once

# Six moments a row; colour, depth and heat below one another.
SHEET_SIZE_PX = (666, 1510, 3)
SESSIONS = ["s01", "s02", "s03", "s04"]


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return tmp_path_factory.mktemp("demo") / studies.STRANGE_NAME


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A home that nobody can write to, as some laboratories have it."""
    homes = tmp_path_factory.mktemp("homes")
    folder = homes / "home"
    with places.read_only(folder), pytest.MonkeyPatch.context() as patch:
        # Else it looks for all fonts anew in every process, which takes half a minute.
        patch.setenv("MPLCONFIGDIR", str(homes / "matplotlib"))
        for name in ("HOME", "USERPROFILE", "LOCALAPPDATA"):
            patch.setenv(name, str(folder))
        for name in ("XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME"):
            patch.delenv(name, raising=False)
        yield folder


class Stopped(NamedTuple):
    """A run that Ctrl-C ended."""

    code: int
    out: str
    err: str


@pytest.fixture(scope="module")
def stopped(place, home):
    """The demo in a folder with spaces and letters of other languages, ended by Ctrl-C."""
    place.mkdir()
    code = f"import paced; paced.hear_interrupts(); {children.TAVER}"
    with children.started(code, "demo", "--quick", cwd=place) as child:
        said = []
        for line in child.stdout:
            said.append(line)
            if line.startswith("documented"):
                break
        if os.name == "nt":
            child.terminate()
        else:
            child.send_signal(signal.SIGINT)
        rest, err = child.communicate(timeout=100)
        return Stopped(child.returncode, "".join(said) + rest, err)


@pytest.fixture(scope="module")
def first(stopped, place):
    """The run that goes on from there to the end."""
    assert stopped.out.count("\n") >= 11, stopped.err
    return children.taver("demo", "--quick", cwd=place, timeout_s=400)


@pytest.fixture
def demo(first, place):
    assert first.returncode == 0, first.stderr
    return Study(place / "taver-demo")


def words_in(png):
    """Return the words that stand in a PNG."""
    at, words = 8, {}
    while at < len(png):
        size = int.from_bytes(png[at : at + 4], "big")
        if png[at + 4 : at + 8] == b"iTXt":
            key, text = png[at + 8 : at + 8 + size].split(b"\0\0\0\0\0", 1)
            words[key.decode()] = text.decode()
        at += 12 + size
    return words


def test_it_tells_each_step_in_plain_lines(first):
    steps = [line[:12].strip() for line in first.stdout.splitlines()]
    assert steps == [
        "study", "calibrated", "recorded", "verified", "picture", "faces", "captured", "annotated",
        "labelled", "built", "documented", "tran learnt", "uran learnt", "judged", "judged", "page",
        "look around", "", "",
    ]  # fmt: skip
    assert "4 simulated interviews of 4 s, 480 frames" in first.stdout
    assert "\x1b" not in first.stdout + first.stderr
    assert "\r" not in first.stdout + first.stderr


def test_ctrl_c_ends_it_in_a_word_and_the_next_run_goes_on_from_there(stopped, first):
    done = [line for line in stopped.out.splitlines() if not line.startswith("study")]
    assert [line[:12].strip() for line in done][-1] == "documented"
    assert "by an earlier run" not in stopped.out
    if os.name != "nt":
        assert stopped.code == INTERRUPTED
        assert stopped.err.splitlines()[-1] == "stopped"
    assert "Traceback" not in stopped.err
    lines = first.stdout.splitlines()
    earlier = [line for line in lines if line.endswith("(by an earlier run)")]
    assert [line[:12] for line in earlier] == [line[:12] for line in done]


def test_a_home_that_cannot_be_written_to_is_not_needed(first, home):
    assert list(home.iterdir()) == []
    assert "warning" not in first.stderr.lower()


def test_every_interview_is_of_three_modalities_and_whole(demo):
    for name in SESSIONS:
        session = find(demo, name)
        counts = {m.value: s.frames for m, s in session.manifest.streams.items()}
        assert counts == {"color": 40, "depth": 40, "thermal": 40}
        assert session.manifest.length_s == pytest.approx(3.9, abs=0.1)
        assert check.problems(session) == []


def test_the_live_session_is_on_the_grid_whole_and_has_its_report(demo):
    session = find(demo, "live01")
    assert check.problems(session) == []
    assert session.manifest.grid.rate_hz == 10
    for stream in session.manifest.streams.values():  # few are stored where much else goes on
        slots = round((stream.last_unix_ns - stream.first_unix_ns) / 1e8) + 1
        assert stream.frames + sum(stream.dropped.values()) >= slots
    page = (session.folder / "report.html").read_text(encoding="utf-8")
    assert "SIMULATED" in page


def test_faces_are_followed_through_every_frame(first, demo):
    (line,) = [line for line in first.stdout.splitlines() if line.startswith("faces ")]
    assert "160 frames, " in line
    assert "lost" not in line
    assert (demo.sessions_folder / "s01" / "faces.html").is_file()


def test_three_raters_a_clip_were_kept_by_the_server(demo):
    from annotate_web.db.open import address_of, open_database
    from annotate_web.db.tables import clips
    from annotate_web.traces import ratings_of

    database = open_database(address_of(demo.config.annotation.database, demo.folder))
    try:
        with database.reading() as connection:
            added = connection.execute(sa.select(clips.c.session).order_by(clips.c.id)).scalars()
            # Films are made side by side; who rates what is drawn from the clips' numbers.
            assert list(added) == SESSIONS
        for name in SESSIONS:
            (rated,) = ratings_of(database, name)
            assert len(rated.ratings) == 3
            assert len(rated.clip.frame_unix_ns) == 40
    finally:
        database.close()


def test_raters_agree_with_what_was_so(demo):
    """The whole way: truth, a rater's hand, the server, fusion; only lag and noise between."""
    for name in SESSIONS:
        session = find(demo, name)
        (clip,) = [clip for _, clip in open_labels(session).groups()]
        times = clip["frame_unix_ns"][:]
        fused = clip["valence_fused"][:, 0]
        known = np.isfinite(fused)
        assert known.mean() > 0.9
        off = []
        for later_s in (0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8):
            felt = rater.truth_at(session, times - round(later_s * 1e9))["valence"]
            off.append(np.abs(fused / 10 - felt)[known].mean())
        assert min(off) < 0.25


def test_its_dataset_is_of_all_people_split_by_person(demo):
    data = taver.dataset.open(demo.folder / "dataset.zarr")
    assert sorted(data.people) == ["P01", "P02", "P03", "P04"]
    parts = [data.splits["default"][part] for part in ("train", "validation", "test")]
    assert sorted(itertools.chain(*parts)) == ["P01", "P02", "P03", "P04"]
    assert all(parts)
    assert data.simulated


def test_both_models_are_judged_on_people_they_have_not_seen(first, demo):
    lines = [line for line in first.stdout.splitlines() if line.startswith("judged ")]
    assert ["TRAN on 2 unseen" in lines[0], "URAN on 2 unseen" in lines[1]] == [True, True]
    assert all("the training people's mean" in line for line in lines)
    for model in ("tran", "uran"):
        assert (demo.folder / "runs" / model / "report.html").is_file()


def test_the_page_tells_all_of_it_and_its_links_lead_somewhere(demo):
    text = (demo.folder / "demo.html").read_text(encoding="utf-8")
    assert "SIMULATED" in text
    links = re.findall(r'href="([^"]+)"', text)
    assert len(links) >= 15  # each session's own among them
    assert all((demo.folder / unquote(link)).is_file() for link in links)
    steps = json.loads((demo.folder / "demo.json").read_text(encoding="utf-8"))["steps"]
    assert all(step["name"] in text for step in steps)
    assert text.count("95 %") == 1


def test_its_rig_is_near_the_simulated_one(demo):
    from capture.sim.rig import standard_rig

    truth, rig = standard_rig(), store.read(demo.rig_file)
    assert rig.simulated
    assert rig.depth_shift_mm == pytest.approx(truth.depth_shift_mm, abs=2)
    off_mm = np.subtract(
        rig.ir_to_color.translation_mm, truth.ir.from_color.inverse().translation_mm
    )
    assert np.linalg.norm(off_mm) < 2


def test_the_contact_sheet_is_a_picture_that_says_it_is_simulated(demo):
    png = (demo.folder / "contact-sheet.png").read_bytes()
    sheet = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_COLOR)
    assert sheet.shape == SHEET_SIZE_PX
    assert len(np.unique(sheet.reshape(-1, 3), axis=0)) > 500
    words = words_in(png)
    assert words["Simulated"] == "yes"
    session = find(demo, "s01")
    assert all(s.fingerprint in words["Source"] for s in session.manifest.streams.values())


def test_every_moment_on_the_contact_sheet_is_another(demo):
    sheet = cv2.imread(str(demo.folder / "contact-sheet.png"))
    if sheet is None:  # cv2 opens no such names on Windows
        png = (demo.folder / "contact-sheet.png").read_bytes()
        sheet = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_COLOR)
    tiles = [sheet[70:190, 10 + 250 * n : 250 + 250 * n] for n in range(6)]
    for a, b in itertools.combinations(tiles, 2):
        assert np.abs(a.astype(int) - b).mean() > 0.3


@pytest.mark.skipif(os.name == "nt", reason="it is tried in a POSIX shell")
def test_the_lines_at_its_end_work_as_they_are_printed(first, place):
    """Copied into a shell; only where `taver` is may differ."""
    lines = first.stdout.partition("look around")[2]
    taver = (
        'python=$0; taver() { "$python" -c \'from taver.cli.main import main; main()\' "$@"; }; '
    )
    done = children.shell(f"{taver}\nset -e\n{lines}", sys.executable, cwd=place)
    assert done.returncode == 0, done.stderr
    assert "s01" in done.stdout


def test_a_second_run_records_nothing_and_succeeds(demo, place):
    before = {p.name: p.stat().st_mtime_ns for p in demo.sessions_folder.rglob("*.mcap")}
    runs = {p: p.stat().st_mtime_ns for p in (demo.folder / "runs").rglob("*.ckpt")}
    # Nor is there a browser here to open the page in.
    nowhere = {"PATH": "", "BROWSER": "", "DISPLAY": "", "WAYLAND_DISPLAY": ""}
    opened = {} if os.name == "nt" else nowhere
    line = ("demo", "--quick", "-q", *(["--open"] if opened else []))
    done = children.taver(*line, cwd=place, timeout_s=400, **opened)
    assert done.returncode == 0, done.stderr
    if opened:
        warning, fix = done.stderr.splitlines()  # when quiet, nothing but what is amiss
        assert warning == "warning  No browser can be opened here"
        assert fix == f"    fix  open {demo.folder / 'demo.html'} yourself"
    assert done.stdout.count("by an earlier run") == 12
    assert runs == {p: p.stat().st_mtime_ns for p in (demo.folder / "runs").rglob("*.ckpt")}
    assert before == {p.name: p.stat().st_mtime_ns for p in demo.sessions_folder.rglob("*.mcap")}
    assert [folder.name for folder in folders(demo)] == ["calib01", "live01", *SESSIONS]


def test_its_study_works_with_the_other_commands(demo, tmp_path, monkeypatch, capfd):
    """Those that no page of the documentation types in it."""
    monkeypatch.chdir(demo.sessions_folder)
    # Outside the study: what was handed out still names people who are to be forgotten here.
    ratings = shlex.quote(str(tmp_path / "ratings"))
    for line in (
        "session ls",
        "participant show P01",
        "labels --all",
        "dataset verify",
        "dataset stats",
        "annotate status",
        f"annotate export {ratings} --format csv",
        "predict tran --session s01",
        "evaluate uran --part validation",
    ):
        code = run(shlex.split(line))
        printed = capfd.readouterr()
        assert code == 0, f"{line}\n{printed.err}"


def test_a_recording_that_was_interrupted_is_drawn_again(demo, tmp_path):
    study = Study.create(tmp_path / "my demo", names.STUDY)
    for name in ("s01", "s02"):
        shutil.copytree(demo.sessions_folder / name, study.sessions_folder / name)
    size = names.QUICK._replace(people=2, interview_s=0.5)
    kept = (study.sessions_folder / "s02" / "color.mcap").stat().st_mtime_ns
    document = study.sessions_folder / "s01" / "session.json"
    document.write_text(document.read_text().replace('"complete"', '"recording"'))
    assert interviews.recorded(study, size, Silent()).fresh
    assert check.problems(find(study, "s01")) == []
    assert not find(study, "s01").interrupted
    assert find(study, "s01").manifest.length_s < 1
    assert (study.sessions_folder / "s02" / "color.mcap").stat().st_mtime_ns == kept
    assert not interviews.recorded(study, size, Silent()).fresh


def test_a_session_of_somebody_real_is_never_drawn_again(demo, tmp_path):
    study = Study.create(tmp_path / "my demo", names.STUDY)
    kept = study.sessions_folder / "s01"
    shutil.copytree(demo.sessions_folder / "s01", kept)
    shutil.rmtree(kept / "truth.zarr")
    document = kept / "session.json"
    document.write_text(document.read_text().replace('"simulated": true', '"simulated": false'))
    with pytest.raises(DataError, match="of a real person"):
        interviews.recorded(study, names.QUICK._replace(people=1), Silent())
    assert (kept / "color.mcap").is_file()


def test_a_demo_of_another_size_is_not_gone_on_with(demo):
    before = (demo.folder / "demo.json").read_bytes()
    with pytest.raises(AlreadyThereError, match="begun with 4 people, not 12") as caught:
        list(tell.tell(demo.folder, Silent(), names.WHOLE))
    assert "--out" in caught.value.fix
    assert (demo.folder / "demo.json").read_bytes() == before


def test_a_model_of_the_dataset_as_it_was_is_kept_and_another_learns_from_the_new_one(
    demo, tmp_path
):
    study = Study(shutil.copytree(demo.folder, tmp_path / "demo"))
    made = study.folder / "build.toml"
    made.write_text(made.read_text("utf-8").replace(', "s04"', ""), encoding="utf-8")
    assert learning.built(study, names.QUICK, Silent()).fresh
    told = learning.trained(study, names.QUICK, "uran", Silent())
    assert told.fresh
    assert told.text.endswith("the dataset is another one now, and the run before is uran-1")
    before, now = (runs.read(study.runs_folder / name) for name in ("uran-1", "uran"))
    assert before.state == now.state == "finished"
    assert before.about.made != now.about.made
    assert not learning.trained(study, names.QUICK, "uran", Silent()).fresh


def test_settings_that_do_not_fit_a_run_are_named_with_what_to_do(demo, tmp_path):
    study = Study(shutil.copytree(demo.folder, tmp_path / "demo"))
    file = study.folder / "training.toml"
    file.write_text(file.read_text("utf-8").replace("batch = 8", "batch = 4"), encoding="utf-8")
    with pytest.raises(InputError, match="begun with other settings") as caught:
        learning.trained(study, names.QUICK, "uran", Silent())
    assert "training.toml" in caught.value.fix
    assert "--out runs/mine" in caught.value.fix


@pytest.mark.parametrize("page", followed.PAGES, ids=lambda page: page.stem)
def test_what_a_page_says_can_be_typed_from_top_to_bottom(page, demo, tmp_path, monkeypatch, capfd):
    """README's first command was run above; the study it left is where the others are typed."""
    study = followed.prepared(page, demo, tmp_path)
    assert followed.follow(page, study, monkeypatch.chdir, capfd) == {}


@pytest.fixture(scope="module")
def pages(first, place):
    """Every kind of HTML page that taver writes; of pages of one kind only one."""
    assert first.returncode == 0, first.stderr
    found = sorted((place / "taver-demo").rglob("*.html"))
    return [page for page in found if page.parent.name not in SESSIONS[1:]]


def test_every_kind_of_page_is_looked_at(pages):
    there = [path.as_posix() for path in pages]
    for wanted in (
        "demo.html", "labels.html", "rig-report.html", "calib01/report.html", "s01/faces.html",
        "live01/report.html", "tran/report.html", "uran/report.html", "gallery.html",
    ):  # fmt: skip
        assert any(path.endswith(wanted) for path in there), wanted


@pytest.mark.parametrize(("scheme", "wide_px"), [("light", 1100), ("dark", 420)])
def test_no_page_fetches_complains_or_keeps_anybody_out(pages, scheme, wide_px):
    told = {}
    with browsing.browser() as browser:
        page = browser.new_page(color_scheme=scheme, viewport={"width": wide_px, "height": 800})
        asked, said = [], []
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        for path in pages:
            asked.clear()
            said.clear()
            page.goto(path.as_uri())
            found = Axe().run(page).response["violations"]
            violations = [(one["id"], one["nodes"][0]["html"][:200]) for one in found]
            fetched = [url for url in asked if not url.startswith(("data:", path.as_uri()))]
            wide = page.evaluate("document.documentElement.scrollWidth > window.innerWidth")
            if violations or said or fetched or wide:
                told[path.name] = (violations, list(said), fetched, wide)
    assert told == {}
