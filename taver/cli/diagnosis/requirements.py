"""What a distribution says it needs, and how that compares with what is installed."""

from __future__ import annotations

from importlib.metadata import Distribution, PackageNotFoundError, distribution
from typing import TYPE_CHECKING

import msgspec
from packaging.requirements import InvalidRequirement, Requirement
from packaging.version import InvalidVersion, Version

if TYPE_CHECKING:
    from collections.abc import Iterator


class Tally(msgspec.Struct, frozen=True):
    """Some required packages, sorted by whether they are there; each with its version in words."""

    there: tuple[str, ...]
    absent: tuple[str, ...]
    unfit: tuple[str, ...]


def required(of: Distribution, extra: str = "") -> list[Requirement]:
    """Return what `of` needs on this platform: its base, or only what `extra` adds to it."""
    return [
        requirement
        for requirement in _written(of)
        if (requirement.marker is None and not extra)
        or (
            requirement.marker is not None
            and requirement.marker.evaluate({"extra": extra})
            and not (extra and requirement.marker.evaluate({"extra": ""}))
        )
    ]


def tally(requirements: list[Requirement]) -> Tally:
    """Compare `requirements` with what is installed."""
    there, absent, unfit = [], [], []
    for name, version, wanted in _compared(requirements, seen=set()):
        if version is None:
            absent.append(name)
        elif wanted:
            unfit.append(f"{name} {version} (needs {wanted})")
        else:
            there.append(f"{name} {version}")
    return Tally(tuple(there), tuple(absent), tuple(unfit))


def _written(of: Distribution) -> Iterator[Requirement]:
    for line in of.requires or ():
        try:
            yield Requirement(line)
        except InvalidRequirement:  # an old distribution's own spelling; pip passes it over too
            continue


def _compared(
    requirements: list[Requirement], seen: set[str]
) -> Iterator[tuple[str, str | None, str]]:
    """Yield name, installed version or None, and the wanted range if the version is outside it."""
    for requirement in requirements:
        if str(requirement) in seen:
            continue
        seen.add(str(requirement))
        try:
            found = distribution(requirement.name)
        except PackageNotFoundError:
            yield requirement.name, None, ""
            continue
        version: str | None = found.version  # None where an uninstall left an empty dist-info
        yield requirement.name, version, "" if _fits(version, requirement) else _range(requirement)
        for extra in sorted(requirement.extras):
            yield from _compared(required(found, extra), seen)


def _fits(version: str | None, requirement: Requirement) -> bool:
    try:
        return requirement.specifier.contains(Version(version or ""), prereleases=True)
    except InvalidVersion:
        return False


def _range(requirement: Requirement) -> str:
    """Write a range from its lower end, as people do."""
    return ",".join(sorted((str(part) for part in requirement.specifier), reverse=True))
