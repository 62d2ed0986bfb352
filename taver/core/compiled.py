"""Functions compiled by numba when they are first called, and kept on disk from then on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar, cast

from taver.core.extras import need

if TYPE_CHECKING:
    from collections.abc import Callable

_Function = TypeVar("_Function", bound="Callable[..., Any]")


class Compiler:
    """Compiles for one thread, without holding the GIL.

    No fast mathematics: a picture or a dataset made on another processor has to come out the same.
    No parallel loops: numba's own threads abort the program where two of ours call them at once.
    """

    def __init__(self, *, extra: str, to: str) -> None:
        """Load numba, or say that the extra is needed to do so."""
        self._numba = need("numba", extra=extra, to=to)

    def compiled(self, function: _Function) -> _Function:
        """Compile `function`."""
        return cast("_Function", self._made(function, {}))

    def inlined(self, function: _Function) -> _Function:
        """Compile `function` into its callers: to hand over many arrays takes its time."""
        return cast("_Function", self._made(function, {"forceinline": True}))

    def _made(self, function: Callable[..., Any], more: dict[str, bool]) -> Any:
        options = {"nogil": True, "error_model": "numpy", "boundscheck": False, **more}
        try:
            return self._numba.njit(cache=True, **options)(function)
        except RuntimeError:  # neither the package's folder nor the user's can be written
            return self._numba.njit(**options)(function)
