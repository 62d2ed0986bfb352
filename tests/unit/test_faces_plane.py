"""Similarities, the canonical face, and crops that say where they hold something."""

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from taver.faces import align, crops, similarity
from taver.faces.points import COUNT, MIRRORED, RIGID, box_of, eye_distance, mean_mm

SIZES = st.floats(0.2, 5)
TURNS = st.floats(-3.1, 3.1)
SHIFTS = st.floats(-500, 500)


def made(scale, turn, x, y):
    along, across = scale * np.cos(turn), scale * np.sin(turn)
    return np.array([[along, -across, x], [across, along, y]])


@given(SIZES, TURNS, SHIFTS, SHIFTS)
def test_a_similarity_is_found_again_from_points_it_moved(scale, turn, x, y):
    matrix = made(scale, turn, x, y)
    points = align.template()
    assert similarity.fit(points, similarity.apply(matrix, points)) == pytest.approx(
        matrix, abs=1e-6
    )


@given(SIZES, TURNS, SHIFTS, SHIFTS)
def test_there_and_back_is_where_it_began(scale, turn, x, y):
    matrix = made(scale, turn, x, y)
    points = align.template()
    there = similarity.apply(matrix, points)
    assert similarity.apply(similarity.inverse(matrix), there) == pytest.approx(points, abs=1e-6)
    assert similarity.scale(matrix) == pytest.approx(scale)


def test_many_frames_are_fitted_as_each_alone():
    rng = np.random.default_rng(1)
    faces = rng.normal(0, 50, (5, COUNT, 2))
    together = similarity.fit(faces, align.template())
    for face, matrix in zip(faces, together, strict=True):
        assert similarity.fit(face, align.template()) == pytest.approx(matrix)


def test_a_missing_point_makes_a_similarity_missing_and_nothing_else():
    faces = np.stack([align.template(), align.template()])
    faces[0, 3] = np.nan
    found = similarity.fit(faces, align.template())
    assert np.isnan(found[0]).all()
    assert np.isfinite(found[1]).all()


def test_the_mean_face_is_symmetric_and_as_large_as_a_face():
    face = mean_mm()
    mirrored = face[list(MIRRORED)] * (-1, 1, 1)
    assert mirrored == pytest.approx(face, abs=1e-9)
    assert 55 < eye_distance(face[:, :2]) < 70
    assert sorted(MIRRORED) == list(range(COUNT))
    assert len(RIGID) == 11


@pytest.mark.parametrize("alignment", align.POINTS)
def test_an_aligned_face_lies_on_the_template(alignment):
    face = similarity.apply(made(2.3, 0.4, 300, 200), align.template())
    placed = similarity.apply(align.matrix(face, alignment), face)
    assert placed == pytest.approx(align.template(), abs=1e-6)


@pytest.mark.parametrize("alignment", align.POINTS)
def test_alignment_does_with_the_points_that_are_seen(alignment):
    face = similarity.apply(made(2.3, 0.4, 300, 200), align.template())
    faces = np.stack([face, face, face])
    faces[1, [31, 33, 37, 38, 45]] = np.nan
    faces[2, [*range(27, 36), *range(36, 41), *range(42, 47)]] = np.nan
    found = align.matrix(faces, alignment)
    for matrix in found[:2]:
        placed = similarity.apply(matrix, face)
        assert placed == pytest.approx(align.template(), abs=1e-6)
    assert np.isnan(found[2]).all()
    assert align.matrix(face, alignment) == pytest.approx(found[0])


def test_all_points_lie_in_the_crop_with_room_for_the_forehead():
    left, top, right, bottom = box_of(align.template(96))
    assert left > 5
    assert right < 90
    assert top > 15
    assert bottom < 95


def test_a_crop_shows_what_the_picture_shows_there():
    picture = np.zeros((400, 600, 3), np.uint8)
    picture[..., 0] = np.arange(600)[None, :] % 251
    picture[..., 1] = np.arange(400)[:, None] % 251
    matrix = made(0.9, 0.0, -90.0, -45.0)  # x = (column + 90) / 0.9
    crop = crops.color(picture, matrix)
    assert crop.valid.all()
    assert crop.values[10, 20, 0] == pytest.approx((20 + 90) / 0.9, abs=1)
    assert crop.values[10, 20, 1] == pytest.approx((10 + 45) / 0.9, abs=1)


def test_a_crop_beyond_the_edge_says_that_it_holds_nothing_there():
    picture = np.full((100, 100, 3), 200, np.uint8)
    matrix = made(1.0, 0.0, 48.0, 0.0)  # the left half of the crop is left of the picture
    for crop in (
        crops.color(picture, matrix),
        crops.heat(np.full((100, 100), 300.0, np.float32), matrix),
        crops.depth(np.full((100, 100), 1000, np.uint16), matrix),
    ):
        assert not crop.valid[:, :47].any()
        assert crop.valid[:, 49:].all()
        assert not crop.values[:, :47].any()
        assert (crop.values[:, 49:] > 0).all()


@pytest.mark.parametrize("size", [48, 96, 224])
def test_crops_have_the_size_that_is_asked_for(size):
    face = similarity.apply(made(2.0, 0.1, 100, 80), align.template())
    matrix = align.matrix(face, size_px=size)
    crop = crops.color(np.zeros((400, 400, 3), np.uint8), matrix, size)
    assert crop.values.shape == (size, size, 3)
    assert similarity.apply(matrix, face) == pytest.approx(align.template(size), abs=1e-6)


def test_texture_that_shrinks_away_becomes_its_mean():
    board = np.indices((800, 800)).sum(axis=0) % 2 * 255
    picture = np.repeat(board[..., None], 3, axis=2).astype(np.uint8)
    crop = crops.color(picture, made(0.13, 0.0, 0.0, 0.0))
    inside = crop.values[5:90, 5:90].astype(int)
    assert np.abs(inside - 127).max() < 12


def test_a_hole_in_the_depth_stays_a_hole_and_surfaces_are_not_mixed():
    depth = np.full((80, 80), 1000, np.uint16)
    depth[:, 40:] = 1500
    depth[20:24, 20:24] = 0
    crop = crops.depth(depth, made(1.2, 0.0, 0.0, 0.0))
    values = crop.values[crop.valid]
    assert set(np.unique(values)) == {1000.0, 1500.0}
    assert not crop.valid[25:28, 25:28].any()


def test_a_plane_has_no_relief_and_what_stands_out_of_it_is_measured():
    matrix = made(1.0, 0.0, 0.0, 0.0)
    row, column = np.mgrid[:96, :96]
    z = 1.0 / (1.0 / 1000 + 1e-6 * column - 5e-7 * row)
    crop = crops.depth(np.rint(z).astype(np.uint16), matrix)
    assert np.abs(crops.relief(crop).values[:95, :95]).max() < 2
    nose = np.round(align.template()[30]).astype(int)
    crop.values[nose[1] - 3 : nose[1] + 4, nose[0] - 3 : nose[0] + 4] -= 30
    assert crops.relief(crop).values[nose[1], nose[0]] == pytest.approx(30, abs=2)


def test_without_depth_there_is_no_relief():
    crop = crops.depth(np.zeros((100, 100), np.uint16), made(1.0, 0.0, 0.0, 0.0))
    assert not crop.valid.any()
    assert not crops.relief(crop).valid.any()
