"""Which tests run in one process: a file's, or a folder's whose files share what it makes."""

from __future__ import annotations

from pathlib import PurePosixPath

from xdist.scheduler import LoadFileScheduling

# "tests" and a kind of test; what lies deeper is parts of one whole.
_KIND_DEEP = 2


class ByFolder(LoadFileScheduling):
    """Hands out files, and folders below a kind of test as if they were one file.

    What is recorded, trained or built for a folder is so once, however many processes there are.
    """

    def _split_scope(self, nodeid: str) -> str:
        return together(nodeid)


def together(nodeid: str) -> str:
    """Return the file or folder whose tests run in one process with this one."""
    file = PurePosixPath(nodeid.partition("::")[0])
    return str(PurePosixPath(*file.parts[: _KIND_DEEP + 1]))
