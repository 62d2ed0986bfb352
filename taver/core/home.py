"""Where the taver that runs comes from: a checkout, or an installed distribution."""

from __future__ import annotations

import json
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

import taver

NAME = "taver"
IMPORTED_AS = ("taver", "capture", "calibration", "annotate_web")


def folder() -> Path:
    """Return the folder that holds the taver package that runs."""
    return Path(taver.__file__).resolve().parents[1]


def checkout() -> Path | None:
    """Return the checkout that taver runs from, or None if it runs from where it was installed."""
    return folder() if (folder() / "pyproject.toml").is_file() else None


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
    url = urlsplit(json.loads(text).get("url", ""))
    source = Path(url2pathname(url.path))
    return source if url.scheme == "file" and source.exists() else None
