"""Where the taver that runs comes from: a checkout, or an installed distribution."""

from __future__ import annotations

import json
import os
import sys
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

import taver

NAME = "taver"
IMPORTED_AS = ("taver", "capture", "calibration", "annotate_web")


def folder() -> Path:
    """Return the folder that holds the taver package that runs."""
    return Path(taver.__file__).resolve().parents[1]


def checkout() -> Path | None:
    """Return the checkout that taver runs from, or None if it runs from where it was installed."""
    return folder() if (folder() / "pyproject.toml").is_file() else None


def cache() -> Path:
    """Return where this user's programs keep what they can make again."""
    if sys.platform == "win32":
        local = os.environ.get("LOCALAPPDATA")
        return (Path(local) if local else Path.home() / "AppData" / "Local") / "taver" / "Cache"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "taver"
    given = os.environ.get("XDG_CACHE_HOME")
    # The XDG base directory specification: a relative path there is to be ignored.
    at = Path(given) if given and Path(given).is_absolute() else Path.home() / ".cache"
    return at / "taver"


def installed() -> Distribution | None:
    """Return the metadata of the installed taver, or None if it only lies in a folder."""
    try:
        return distribution(NAME)
    except PackageNotFoundError:
        return None


def built_from() -> Path | None:
    """Return the folder or wheel that taver was installed from, if it is known and still there."""
    found = installed()
    text = found.read_text("direct_url.json") if found is not None else None
    if not text:
        return None
    # Loaded here: every program that taver starts would pay for its networking otherwise.
    from urllib.parse import urlsplit
    from urllib.request import url2pathname

    url = urlsplit(json.loads(text).get("url", ""))
    source = Path(url2pathname(url.path))
    return source if url.scheme == "file" and source.exists() else None
