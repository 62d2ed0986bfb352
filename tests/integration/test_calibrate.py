"""taver calibrate: from a recorded board to rig.json, its report, and checks of it later."""

import json
import os
import re
import shutil

import msgspec
import numpy as np
import pytest
import studies
import telling

from calibration import store
from calibration.board import Board
from calibration.keep import keep
from calibration.make import make
from calibration.sources.sessions import SessionSource
from capture.sim.rig import standard_rig
from capture.sim.scenario import Boards, Cameras, Scenario
from capture.simulation import simulate
from taver.core.errors import ConfigError, DataError, InputError, NotFoundError
from taver.core.frames import FACTORY, Modality
from taver.core.pose import Pose
from taver.core.session.folder import find
from taver.core.study import Study

TRUE = standard_rig()
VIEWS = 7
# What a Kinect might say of its own infrared lens.
AS_BUILT = msgspec.structs.replace(TRUE.ir.camera, fx_px=364.321)


def scenario(**board):
    return Scenario(
        seconds=VIEWS * 0.8,
        seed=3,
        boards=Boards(views=VIEWS, seconds_each=0.8, **board),
        cameras=Cameras(shutter_every_s=0),
    )


@pytest.fixture(scope="module")
def once(tmp_path_factory):
    """A study with a recording of a board, calibrated; nobody may change it."""
    study = studies.make_study(tmp_path_factory.mktemp("calibrated") / studies.STRANGE_NAME)
    everything = (Modality.COLOR, Modality.DEPTH, Modality.IR, Modality.THERMAL)
    session = simulate(study, scenario(), "calib01", modalities=everything)
    told = {f"{FACTORY}ir": msgspec.json.encode(AS_BUILT).decode(), f"{FACTORY}color": "no camera"}
    devices = [
        msgspec.structs.replace(device, settings=told) if "kinect" in device.serial else device
        for device in session.manifest.devices
    ]
    session.save(msgspec.structs.replace(session.manifest, devices=tuple(devices)))
    return study


@pytest.fixture(scope="module")
def calibrated(once):
    """The same study with its rig."""
    made = make([SessionSource(find(once, "calib01"))], Board())
    keep(made.rig, once.rig_file, made)
    return once


def test_what_the_device_says_of_its_own_lens_stands_beside_what_was_found(calibrated):
    source = SessionSource(find(calibrated, "calib01"))
    assert source.about.factory == {Modality.IR: AS_BUILT}  # what cannot be read is left out
    page = calibrated.rig_file.with_name("rig-report.html").read_text(encoding="utf-8")
    assert page.count(">factory<") == 1
    assert ">364.321<" in page


def linked(source, target):
    """Recordings are never written into, so that a copy of them may be the same file."""
    if source.endswith(".mcap"):
        os.link(source, target)
    else:
        shutil.copy2(source, target)


@pytest.fixture
def copied(calibrated, tmp_path):
    """A copy of it that a test may change."""
    folder = tmp_path / "copy" / studies.STRANGE_NAME
    shutil.copytree(calibrated.folder, folder, copy_function=linked)
    return Study(folder)


def test_the_rig_of_a_recorded_board_is_the_one_that_was_simulated(calibrated):
    rig = store.read(calibrated.rig_file)
    place = np.subtract(rig.color_to_thermal.translation_mm, TRUE.thermal.from_color.translation_mm)
    assert np.linalg.norm(place) < 1.5
    back = np.subtract(rig.ir_to_color.translation_mm, TRUE.ir.from_color.inverse().translation_mm)
    assert np.linalg.norm(back) < 1.5
    assert rig.depth_shift_mm == pytest.approx(TRUE.depth_shift_mm, abs=1.5)
    assert rig.depth_shift.sigma_mm < 1.0
    assert rig.simulated
    assert rig.serials[Modality.IR] == "sim-kinect"
    assert set(rig.inputs) == {f"calib01/{m}.mcap" for m in ("color", "depth", "ir", "thermal")}
    assert rig.quality.views["thermal"] >= VIEWS - 2
    assert max(rig.quality.transfer_px.values()) < 1.0


def test_the_command_says_how_good_it_is_and_where_it_went(copied, cli):
    before = store.read(copied.rig_file)
    done = cli(copied, "calibrate", "--session", "calib01")
    assert done.code == 0, done.err
    assert "rig.json, rig-report.html" in done.out
    assert "Good" in done.out
    assert "kept as rig-20" in done.err
    after = store.read(copied.rig_file)
    assert after.color == before.color  # the same recording gives the same rig
    assert after.color_to_thermal == before.color_to_thermal


def test_the_report_is_one_page_without_anything_from_elsewhere(calibrated):
    page = (calibrated.folder / "rig-report.html").read_text("utf-8")
    assert "SIMULATED" in page
    for heading in ("Lenses", "Places", "Errors", "Depth", "Coverage", "Pictures", "Left out"):
        assert heading in page
    assert page.count("data:image/jpeg") >= 6
    assert "prefers-color-scheme: dark" in page
    outside = re.findall(r"(?:src|href)=\"(?!data:)([^\"]+)", page)
    assert outside == []
    assert "nan" not in re.sub(r"base64,[^\"]+", "", page).lower().replace("finance", "")


def test_the_session_counts_as_calibrated(calibrated, cli):
    out = cli(calibrated, "status").out
    assert re.search(r"calib01\s+yes\s+yes", out)


def test_step_by_step_is_there_for_comparison_and_settings_are_written_down(copied, cli):
    (copied.folder / "lens.toml").write_text(
        "[solve]\nfix_k3 = true\n[crop]\nleft_px = 0\ntop_px = 0\nwidth_px = 640\nheight_px = 480\n"
    )
    words = ("calibrate", "--session", "calib01", "--method", "iai", "--settings", "lens.toml")
    done = cli(copied, *words)
    assert done.code == 0, done.err
    rig = store.read(copied.rig_file)
    assert rig.method == "iai"
    assert "--method joint" in done.err
    assert rig.color.distortion.coefficients[4] == 0
    assert rig.crop.width_px == 640
    assert rig.settings["solve"]["fix_k3"] is True


def test_a_good_rig_passes_the_check(calibrated, cli):
    done = cli(calibrated, "calibrate", "--check", "--session", "calib01")
    assert done.code == 0, done.err
    assert "The calibration holds" in done.out


def test_a_camera_that_was_moved_fails_the_check_and_is_named(copied, cli):
    rig = store.read(copied.rig_file)
    knocked = rig.color_to_thermal.then(Pose.from_rotation_vector((0.0, 0.01, 0.0)))
    store.write(msgspec.structs.replace(rig, color_to_thermal=knocked), copied.rig_file)
    done = cli(copied, "calibrate", "--check", "--session", "calib01")
    assert done.code == 1
    assert "no longer holds" in done.err
    assert "thermal camera has turned by 0.57 degrees" in done.err


def test_another_cameras_rig_is_refused_in_the_check(copied, refused):
    rig = store.read(copied.rig_file)
    serials = {**rig.serials, Modality.THERMAL: "another"}
    store.write(msgspec.structs.replace(rig, serials=serials), copied.rig_file)
    err = refused(DataError, copied, "calibrate", "--check", "--session", "calib01")
    assert "thermal: calibrated 'another', recorded 'sim-a65'" in err


def test_a_rig_of_another_picture_size_is_refused_in_the_check(copied, refused):
    rig = store.read(copied.rig_file)
    small = rig.thermal.scaled(320, 256)
    store.write(msgspec.structs.replace(rig, thermal=small), copied.rig_file)
    err = refused(DataError, copied, "calibrate", "--check", "--session", "calib01")
    assert "calibrated at 320x256, recorded at 640x512" in err


def test_iai_files_go_out_and_come_back(copied, cli):
    before = store.read(copied.rig_file)
    assert cli(copied, "calibrate", "--to-iai", "501").code == 0
    done = cli(copied, "calibrate", "--from-iai", "501")
    assert done.code == 0, done.err
    after = store.read(copied.rig_file)
    assert (after.color, after.ir, after.depth_shift_mm) == (
        before.color,
        before.ir,
        before.depth_shift_mm,
    )
    assert after.method == "imported"


@pytest.mark.parametrize(
    ("arguments", "kind", "told"),
    [
        ((), InputError, "not said"),
        (("--session", "calib01", "--from-iai", "x"), InputError, "do not go together"),
        (("--session", "calib01", "--check", "--live"), InputError, "do not go together"),
        (("--session", "nobody"), NotFoundError, "no session 'nobody'"),
        (("--images", "nowhere"), NotFoundError, "no folder"),
        (("--session", "calib01", "--board", "seven"), InputError, "describes no board"),
        (("--session", "calib01", "--square-mm", "0.03"), InputError, "square_mm"),
        (("--session", "calib01", "--board", "6x8"), InputError, "squares were counted"),
        (("--from-iai", "nowhere"), NotFoundError, "has no calib_color"),
    ],
)
def test_what_cannot_be_calibrated_is_refused_and_changes_nothing(
    calibrated, refused, arguments, kind, told
):
    assert told in refused(kind, calibrated, "calibrate", *arguments)


def test_unknown_settings_are_named(copied, cli):
    (copied.folder / "lens.toml").write_text("[solve]\nfix_k4 = true\n")
    done = cli(copied, "calibrate", "--session", "calib01", "--settings", "lens.toml")
    telling.assert_told(done.code, done.err, ConfigError)
    assert "did you mean 'fix_k3'" in done.err


def test_a_session_without_infrared_is_refused(study, refused):
    studies.record_pattern(study)
    err = refused(NotFoundError, study, "calibrate", "--session", "s01")
    assert "has no ir pictures" in err


def test_an_inkjets_board_is_explained(study, refused):
    """Its ink is invisible in infrared, and unheated nothing is seen in heat."""
    few = msgspec.structs.replace(scenario(inkjet=True, warm_k=0.0), seconds=0.8)
    simulate(study, few, "ink", modalities=(Modality.COLOR, Modality.IR, Modality.THERMAL))
    err = refused(InputError, study, "calibrate", "--session", "ink")
    assert "seen by color" in err
    assert "laser printer" in err


def test_two_rigs_do_not_go_into_one(copied, refused):
    other = copied.sessions_folder / "calib02"
    shutil.copytree(copied.sessions_folder / "calib01", other, copy_function=linked)
    tree = json.loads((other / "session.json").read_text())
    tree["name"] = "calib02"
    for stream in tree["streams"].values():
        for piece in stream["pieces"]:
            piece["serial"] += "-2"
    (other / "session.json").write_text(json.dumps(tree))
    err = refused(DataError, copied, "calibrate", "--session", "calib01", "--session", "calib02")
    assert "different cameras" in err
