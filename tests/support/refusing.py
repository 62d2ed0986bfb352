"""Builds of a study of one person, of which most are refused."""

from __future__ import annotations

from taver.core.consent import Audience
from taver.dataset.build.run import build
from taver.dataset.config import BuildConfig
from taver.dataset.select import ClipOptions


def make(study, *, audience=Audience.LAB, names=(), **more):
    config = BuildConfig(**{"clips": ClipOptions(length=2), **more})
    return build(study, str(study.folder / "dataset.zarr"), config, audience=audience, names=names)


def nothing_made(study):
    return not (study.folder / "dataset.zarr").exists()
