"""After a stop or damage, the next build makes a dataset as if nothing had been."""

from __future__ import annotations

import shutil

import faced
import making
import pytest
import studies

import taver.dataset
from taver.core.consent import Audience
from taver.dataset.about.verify import verify
from taver.dataset.build.assembly import Assembly


class Stopped(BaseException):
    """As if the power went."""


@pytest.fixture
def cut_only(copy):
    """Build as far as everything is cut, and not to the end."""

    def stop(*_):
        raise Stopped

    def cut(target, **more):
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(Assembly, "finish", stop)
            with pytest.raises(Stopped):
                making.make(copy, target, **more)
        return target.with_name(f".{target.name}.building")

    return cut


def test_what_was_cut_before_a_stop_does_not_stand_for_what_is_wanted_now(copy, cut_only):
    signed = studies.form(audience=Audience.PUBLIC)
    copy.participants.sign("P01", signed)
    for first, then in (
        ({"audience": Audience.LAB}, {"audience": Audience.PUBLIC}),
        ({"size_px": 16}, {"size_px": 24}),
    ):
        target = copy.folder / "stopped.zarr"
        for more in (then, first):
            cut_only(target, names=["s01"], **more)
        making.make(copy, target, names=["s01"], **then)
        making.assert_shown(target)
        shutil.rmtree(target)


def test_notes_of_a_build_whose_pictures_are_gone_stand_for_nothing(copy, cut_only):
    target = copy.folder / "stopped.zarr"
    notes = cut_only(target, names=["s01"], size_px=16) / "blocks"
    shutil.copytree(notes, copy.folder / "notes")
    making.make(copy, target, names=["s01"], size_px=16)
    shutil.rmtree(target)  # by whoever had it
    shutil.copytree(copy.folder / "notes", notes)  # as if it was stopped before it had tidied up
    making.make(copy, target, names=["s01"], size_px=16)
    making.assert_shown(target)


def test_damage_that_a_look_at_indexes_and_values_shows_is_mended_by_the_next_build(copy):
    store = copy.folder / "dataset.zarr"
    before = making.tree(store)
    (depth,) = making.files_of(store, "s01-interview/depth")
    (gone,) = making.files_of(store, "s02-interview/color")
    faced.damage(depth, depth.stat().st_size - 80)
    gone.unlink()
    made = making.make(copy)
    assert not made.unchanged
    assert sum("damaged, and made anew" in note for note in made.notes) == 2
    assert made.labels_written == 0
    assert making.tree(store) == before
    for path in making.files_of(store, "s01-interview/valence_raters"):
        path.unlink()
    assert making.make(copy).labels_written == 1
    assert making.tree(store) == before
    assert making.make(copy).unchanged


def test_damage_that_no_build_looks_for_is_seen_by_verify_and_mended_by_again(copy):
    store = copy.folder / "dataset.zarr"
    before = making.tree(store)
    (color,) = making.files_of(store, "s01-interview/color")
    faced.damage(color, 4000)  # a colour is as good as another
    assert making.make(copy).unchanged
    assert making.tree(store) != before
    assert verify(taver.dataset.open(store)) == [
        "s01-interview: color: slots 0 to 51 hold other values than were written"
    ]
    assert not making.make(copy, again=True).unchanged
    assert making.tree(store) == before
