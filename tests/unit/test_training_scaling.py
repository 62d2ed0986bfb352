"""Pictures as numbers: as the named config says, the same as the crops' own, never from labels."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from taver.core.errors import DataError
from taver.faces import crops
from taver.training.augment import Augment, augmented, draw
from taver.training.scaling import Scaling, coefficients, scaled

SIZE = 96


def recording(**told):
    return SimpleNamespace(
        name="r", relaxing_face_k=told.get("relaxing"), thermal_kelvin=told.get("kelvin")
    )


def through(modality, pictures, scaling=None, who=None):
    """Return pictures of one clip as the network would see them: (channels, frames, h, w)."""
    scaling = scaling or Scaling()
    terms = coefficients(who or recording(), modality, pictures, scaling)
    raw = torch.from_numpy(pictures if modality == "color" else pictures.view(np.int16))[None]
    return scaled(modality, raw, torch.from_numpy(terms)[None], scaling)[0].numpy()


def face_mm(frames=2):
    """A slanted face with a nose, and holes."""
    y, x = np.mgrid[:SIZE, :SIZE] / SIZE
    nose = 30 * np.exp(-((x - 0.5) ** 2 + (y - 0.55) ** 2) / 0.004)
    depth = 900 + 60 * (x - 0.5) - 40 * (y - 0.5) - nose
    depth = np.repeat(depth[None], frames, axis=0)
    depth[:, 5:9, 30:40] = 0
    depth[:, :, 90:] += 900  # the wall behind
    return depth.astype(np.uint16)


def test_colour_goes_from_minus_1_to_1_with_channels_first():
    pictures = np.zeros((4, SIZE, SIZE, 3), np.uint8)
    pictures[..., 0], pictures[1, 2, 3, 1] = 255, 51
    found = through("color", pictures)
    assert found.shape == (3, 4, SIZE, SIZE)
    assert (found[0] == 1).all()
    assert found[1, 1, 2, 3] == pytest.approx(-0.6)
    assert (found[2] == -1).all()


def test_depth_is_the_relief_of_taver_faces():
    pictures = face_mm()
    peer = crops.relief(crops.Crop(pictures[0].astype(np.float64), pictures[0] > 0))
    found = through("depth", pictures)[0, 0]
    expected = np.where(peer.valid, np.clip(peer.values / 150, -1, 1), 0)
    assert np.abs(found - expected).max() < 2e-3
    assert found[53, 48] > 0.15  # the nose is before the plane
    assert (found[:, 92] == -1).all()  # the wall is clipped
    assert (found[5:9, 30:40] == 0).all()


def test_what_was_not_measured_gets_the_fill_and_a_frame_without_a_plane_gets_it_all_over():
    nothing = np.zeros((1, SIZE, SIZE), np.uint16)
    scaling = Scaling(fill=-0.5)
    assert (through("depth", nothing, scaling) == -0.5).all()
    assert (through("thermal", nothing, scaling, recording(kelvin=(0.04, 0))) == -0.5).all()


def test_counts_beyond_32767_are_not_taken_for_negative_ones():
    pictures = np.full((1, SIZE, SIZE), 40_000, np.uint16)
    found = through("thermal", pictures, None, recording(kelvin=(0.01, 0.0), relaxing=398.0))
    assert found == pytest.approx(0.2)


def test_heat_is_above_the_persons_own_relaxing_face_or_absolute_and_clipped():
    pictures = np.full((1, SIZE, SIZE), 7750, np.uint16)  # 310 K
    own = recording(kelvin=(0.04, 0.0), relaxing=307.0)
    assert through("thermal", pictures, None, own) == pytest.approx(0.3, abs=1e-5)
    stranger = recording(kelvin=(0.04, 0.0))
    assert through("thermal", pictures, None, stranger) == pytest.approx(0.485, abs=1e-5)
    absolute = Scaling(thermal="absolute", thermal_zero_k=309.0)
    assert through("thermal", pictures, absolute, own) == pytest.approx(0.1, abs=1e-5)
    assert (through("thermal", pictures // 2, None, own) == -1).all()


def test_depth_can_be_taken_from_the_middle_of_the_crop_instead():
    pictures = np.full((1, 32, 32), 800, np.uint16)
    pictures[0, :4] = 650
    found = through("depth", pictures, Scaling(depth="median"))
    assert np.abs(found[0, 0, 8:]).max() < 1e-5
    assert np.abs(found[0, 0, :4] - 1).max() < 1e-5


def test_heat_without_a_scale_is_refused_by_name():
    with pytest.raises(DataError, match="recording r"):
        through("thermal", np.ones((1, 8, 8), np.uint16), None, recording(relaxing=300.0))


def batch():
    chance = torch.Generator().manual_seed(1)
    return {
        "color": torch.rand((6, 3, 2, 8, 8), generator=chance) * 2 - 1,
        "depth": torch.rand((6, 1, 2, 8, 8), generator=chance),
        "thermal": torch.rand((6, 1, 2, 8, 8), generator=chance),
    }


CLIPS = np.arange(6)


def test_a_clip_is_flipped_in_all_modalities_or_in_none_and_only_colour_changes_otherwise():
    before = batch()
    drawn = draw(Augment(), CLIPS, seed=3, epoch=0)
    after = augmented(before, drawn)
    assert 0 < drawn.flip.sum() < 6
    for clip, flipped in enumerate(drawn.flip):
        for modality in ("depth", "thermal"):
            own = before[modality][clip]
            assert torch.equal(after[modality][clip], own.flip(-1) if flipped else own)
        same = after["color"][clip] == before["color"][clip]
        assert not same.all()


def test_nothing_is_changed_where_nothing_is_to_be():
    before = batch()
    still = Augment(flip=0.0, contrast=0.0, color=0.0)
    after = augmented(before, draw(still, CLIPS, seed=0, epoch=0))
    assert all(torch.allclose(after[name], before[name], atol=1e-6) for name in before)


def test_a_draw_follows_from_seed_epoch_and_clip_in_whatever_batch_the_clip_is():
    whole = draw(Augment(), CLIPS, seed=3, epoch=2)
    part = draw(Augment(), CLIPS[[4, 1]], seed=3, epoch=2)
    assert (part.contrast == whole.contrast[[4, 1]]).all()
    assert (draw(Augment(), CLIPS, seed=3, epoch=3).contrast != whole.contrast).all()


def test_the_same_tint_stands_in_every_frame_and_black_stays_black():
    dark = {"color": -torch.ones((6, 3, 2, 8, 8))}
    assert torch.allclose(
        augmented(dark, draw(Augment(), CLIPS, seed=1, epoch=1))["color"], -torch.ones(1)
    )
    flat = {"color": torch.zeros((6, 3, 2, 8, 8))}
    after = augmented(flat, draw(Augment(), CLIPS, seed=1, epoch=1))["color"]
    assert torch.equal(after[:, :, 0], after[:, :, 1])
