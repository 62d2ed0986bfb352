"""Every error a person can meet says what is wrong and what to do about it.

TaverError                 1   anything not named below
├── InputError             2   a value that was given cannot be used      (ValueError)
├── DeviceError            3   a camera cannot be opened, or fell silent  (ConnectionError)
├── MissingExtraError      4   a package or system library is not there   (ImportError)
├── ConfigError            5   study.toml or another config is wrong      (ValueError)
├── DataError              6   a file is damaged or not ours              (ValueError)
├── NotFoundError          7   a study, session, participant is not there (LookupError)
├── AlreadyThereError      8   it exists and is never overwritten         (FileExistsError)
├── BusyError              9   another program holds it                   (BlockingIOError)
├── StorageError          10   disk full, no permission, disk gone        (OSError)
└── ConsentError          11   the person did not agree to this           (PermissionError)

The numbers are the exit codes of the commands. Each class has a builtin parent, so that code
which knows nothing of taver can still catch it sensibly.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


class TaverError(Exception):
    """Something went wrong that a person can put right."""

    exit_code = 1

    def __init__(self, what: str, *, fix: str, problems: Sequence[str] = ()) -> None:
        """Say what is wrong, what to do, and, where there are several, every single problem."""
        super().__init__(what)
        self.what = what
        self.fix = fix
        self.problems = tuple(problems)

    def __str__(self) -> str:
        return self.what

    def __reduce__(self) -> tuple[Callable[[str], TaverError], tuple[str]]:
        """Let it be pickled: an error raised in another process arrives whole."""
        return functools.partial(type(self), fix=self.fix, problems=self.problems), (self.what,)


class InputError(TaverError, ValueError):
    """A value that was given cannot be used."""

    exit_code = 2


class DeviceError(TaverError, ConnectionError):
    """A camera could not be opened, or stopped sending."""

    exit_code = 3


class MissingExtraError(TaverError, ImportError):
    """A package or a system library that this step needs is not installed."""

    exit_code = 4


class ConfigError(TaverError, ValueError):
    """A config file holds something that taver does not understand."""

    exit_code = 5


class DataError(TaverError, ValueError):
    """A file is damaged, incomplete, of another version, or not taver's."""

    exit_code = 6


class NotFoundError(TaverError, LookupError):
    """A study, a session, a participant or a file is not where it was looked for."""

    exit_code = 7


class AlreadyThereError(TaverError, FileExistsError):
    """It exists already, and taver does not overwrite people's work."""

    exit_code = 8


class BusyError(TaverError, BlockingIOError):
    """Another program is using it at this moment."""

    exit_code = 9


class StorageError(TaverError, OSError):
    """The disk is full, gone, read-only, or closed to this user."""

    exit_code = 10


class ConsentError(TaverError, PermissionError):
    """The person did not agree to this, or has withdrawn."""

    exit_code = 11


def together(errors: Sequence[TaverError], what: str) -> TaverError:
    """Return the only error there is, or one of the first one's class that tells of all."""
    if len(errors) == 1:
        return errors[0]
    return type(errors[0])(
        f"{len(errors)} {what}",
        fix="; ".join(dict.fromkeys(error.fix for error in errors)),
        problems=[line for error in errors for line in (error.what, *error.problems)],
    )
