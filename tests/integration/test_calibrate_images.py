"""Calibrating from folders of pictures and videos, and what is wrong with some of them."""

import shutil

import cv2
import msgspec
import numpy as np
import pytest
from boards import BOARD, Rendered

from calibration import store
from calibration.board import Board
from calibration.look import look
from calibration.make import make
from calibration.report.page import report
from calibration.sources.folders import FolderSource
from calibration.sources.shot import About
from capture.sim import scene
from capture.sim.rig import rig_by_seed
from taver.core.errors import DataError, InputError, NotFoundError
from taver.core.frames import Modality

RIG = rig_by_seed(6)
MARKED = Board(columns=4, rows=5, square_mm=60, dictionary="DICT_4X4_50")


def save(path, picture):
    """Write a picture as PNG, whatever the path is called."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if picture.ndim == 3:
        picture = cv2.cvtColor(picture, cv2.COLOR_RGB2BGR)
    path.write_bytes(cv2.imencode(".png", picture, [cv2.IMWRITE_PNG_COMPRESSION, 1])[1].tobytes())


def load(path):
    return cv2.imdecode(np.frombuffer(path.read_bytes(), np.uint8), cv2.IMREAD_UNCHANGED)


@pytest.fixture(scope="module")
def shots():
    return list(Rendered(RIG, 8, 2).shots())


@pytest.fixture(scope="module")
def once(shots, tmp_path_factory):
    folder = tmp_path_factory.mktemp("pictures") / "mit Löchern 板"
    for number, shot in enumerate(shots, 1):
        for modality, picture in shot.pictures.items():
            save(folder / modality / f"{number:04d}.png", picture)
        save(folder / "depth" / f"{number:04d}.png", shot.depth_mm)
    return folder


@pytest.fixture
def folder(once, tmp_path):
    """A copy of the pictures that a test may change."""
    return shutil.copytree(once, tmp_path / "pictures")


def keep_first(folder, count):
    for path in folder.rglob("*.png"):
        if int(path.stem) > count:
            path.unlink()


class Shots:
    """Shots as they are, as a source."""

    def __init__(self, shots):
        self._shots = shots
        self.about = About(names=("shots",), serials={}, inputs={}, simulated=True)

    def __len__(self):
        return len(self._shots)

    def shots(self):
        return iter(self._shots)


def test_pictures_in_a_folder_calibrate_the_rig(once, study, cli):
    done = cli(study, "calibrate", "--images", str(once), "--quiet")
    assert done.code == 0, done.err
    rig = store.read(study.rig_file)
    off = np.subtract(rig.color_to_thermal.translation_mm, RIG.thermal.from_color.translation_mm)
    assert np.linalg.norm(off) < 2.0
    assert rig.depth_shift_mm == pytest.approx(RIG.depth_shift_mm, abs=2)
    assert len(rig.inputs) == 32
    assert all(mark.startswith("sha256:") for mark in rig.inputs.values())
    assert not rig.simulated  # nothing in a picture's file tells that


def test_colour_and_infrared_alone_make_a_rig_and_what_is_not_known_is_told(shots):
    bare = [
        type(shot)(
            name=shot.name,
            pictures={m: p for m, p in shot.pictures.items() if m is not Modality.THERMAL},
        )
        for shot in shots
    ]
    made = make([Shots(bare)], BOARD)
    assert made.rig.thermal is None
    assert made.rig.color_to_thermal is None
    assert made.rig.depth_shift is None
    assert any("0 mm is assumed" in warning for warning in made.rig.quality.warnings)
    page = report(made)
    assert "No depth was measured" in page
    assert "color_to_thermal" not in page


@pytest.mark.parametrize("layout", ["{n}_{m}.png", "{m}-{n}.png", "set/{m}/pic {n}.png"])
def test_a_files_name_tells_camera_and_moment(tmp_path, layout):
    for number in (1, 2):
        for modality in ("color", "ir"):
            save(tmp_path / layout.format(n=number, m=modality), np.zeros((4, 6), np.uint8))
    found = list(FolderSource(tmp_path).shots())
    assert len(found) == 2
    assert all(set(shot.pictures) == {Modality.COLOR, Modality.IR} for shot in found)


def test_a_folder_without_such_pictures_is_refused(tmp_path):
    save(tmp_path / "holiday.png", np.zeros((4, 6), np.uint8))
    with pytest.raises(NotFoundError, match="which camera took them") as caught:
        FolderSource(tmp_path)
    assert "color/, ir/" in caught.value.fix


def test_a_blurred_view_is_left_out_and_told(shots):
    dull = cv2.GaussianBlur(shots[1].pictures[Modality.COLOR], (0, 0), 5.0)
    changed = list(shots[:4])
    changed[1] = type(shots[1])(
        name=shots[1].name,
        pictures={**shots[1].pictures, Modality.COLOR: dull},
        depth_mm=shots[1].depth_mm,
    )
    looked = look([Shots(changed)], BOARD)
    assert [reason for reason in looked.rejected if "view 2, color: blurred" in reason]
    assert "color" not in looked.observations.views[1].sightings


def test_saturated_heat_is_left_out_and_told(folder):
    keep_first(folder, 3)
    path = folder / "thermal" / "0003.png"
    counts = load(path)
    counts[counts > np.percentile(counts, 70)] = 16383  # the warm board, and what is near it
    save(path, counts)
    looked = look([FolderSource(folder)], BOARD)
    told = [r for r in looked.rejected if r.startswith("0003, thermal: ")]
    assert "saturated at 16383 counts" in told[0]
    views = {view.name: view for view in looked.observations.views}
    assert "thermal" not in views["0003"].sightings


def test_pictures_of_two_sizes_are_refused(folder, study, refused):
    path = folder / "ir" / "0002.png"
    save(path, cv2.resize(load(path), (256, 212)))
    err = refused(DataError, study, "calibrate", "--images", str(folder))
    assert "512x424 in 0001, 256x212 in 0002" in err


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda mm: (mm / 20).astype(np.uint8), "8 bit"),
        (lambda mm: np.rint(mm / 1000).astype(np.uint16), "metres, not millimetres"),
        (lambda mm: (mm / 25).astype(np.uint16), "nearer than any depth camera"),
    ],
)
def test_depth_in_another_unit_is_refused(folder, study, refused, change, told):
    path = folder / "depth" / "0001.png"
    save(path, change(load(path).astype(float)))
    assert told in refused(DataError, study, "calibrate", "--images", str(folder))


def test_a_mirrored_camera_is_refused_by_name(folder, study, refused):
    keep_first(folder, 6)
    for path in (folder / "ir").iterdir():
        save(path, load(path)[:, ::-1])
    err = refused(DataError, study, "calibrate", "--images", str(folder))
    assert "ir pictures are mirrored left to right" in err


def test_pictures_of_one_camera_alone_are_refused(folder, study, refused):
    keep_first(folder, 3)
    for name in ("ir", "thermal", "depth"):
        shutil.rmtree(folder / name)
    err = refused(InputError, study, "calibrate", "--images", str(folder))
    assert "seen by color, but never by two cameras at once" in err


def test_too_few_views_are_refused(folder, study, refused):
    keep_first(folder, 2)
    err = refused(InputError, study, "calibrate", "--images", str(folder))
    assert "2 of 2 views" in err


def test_a_picture_that_is_none_is_named(folder, study, refused):
    (folder / "color" / "0001.png").write_bytes(b"not a picture")
    err = refused(DataError, study, "calibrate", "--images", str(folder))
    assert "0001.png is no readable picture" in err


def test_videos_are_taken_where_nothing_moves(shots, tmp_path):
    for modality in (Modality.COLOR, Modality.IR):
        pictures = [shot.pictures[modality] for shot in shots[:3]]
        if modality is Modality.COLOR:
            pictures = [cv2.resize(p, (960, 540), interpolation=cv2.INTER_AREA) for p in pictures]
        else:
            grey = [np.clip(p / np.percentile(p, 99.5) * 255, 0, 255) for p in pictures]
            pictures = [np.repeat(p.astype(np.uint8)[..., None], 3, axis=2) for p in grey]
        size = (pictures[0].shape[1], pictures[0].shape[0])
        video = cv2.VideoWriter(
            str(tmp_path / f"{modality}.avi"), cv2.VideoWriter.fourcc(*"MJPG"), 10, size
        )
        assert video.isOpened()
        for number, picture in enumerate(pictures):
            for repeat in range(6):
                noise = np.random.default_rng([number, repeat]).normal(0, 1.5, picture.shape)
                noisy = np.clip(picture + noise, 0, 255).astype(np.uint8)
                video.write(cv2.cvtColor(noisy, cv2.COLOR_RGB2BGR))
        video.release()
    source = FolderSource(tmp_path)
    looked = look([source], BOARD)
    assert looked.shots == 3
    assert [len(view.sightings) for view in looked.observations.views] == [2, 2, 2]


@pytest.fixture(scope="module")
def marked():
    board = scene.Board(columns=4, rows=5, square_mm=60, dictionary="DICT_4X4_50")
    return list(Rendered(RIG, 6, 3, board).shots())


def test_charuco_corners_are_named_in_every_camera(marked):
    made = make([Shots(marked)], MARKED)
    assert not made.looked.mirrored
    seen = [len(view.sightings) for view in made.looked.observations.views]
    assert sum(seen) >= 17
    off = np.subtract(
        made.rig.color_to_thermal.translation_mm, RIG.thermal.from_color.translation_mm
    )
    assert np.linalg.norm(off) < 4.0


def mirror(shots, modalities):
    return [
        type(shot)(
            name=shot.name,
            pictures={
                m: np.ascontiguousarray(p[:, ::-1]) if m in modalities else p
                for m, p in shot.pictures.items()
            },
            depth_mm=np.ascontiguousarray(shot.depth_mm[:, ::-1]),
        )
        for shot in shots
    ]


def test_a_mirrored_rig_is_told_by_its_markers_and_has_its_baseline_turned(marked):
    rig = make([Shots(mirror(marked, set(Modality)))], MARKED).rig
    assert rig.mirrored
    true = RIG.thermal.from_color.translation_mm
    assert rig.color_to_thermal.translation_mm == pytest.approx(
        (-true[0], true[1], true[2]), abs=4.0
    )


def test_one_mirrored_camera_is_told_by_its_markers(marked):
    with pytest.raises(DataError, match="The color pictures are mirrored"):
        look([Shots(mirror(marked, {Modality.COLOR}))], MARKED)


def test_an_unknown_dictionary_is_refused(marked):
    wrong = msgspec.structs.replace(MARKED, dictionary="DICT_9X9_9")
    with pytest.raises(InputError, match="DICT_9X9_9") as caught:
        look([Shots(marked[:1])], wrong)
    assert "DICT_4X4_50" in caught.value.fix
