"""Whether the import packages called taver, capture, calibration and annotate_web are ours."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from taver import __version__
from taver.cli.diagnosis import records
from taver.cli.diagnosis.finding import Finding, Section, State
from taver.core import home, install
from taver.core.shell import one_after_another

if TYPE_CHECKING:
    from importlib.metadata import Distribution

FRESH = "best reinstall taver into a fresh environment of its own"


def findings(of: Distribution | None) -> list[Finding]:
    """Say of each of our four packages whether importing it gives what taver was tested with."""
    others = records.rivals()
    return [_finding(package, of, others) for package in home.IMPORTED_AS]


def _finding(package: str, of: Distribution | None, others: tuple[records.Rival, ...]) -> Finding:
    ours = home.folder() / package
    rivals = [rival for rival in others if rival.package == package]
    imported = _imported(package)
    if imported != ours:
        return _shadowed(ours, imported, rivals)
    inside = [rival for rival in rivals if rival.in_a_folder and rival.folder == home.folder()]
    changed, gone = _differing(of, package)
    if inside:
        names = " and ".join(f"{rival.name} {rival.version}" for rival in inside)
        lost = f" and has overwritten {_count(changed)}" if changed else ""
        return _wrong(package, f"{names} writes into the same folder{lost}; {FRESH}", inside)
    if changed or gone:
        first = (changed + gone)[0]
        said = " and ".join(
            f"{_count(files)} {what}"
            for files, what in ((changed, "changed"), (gone, "gone"))
            if files
        )
        return _wrong(package, f"not as installed: {said} ({first}); {FRESH}", [])
    if rivals:
        return _result(
            package,
            State.NOTE,
            f"ours, but {rivals[0].name} {rivals[0].version} in {rivals[0].folder} has one too,"
            " which may come first another time",
            install.pip("uninstall", rivals[0].name),
        )
    where = f"{__version__} in {home.folder()}" if package == home.NAME else "ours"
    return _result(package, State.OK, where)


def _shadowed(ours: Path, imported: Path | None, rivals: list[records.Rival]) -> Finding:
    package = ours.name
    if imported is None or not (ours / "__init__.py").is_file():
        return _wrong(package, f"ours is gone: {ours} has no __init__.py; {FRESH}", [])
    theirs = [rival for rival in rivals if imported.parent == rival.folder]
    if theirs:
        whose = f"that of {theirs[0].name} {theirs[0].version}"
        return _wrong(package, f"not ours but {whose} is imported, {imported}; {FRESH}", theirs)
    return _result(
        package,
        State.WRONG,
        f"not ours but {imported} is imported",
        f"rename or move {imported}, or start taver from another folder",
    )


def _wrong(package: str, said: str, to_remove: list[records.Rival]) -> Finding:
    """Say what is wrong, with the line that first removes the others and then mends ours."""
    names = [rival.name for rival in to_remove]
    steps = [*([install.pip("uninstall", *names)] if names else []), install.reinstall()]
    return _result(package, State.WRONG, said, one_after_another(*steps))


def _result(package: str, state: State, said: str, install: str = "") -> Finding:
    return Finding(
        section=Section.PACKAGES, name=package, state=state, detail=said, install=install
    )


def _imported(package: str) -> Path | None:
    """Return the folder, or the single file, that importing `package` runs."""
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        return None
    origin = Path(spec.origin).resolve()
    return origin.parent if origin.name == "__init__.py" else origin


def _differing(of: Distribution | None, package: str) -> tuple[list[str], list[str]]:
    """Compare with the record, where the record is that of the files which are imported."""
    if of is None or Path(str(of.locate_file(""))).resolve() != home.folder():
        return [], []
    return records.differing(of, package)


def _count(files: list[str]) -> str:
    return f"{len(files)} file{'s' if len(files) != 1 else ''}"
