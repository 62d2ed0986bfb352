"""A package that an extra brings: imported when needed, or its install line."""

from __future__ import annotations

import importlib
from typing import Any

from taver.core import install
from taver.core.errors import MissingExtraError


def need(module: str, *, extra: str, to: str) -> Any:
    """Import and return `module`, or say which extra brings it; `to` is what it is needed for."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise MissingExtraError(
            f"To {to}, taver needs the package {module!r}, which cannot be imported ({error})",
            fix=install.with_extra(extra),
        ) from error
