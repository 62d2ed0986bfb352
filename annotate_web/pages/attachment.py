"""A file that the browser saves instead of showing it."""

from __future__ import annotations

import flask


def attachment(data: bytes | str, name: str, kind: str) -> flask.Response:
    """Send it under this name."""
    return flask.Response(
        data, mimetype=kind, headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )
