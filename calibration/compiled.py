"""Functions compiled by numba when they are first called, and kept on disk from then on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar, cast

from taver.core.extras import need

if TYPE_CHECKING:
    from collections.abc import Callable

_Function = TypeVar("_Function", bound="Callable[..., Any]")
_numba = need("numba", extra="calibrate", to="bring depth and heat onto colour")


def compiled(function: _Function) -> _Function:
    """Compile `function` for one thread, without holding the GIL.

    No fast mathematics: a dataset built on another processor has to come out the same. No parallel
    loops: numba's own threads abort the program where two of ours call them at once.
    """
    return cast("_Function", _made(function, {}))


def inlined(function: _Function) -> _Function:
    """Compile `function` into its callers."""
    return cast("_Function", _made(function, {"forceinline": True}))


def _made(function: Callable[..., Any], more: dict[str, bool]) -> Any:
    options = {"nogil": True, "error_model": "numpy", "boundscheck": False, **more}
    try:
        return _numba.njit(cache=True, **options)(function)
    except RuntimeError:  # neither the package's folder nor the user's can be written
        return _numba.njit(**options)(function)
