"""Builds that are under way while a person is forgotten: kept out, or brought to an end."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from taver.dataset.forget.datasets import half_built
from taver.dataset.stores import is_remote

if TYPE_CHECKING:
    from collections.abc import Iterator

    from taver.core.study import Study


def mend(study: Study) -> None:
    """Bring every switch to an end that a build began and did not finish.

    In the middle of one there is no dataset where one belongs: the person would not be found in
    what lies there already, and what there was of all others would go with the build.
    """
    named = study.config.dataset.store
    if is_remote(named):
        from taver.dataset.build.bucket import Bucket

        Bucket(named).mend()
    from taver.dataset.build.folder import Folder

    for begun in half_built(study):
        if not is_remote(begun):
            leaf = begun.name.removeprefix(".").removesuffix(".building")
            Folder(begun.with_name(leaf)).mend()


@contextlib.contextmanager
def kept_out(study: Study) -> Iterator[None]:
    """Let no build write under the study's address for the length of the block.

    Raises BusyError where one does. In a folder that is seen when what it builds is deleted.
    """
    named = study.config.dataset.store
    if not is_remote(named):
        yield
        return
    from taver.dataset.build.bucket import Bucket

    with Bucket(named).building():
        yield
