"""Pictures of simulated people: true to the mesh, true to the cameras, the same everywhere."""

import dataclasses
import hashlib
import os
import subprocess
import sys

import numpy as np
import pytest

from capture.sim.render.lens import Lens
from capture.sim.render.renderer import Renderer
from capture.sim.render.sheet import posed
from capture.sim.rig import standard_rig
from capture.sim.scene import Actor, Board, BoardView, Performance, Room, Scene, Skin
from taver.core.frames import PICTURES, Modality
from taver.core.pose import Pose

RIG = standard_rig()


@pytest.fixture(scope="module")
def renderer():
    return Renderer(RIG)


def person_at(z_mm, *, identity=1, yaw_deg=0.0, x_mm=0.0, **more):
    head = Pose.from_rotation_vector((0.0, np.radians(-yaw_deg), 0.0), (x_mm, 0.0, z_mm))
    more.setdefault("units", {})
    return Actor(identity=identity, performance=Performance(head=head, **more))


def color(renderer, *actors, **room):
    scene = Scene(actors=actors, room=Room(**room))
    return renderer.render(scene, [Modality.COLOR]).color


def digest_of_pictures():
    total = hashlib.sha256()
    made = Renderer(RIG)
    for yaw_deg in (0.0, 17.0):
        ideal = made.render(posed(5, 0.7, 0.4, yaw_deg), PICTURES)
        for picture in (ideal.color, ideal.depth_mm, ideal.reflectance, ideal.thermal_k):
            total.update(picture.tobytes())
    return total.hexdigest()


def test_another_process_with_other_threads_and_hashes_makes_the_same_bytes():
    code = (
        "import importlib.util, sys\n"
        "spec = importlib.util.spec_from_file_location('pictures', sys.argv[1])\n"
        "module = importlib.util.module_from_spec(spec)\n"
        "spec.loader.exec_module(module)\n"
        "print(module.digest_of_pictures())"
    )
    environment = os.environ | {
        "NUMBA_NUM_THREADS": "2",
        "OMP_NUM_THREADS": "2",
        "OPENBLAS_NUM_THREADS": "2",
        "PYTHONHASHSEED": "123",
    }
    done = subprocess.run(
        [sys.executable, "-c", code, __file__],
        capture_output=True,
        text=True,
        check=True,
        env=environment,
    )
    assert done.stdout.strip() == digest_of_pictures()


def test_only_the_pictures_asked_for_are_made(renderer):
    ideal = renderer.render(Scene(), [Modality.THERMAL])
    assert ideal.color is None
    assert ideal.depth_mm is None
    assert ideal.reflectance is None
    assert ideal.thermal_k.shape == (512, 640)


def test_pictures_have_the_cameras_sizes_and_kinds(renderer):
    ideal = renderer.render(Scene(actors=(person_at(900),)), PICTURES)
    assert (ideal.color.shape, ideal.color.dtype) == ((1080, 1920, 3), np.uint8)
    assert (ideal.depth_mm.shape, ideal.depth_mm.dtype) == ((424, 512), np.float32)
    assert (ideal.reflectance.shape, ideal.reflectance.dtype) == ((424, 512), np.float32)
    assert (ideal.thermal_k.shape, ideal.thermal_k.dtype) == ((512, 640), np.float32)
    assert ideal.depth_mm.min() > 0
    assert ideal.reflectance.min() >= 0
    assert ideal.reflectance.max() <= 1


def test_a_second_picture_does_not_change_the_first(renderer):
    scene = Scene(actors=(person_at(900),))
    first = renderer.render(scene, PICTURES)
    kept = [p.copy() for p in (first.color, first.depth_mm, first.reflectance, first.thermal_k)]
    renderer.render(Scene(actors=(person_at(700, identity=2),)), PICTURES)
    again = renderer.render(scene, PICTURES)
    for name, before in zip(("color", "depth_mm", "reflectance", "thermal_k"), kept, strict=True):
        np.testing.assert_array_equal(getattr(first, name), before)
        np.testing.assert_array_equal(getattr(again, name), before)


@pytest.mark.parametrize("modality", [Modality.COLOR, Modality.DEPTH, Modality.THERMAL])
def test_the_fast_lens_agrees_with_the_camera(modality):
    camera = RIG.of(modality)
    points = np.random.default_rng(0).uniform([-400, -300, 600], [400, 300, 2000], (500, 3))
    pixels, inverse_z = Lens(camera).see(points.astype(np.float32))
    mine = camera.from_color.apply(points)
    truth = camera.camera.project(mine)
    seen = np.isfinite(truth[:, 0])
    np.testing.assert_allclose(pixels[seen], truth[seen], atol=5e-3)
    np.testing.assert_allclose(1 / inverse_z[seen], mine[seen, 2], rtol=1e-5)
    assert np.isnan(pixels[~seen]).all()


def test_depth_at_a_visible_landmark_is_the_landmarks_own(renderer):
    scene = Scene(actors=(person_at(900),))
    depth = renderer.render(scene, [Modality.DEPTH]).depth_mm
    (truth,) = renderer.landmarks(scene)
    z = RIG.ir.from_color.apply(truth.world_mm)[:, 2]
    inner = truth.visible[Modality.DEPTH] & (np.arange(68) >= 17)
    column, row = np.rint(truth.pixels[Modality.DEPTH][inner]).astype(int).T
    # A pixel is 2.5 mm wide here, and the face slopes.
    assert np.abs(depth[row, column] - z[inner]).max() < 7
    assert np.abs(np.median(depth[row, column] - z[inner])) < 1


@pytest.mark.parametrize("modality", list(Modality)[:4])
def test_one_camera_sees_the_same_landmarks_without_the_others(renderer, modality):
    scene = Scene(actors=(person_at(900, yaw_deg=50.0),))
    (all_cameras,) = renderer.landmarks(scene)
    (alone,) = renderer.landmarks(scene, [modality])
    np.testing.assert_array_equal(alone.pixels[modality], all_cameras.pixels[modality])
    np.testing.assert_array_equal(alone.visible[modality], all_cameras.visible[modality])


def test_landmarks_on_the_far_side_of_a_turned_head_are_hidden(renderer):
    (ahead,) = renderer.landmarks(Scene(actors=(person_at(900),)))
    (turned,) = renderer.landmarks(Scene(actors=(person_at(900, yaw_deg=80.0),)))
    assert ahead.visible[Modality.COLOR][17:].all()
    # The face has turned to the picture's right: there the person's left eye is out of sight.
    assert not turned.visible[Modality.COLOR][[42, 43, 45, 47]].any()
    assert turned.visible[Modality.COLOR][[36, 41, 31]].all()


def test_a_person_beside_the_picture_has_no_visible_landmarks(renderer):
    (truth,) = renderer.landmarks(Scene(actors=(person_at(900, x_mm=3000),)))
    assert not truth.visible[Modality.COLOR].any()


def test_a_hand_before_the_face_hides_it(renderer):
    hand = Pose.from_matrix(np.eye(3), (0.0, 40.0, 800.0))
    actor = person_at(900, hand=hand)
    (truth,) = renderer.landmarks(Scene(actors=(actor,)))
    assert not truth.visible[Modality.COLOR][[30, 33, 51, 62]].any()
    depth = renderer.render(Scene(actors=(actor,)), [Modality.DEPTH]).depth_mm
    at = RIG.ir.camera.project(RIG.ir.from_color.apply((0.0, 40.0, 800.0)))
    column, row = np.rint(at).astype(int)
    assert depth[row, column] == pytest.approx(800, abs=25)


def test_hand_and_sleeve_follow_the_warmth_of_the_room_as_the_rest_does(renderer):
    hand = Pose.from_matrix(np.eye(3), (0.0, 40.0, 800.0))
    camera = RIG.thermal
    on_skin, on_cloth = (
        np.rint(camera.camera.project(camera.from_color.apply(place)).ravel()).astype(int)
        for place in ((0.0, 40.0, 800.0), (4.0, 220.0, 815.0))
    )
    seen = []
    for air_k in (295.65, 305.65):
        scene = Scene(actors=(person_at(900, hand=hand),), room=Room(air_k=air_k))
        heat = renderer.render(scene, [Modality.THERMAL]).thermal_k
        seen.append([heat[row, column] for column, row in (on_skin, on_cloth)])
    skin_k, cloth_k = np.subtract(seen[1], seen[0])
    assert skin_k == pytest.approx(1.0, abs=0.05)
    assert cloth_k == pytest.approx(5.0, abs=0.05)


def test_a_blink_hides_iris_and_sclera(renderer):
    blink = {"eyeBlinkLeft": 1.0, "eyeBlinkRight": 1.0}
    for identity in (1, 2, 5):
        seen = {}
        for name, units in (("open", {}), ("shut", blink)):
            actor = person_at(600, identity=identity, units=units)
            solid = renderer._solid(Scene(actors=(actor,)))
            window = renderer._rastered(renderer._color, solid, 2)
            hit = window.seen[window.seen >= 0]
            seen[name] = int((solid.shape.material[hit] == 1).sum())
            renderer._samples.forget(window)
        assert seen["open"] > 300
        assert seen["shut"] < 0.02 * seen["open"]


def test_two_people_are_sorted_by_distance(renderer):
    near, far = person_at(800, identity=1), person_at(1500, identity=2)
    one = color(renderer, near, far)
    np.testing.assert_array_equal(one, color(renderer, far, near))
    alone = color(renderer, near)
    (truth,) = renderer.landmarks(Scene(actors=(near,)))
    column, row = np.rint(truth.pixels[Modality.COLOR][30]).astype(int)
    np.testing.assert_array_equal(one[row, column], alone[row, column])
    behind, front = renderer.landmarks(Scene(actors=(far, near)))
    assert front.visible[Modality.COLOR][17:].all()
    assert not behind.visible[Modality.COLOR].any()


def test_different_people_look_different(renderer):
    pictures = [color(renderer, person_at(800, identity=i)).astype(int) for i in range(4)]
    for i, one in enumerate(pictures):
        for other in pictures[:i]:
            assert np.abs(one - other)[400:700, 850:1070].mean() > 8


def test_a_cold_nose_is_cold_in_the_thermal_picture_alone(renderer):
    def nose_k(skin):
        scene = Scene(actors=(person_at(900, skin=skin),))
        ideal = renderer.render(scene, [Modality.THERMAL, Modality.COLOR])
        (truth,) = renderer.landmarks(scene)
        column, row = np.rint(truth.pixels[Modality.THERMAL]).astype(int).T
        return ideal.thermal_k[row, column], ideal.color

    warm, picture = nose_k(Skin())
    cold, same = nose_k(Skin(nose_k=-2.0))
    assert warm[30] - 2.05 < cold[30] < warm[30] - 1.2  # the tip is coldest of the nose
    assert cold[19] == pytest.approx(warm[19], abs=0.02)
    np.testing.assert_array_equal(picture, same)
    assert warm[27:].min() > 305
    assert warm.max() < 310.5


def test_the_light_comes_from_where_the_room_says(renderer):
    def brightness(yaw_deg):
        half = color(renderer, person_at(800), light_yaw_deg=yaw_deg)[480:640].mean(axis=(0, 2))
        return half[970:1040].mean() - half[880:950].mean()

    assert brightness(60.0) > brightness(-60.0) + 10 or brightness(-60.0) > brightness(60.0) + 10


def test_a_board_is_seen_where_it_is_held(renderer):
    cv2 = pytest.importorskip("cv2")
    board = Board()
    pose = Pose.from_rotation_vector((0.1, 0.2, 0.05), (-60.0, -90.0, 800.0))
    scene = Scene(boards=(BoardView(board=board, pose=pose),))
    picture = renderer.render(scene, [Modality.COLOR]).color
    gray = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    found, corners = cv2.findChessboardCornersSB(gray, (board.columns, board.rows))
    assert found
    grid = np.stack(np.meshgrid(np.arange(5), np.arange(7)), -1).reshape(-1, 2) * board.square_mm
    truth = RIG.color.camera.project(pose.apply(np.column_stack([grid, np.zeros(35)])))
    off = np.linalg.norm(corners.reshape(-1, 1, 2) - truth[None], axis=-1).min(axis=1)
    assert off.max() < 0.15


def test_an_empty_room_is_a_wall(renderer):
    ideal = renderer.render(Scene(room=Room(wall_mm=1800, air_k=290.0)), PICTURES)
    assert (ideal.depth_mm == 1800).all()
    assert abs(ideal.thermal_k.mean() - 289.6) < 0.3
    assert renderer.landmarks(Scene()) == ()


def test_someone_behind_the_cameras_is_not_drawn(renderer):
    empty = color(renderer)
    np.testing.assert_array_equal(color(renderer, person_at(-500)), empty)


def test_the_scene_is_not_changed_by_drawing_it(renderer):
    scene = posed(3, 0.5, 0.5)
    before = dataclasses.asdict(scene)
    renderer.render(scene, PICTURES)
    assert dataclasses.asdict(scene) == before
