"""The Kinect SDK's COM interfaces as pykinect2 declares them, made fit for today's Python.

pykinect2 and pykinect2024 hold the same declarations, made in 2014 for a 32-bit Python. Their
runtime modules are not used at all: they call `time.clock`, which is gone, and stamp frames with
the host's time. Of the declarations three things stand in the way, and are put right in the source
before it is run: handles are as wide as a pointer, not as an int; the size of a structure is
asserted that is another with 64 bits; and comtypes is asked for a version that it never is.
"""

from __future__ import annotations

import ast
import importlib.machinery
import importlib.util
import types
from pathlib import Path
from typing import Final

from taver.core import install
from taver.core.errors import MissingExtraError

# The older one is what the extra installs; whoever has the newer one has no need of it.
_MODULES: Final = ("pykinect2.PyKinectV2", "pykinect2024.PyKinect2024")
_HANDLE: Final = "INT_PTR"
_OF_32_BITS: Final = "tagSTATSTG"
_VERSION_CHECK: Final = "_check_version"


def missing() -> str | None:
    """Return the line that installs the declarations, or None if they are here."""
    return None if _found() is not None else install.with_extra("kinect2")


def load() -> types.ModuleType:
    """Run the declarations and return them as a module; works on Windows only."""
    found = _found()
    if found is None:
        raise MissingExtraError(
            "The driver kinect2_windows needs the package pykinect2 or pykinect2024",
            fix=install.with_extra("kinect2"),
        )
    name, path = found
    module = types.ModuleType(name)
    module.__file__ = str(path)
    try:
        # Both say that they are in Windows' own encoding; beyond ASCII there are comments only.
        tree = ast.parse(path.read_text(encoding="latin-1"), filename=str(path))
        exec(compile(_Mended().visit(tree), str(path), "exec"), module.__dict__)  # noqa: S102  as import does
    except Exception as error:  # it loads libraries of the system, which may be absent
        raise MissingExtraError(
            f"The Kinect SDK cannot be used through {name}: {error}",
            fix="install Microsoft's Kinect for Windows SDK 2.0 (or its runtime), which brings "
            f"Kinect20.dll; then: {install.with_extra('kinect2')}",
        ) from error
    return module


class _Mended(ast.NodeTransformer):
    """Takes out of the declarations what today's Python does not bear."""

    def visit_Assert(self, node: ast.Assert) -> ast.Assert | None:
        return None if _OF_32_BITS in _names(node) else node

    def visit_Assign(self, node: ast.Assign) -> ast.Assign:
        if [target.id for target in node.targets if isinstance(target, ast.Name)] == [_HANDLE]:
            wide = ast.Attribute(ast.Name("ctypes", ast.Load()), "c_ssize_t", ast.Load())
            node.value = ast.copy_location(wide, node.value)
            ast.fix_missing_locations(node)
        return node

    def visit_Expr(self, node: ast.Expr) -> ast.Expr | None:
        return None if _VERSION_CHECK in _names(node) else node

    def visit_ImportFrom(self, node: ast.ImportFrom) -> ast.ImportFrom | None:
        return None if [alias.name for alias in node.names] == [_VERSION_CHECK] else node


def _names(node: ast.AST) -> set[str]:
    return {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}


def _found() -> tuple[str, Path] | None:
    """Return the module that holds the declarations, and its file; nothing of it is run."""
    for name in _MODULES:
        package, _, module = name.partition(".")
        spec = importlib.util.find_spec(package)
        for folder in (spec.submodule_search_locations or []) if spec is not None else []:
            inside = importlib.machinery.PathFinder.find_spec(name, [folder])
            if inside is not None and inside.origin is not None:
                return name, Path(inside.origin)
            if (Path(folder) / f"{module}.py").is_file():
                return name, Path(folder) / f"{module}.py"
    return None
