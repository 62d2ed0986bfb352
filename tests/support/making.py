"""Builds of a small study, and what lies in the folders that they make."""

from __future__ import annotations

import numpy as np

import taver.dataset
from taver.core.consent import Audience
from taver.core.session.folder import find
from taver.dataset.about.verify import verify
from taver.dataset.build.run import build
from taver.dataset.config import BuildConfig
from taver.dataset.select import ClipOptions
from taver.faces import store as faces

SECONDS = 5.2
SHORT = ClipOptions(length=4)


def config(**more):
    return BuildConfig(**{"clips": SHORT, **more})


def make(
    study, target=None, *, audience=Audience.LAB, names=(), jobs=1, scheduler=None, again=False,
    **more,
):  # fmt: skip
    where = str(study.folder / "dataset.zarr") if target is None else str(target)
    return build(
        study, where, config(**more), audience=audience, names=names, jobs=jobs,
        scheduler=scheduler, again=again,
    )  # fmt: skip


def tree(folder):
    """Return every file of a dataset with its content."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def files_of(store, inside):
    return list((store / "recordings" / inside).glob("c.*"))


def assert_shown(target):
    """Every picture that is marked as valid holds something."""
    assert verify(taver.dataset.open(target)) == []


def distance_mm(study):
    """Return how far the landmarks are, by the transfer of faces."""
    return float(np.nanmedian(faces.open_faces(find(study, "s01"))["depth_mm"][:, 17:]))
