"""Functions compiled by numba, kept on disk so that the next process need not compile them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar, cast

from taver.core.extras import need

if TYPE_CHECKING:
    from collections.abc import Callable

_Function = TypeVar("_Function", bound="Callable[..., Any]")
_numba = need("numba", extra="sim", to="draw simulated pictures")


def compiled(function: _Function) -> _Function:
    """Compile `function` when it is first called, for one thread and without holding the GIL.

    No fast mathematics and no parallel loops: the same picture has to come out of any process.
    """
    return cast("_Function", _made(function, {}))


def inlined(function: _Function) -> _Function:
    """Compile `function` into its callers: to hand over many arrays takes its time."""
    return cast("_Function", _made(function, {"forceinline": True}))


def _made(function: Callable[..., Any], more: dict[str, bool]) -> Any:
    options = {"nogil": True, "error_model": "numpy", "boundscheck": False, **more}
    try:
        return _numba.njit(cache=True, **options)(function)
    except RuntimeError:  # neither the package's folder nor the user's can be written
        return _numba.njit(**options)(function)
