"""Secrets that open something once or for a while: only their hashes are kept."""

from __future__ import annotations

import hashlib
import secrets


def fresh() -> str:
    """Return a new one, safe in a URL."""
    return secrets.token_urlsafe(32)


def hashed(token: str) -> str:
    """Return what is kept of it."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
