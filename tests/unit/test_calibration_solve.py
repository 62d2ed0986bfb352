"""The solver on planted corners: what it finds, what it leaves out, what it says of itself."""

import dataclasses

import numpy as np
import pytest
from boards import BOARD, SHIFT_MM, planted

from calibration.board import Board
from calibration.make import uncertainty_of
from calibration.observations import Depths, Sighting
from calibration.solve.joint import joint
from calibration.solve.lens import directions, directions_and_slopes, projected
from calibration.solve.normal import blocks_of
from calibration.solve.rows import residuals, sources_of
from calibration.solve.sequential import sequential
from calibration.solve.setting import Setting
from calibration.solve.state import Layout, moved
from calibration.solve.symmetry import orders, turn_of
from capture.sim.rig import rig_by_seed
from taver.core.errors import DataError, InputError
from taver.core.pose import Pose

RIG = rig_by_seed(5)


@pytest.fixture(scope="module")
def seen():
    return planted(RIG, 14, 5)


@pytest.fixture(scope="module")
def solved(seen):
    return joint(seen)


def off_mm(result, camera):
    true = {"ir": RIG.ir, "thermal": RIG.thermal}[camera].from_color
    return np.linalg.norm(
        np.subtract(result.solution.state.translations_mm[camera], true.translation_mm)
    )


def changed(observations, camera, change):
    """Return the observations with one camera's sightings passed through `change(sighting, at)`."""
    views = tuple(
        dataclasses.replace(
            view,
            sightings={c: change(s, at) if c == camera else s for c, s in view.sightings.items()},
        )
        for at, view in enumerate(observations.views)
    )
    return dataclasses.replace(observations, views=views)


@pytest.mark.parametrize("size", [9, 12])
def test_slopes_of_the_lens_are_those_of_small_changes(size):
    rng = np.random.default_rng(1)
    lens = np.array([500, 510, 320, 240, 0.1, -0.2, 0.001, -0.002, 0.05, 0.02, 0.01, -0.01])[:size]
    points = rng.uniform([-300, -200, 800], [300, 200, 1200], (20, 3))
    pixels, by_point, by_lens = projected(lens, points)
    for axis in range(3):
        step = np.zeros(3)
        step[axis] = 1e-3
        there, back = (projected(lens, points + s * step)[0] for s in (1, -1))
        assert np.allclose(by_point[:, :, axis], (there - back) / 2e-3, atol=1e-6)
    rays, rays_by_lens = directions_and_slopes(lens, pixels)
    assert np.allclose(rays, points[:, :2] / points[:, 2:], atol=1e-9)
    for at in range(size):
        step = np.zeros(size)
        step[at] = 1e-4 if at < 4 else 1e-6
        there, back = (projected(lens + s * step, points)[0] for s in (1, -1))
        assert np.allclose(by_lens[:, :, at], (there - back) / (2 * step[at]), atol=1e-4)
        there, back = (directions(lens + s * step, pixels) for s in (1, -1))
        assert np.allclose(rays_by_lens[:, :, at], (there - back) / (2 * step[at]), atol=1e-5)


def test_normal_equations_are_those_of_small_changes(seen, solved):
    """Every parameter, shared or of a view, of corners and of depths."""
    state = solved.solution.state
    layout, sources = Layout.of(state), sources_of(solved.observations)
    noise = solved.solution.noise
    blocks = {(b.source, b.view): b for b in blocks_of(state, layout, sources, noise)}
    still = np.zeros((len(seen.views), 6))
    for source in sources:
        view, part = source.parts[3]
        block = blocks[source.name, view]
        scale = np.sqrt(source.weights[part]) / noise[source.name]
        columns = []
        for number in range(len(block.columns) + 6):
            shared, own = np.zeros(len(layout.names)), still.copy()
            step = 1e-6
            if number < len(block.columns):
                shared[block.columns[number]] = step
            else:
                own[view, number - len(block.columns)] = step
            there, back = (
                residuals(moved(state, layout, s * shared, s * own), source)[part] for s in (1, -1)
            )
            columns.append(((there - back) / (2 * step) * scale[:, None]).ravel())
        jacobian = np.stack(columns, axis=1)
        normal = jacobian.T @ jacobian
        size = np.sqrt(np.outer(np.diag(normal), np.diag(normal))) + 1e-12
        assert np.abs((block.normal - normal) / size).max() < 0.05, source.name


def test_the_rig_is_found_with_its_shift(solved):
    assert off_mm(solved, "ir") < 1.0
    assert off_mm(solved, "thermal") < 1.0
    assert abs(solved.solution.state.shift[0] - SHIFT_MM) < 1.5
    assert solved.rejected == ()
    assert solved.solution.noise["color"] == pytest.approx(0.1, rel=0.15)
    assert solved.solution.noise["thermal"] == pytest.approx(0.3, rel=0.15)
    assert solved.solution.noise["depth"] == pytest.approx(4.0, rel=0.1)


def test_deviations_are_as_large_as_the_errors(solved):
    sigma = np.sqrt(np.diag(solved.covariance.shared))
    at = solved.solution.layout.turn_at["thermal"]
    place = np.subtract(
        solved.solution.state.translations_mm["thermal"], RIG.thermal.from_color.translation_mm
    )
    assert (np.abs(place) < 4 * sigma[at][3:]).all()
    assert (sigma[at][3:] < 1.0).all()


def test_uncertainty_of_the_way_back_has_the_same_size(solved):
    known = uncertainty_of(solved).sigma
    names = [f"ir_to_color.t{axis}_mm" for axis in "xyz"]
    back = np.linalg.norm([known[name] for name in names])
    sigma = np.sqrt(np.diag(solved.covariance.shared))[solved.solution.layout.turn_at["ir"]]
    assert back == pytest.approx(np.linalg.norm(sigma[3:]), rel=0.2)


def test_step_by_step_is_far_worse(seen, solved):
    """Why the joint solution is the default."""
    result = sequential(seen)
    assert off_mm(result, "thermal") > 3 * off_mm(solved, "thermal")
    assert "--method joint" in result.warnings[0]


def test_a_board_counted_from_its_other_end_is_noticed(seen, solved):
    turned = changed(seen, "thermal", lambda s, at: s.turned(BOARD) if at % 3 == 0 else s)
    assert off_mm(joint(turned), "thermal") == pytest.approx(off_mm(solved, "thermal"), abs=1e-3)


def test_quarter_turns_of_a_square_board_are_undone():
    square = Board(columns=5, rows=5, square_mm=30)
    observations = planted(RIG, 8, 2, square)
    ways = orders(square)
    assert len(ways) == 4
    turned = changed(
        observations,
        "ir",
        lambda s, at: Sighting(pixels=s.pixels, corners=ways[at % 4][s.corners]),
    )
    assert off_mm(joint(turned), "ir") < 2.0


def test_a_renumbered_board_is_the_same_board_in_another_frame():
    for board in (BOARD, Board(columns=4, rows=4, square_mm=25)):
        for order in orders(board):
            r, t = turn_of(board, order)
            assert np.allclose(board.points_mm[order] @ r.T + t, board.points_mm)


def test_a_wrong_corner_is_left_out_and_told(seen, solved):
    def moved_corner(sighting, at):
        pixels = sighting.pixels.copy()
        if at == 4:
            pixels[7] += (3.0, -2.0)
        return dataclasses.replace(sighting, pixels=pixels)

    result = joint(changed(seen, "color", moved_corner))
    assert len(result.rejected) == 1
    assert "view 5, color" in result.rejected[0]
    assert "corner 8" in result.rejected[0]
    assert off_mm(result, "thermal") == pytest.approx(off_mm(solved, "thermal"), abs=0.05)


def test_a_view_in_which_the_board_moved_is_left_out_and_told(seen, solved):
    result = joint(
        changed(
            seen,
            "thermal",
            lambda s, at: dataclasses.replace(s, pixels=s.pixels + 9.0) if at == 2 else s,
        )
    )
    assert len(result.rejected) == 1
    assert "view 3, thermal: the view is left out" in result.rejected[0]
    assert off_mm(result, "thermal") < 1.2 * off_mm(solved, "thermal") + 0.3


def test_a_hand_before_the_board_does_not_move_the_depth_shift(seen, solved):
    def with_hand(view):
        z = view.depths.z_mm.copy()
        z[: len(z) // 5] -= 150.0
        return dataclasses.replace(view, depths=Depths(pixels=view.depths.pixels, z_mm=z))

    views = tuple(with_hand(view) for view in seen.views)
    result = joint(dataclasses.replace(seen, views=views))
    assert result.solution.state.shift[0] == pytest.approx(solved.solution.state.shift[0], abs=0.5)


def test_a_slope_of_the_shift_is_seen_and_warned_about(seen):
    def sloped(view):
        z = view.depths.z_mm
        return dataclasses.replace(
            view, depths=Depths(pixels=view.depths.pixels, z_mm=z - 30.0 * (z / 1000.0 - 1.0))
        )

    views = tuple(sloped(view) for view in seen.views)
    result = joint(dataclasses.replace(seen, views=views))
    assert result.covariance.slopes[0] == pytest.approx(30.0, abs=6.0)
    assert any("with a metre more of distance" in warning for warning in result.warnings)


def test_without_depth_the_rest_is_found(seen):
    views = tuple(dataclasses.replace(view, depths=None) for view in seen.views)
    result = joint(dataclasses.replace(seen, views=views))
    assert off_mm(result, "thermal") < 4.0
    assert not result.solution.free[result.solution.layout.shift_at].any()


def test_what_is_held_fixed_stays(seen):
    setting = Setting(fix_principal_point=True, fix_k3=True)
    result = joint(seen.of(["color", "ir"]), setting)
    lens = result.solution.state.lenses["ir"]
    assert lens[2:4].tolist() == [255.5, 211.5]
    assert lens[8] == 0.0
    names = uncertainty_of(result).parameters
    assert "ir.cx_px" not in names
    assert "ir.k3" not in names


def test_eight_coefficients_fit_as_well(seen):
    result = joint(seen, Setting(coefficients=8))
    assert len(result.solution.state.lenses["color"]) == 12
    assert off_mm(result, "thermal") < 1.5
    assert result.rms_px["color"] < 0.16


def held(far_mm, tilt_deg, count, noise=0.0):
    """The board straight ahead of colour, this far away and tilted, shifted about a little."""
    rng = np.random.default_rng(3)
    middle = BOARD.points_mm.mean(axis=0)
    for number in range(count):
        around = 2 * np.pi * number / count
        lean = np.radians(tilt_deg)
        turn = Pose.from_rotation_vector((lean * np.cos(around), lean * np.sin(around), 0.02))
        at = np.array([-20, 40, far_mm]) + rng.uniform(-40, 40, 3) * (1, 1, noise)
        yield Pose.from_matrix(turn.rotation_matrix, at - turn.rotation_matrix @ middle)


def test_weak_geometry_is_warned_about():
    flat = planted(RIG, 0, 4, poses=list(held(1000, 4, 7)))
    told = " ".join(joint(flat).warnings)
    assert "7 views are few" in told
    assert "from about one distance" in told
    assert "0 views are tilted" in told
    assert "focal length is loose" in told
    strong = planted(RIG, 20, 5)
    assert joint(strong).warnings == ()


def test_too_few_views_are_refused_with_what_to_do(seen):
    few = dataclasses.replace(seen, views=seen.views[:2])
    with pytest.raises(InputError, match="saw the board in 2 of 2 views") as caught:
        joint(few)
    assert "20 times" in caught.value.fix


def test_a_camera_that_never_saw_it_with_another_is_refused(seen):
    views = tuple(
        dataclasses.replace(
            view,
            sightings={
                c: s for c, s in view.sightings.items() if (c == "thermal") == (at % 2 == 0)
            },
        )
        for at, view in enumerate(seen.views)
    )
    with pytest.raises(DataError, match="thermal together with another camera"):
        joint(dataclasses.replace(seen, views=views))


def test_a_mirrored_camera_is_named(seen):
    mirror = np.arange(BOARD.corners).reshape(BOARD.rows, BOARD.columns)[:, ::-1].ravel()

    def flipped(sighting, _):
        pixels = sighting.pixels.copy()
        pixels[:, 0] = 511 - pixels[:, 0]
        return Sighting(pixels=pixels, corners=mirror[sighting.corners])

    with pytest.raises(DataError, match="ir pictures are mirrored left to right"):
        joint(changed(seen, "ir", flipped))


def test_cameras_at_different_times_are_refused(seen):
    """Each saw a board, but never the same one at once."""
    views = tuple(
        dataclasses.replace(
            view,
            sightings={**view.sightings, "thermal": other.sightings["thermal"]},
        )
        for view, other in zip(seen.views, [*seen.views[5:], *seen.views[:5]], strict=True)
    )
    with pytest.raises(DataError, match="disagree about where they stand"):
        joint(dataclasses.replace(seen, views=views))
