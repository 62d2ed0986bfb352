"""What each answer tells the browser not to do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable

    import flask

_POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data: blob:",  # plots are made pictures of in the browser
        "media-src 'self' blob:",  # films are fetched whole, so that none stalls while it is rated
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    )
)
_ALWAYS: Final = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
}
_YEAR_S: Final = 31_536_000


def only_as(app: Any, hosts: list[str], called: str) -> Any:
    """Return a WSGI `app` that answers only by the names in `hosts`.

    Another site's name may be made to lead here; its pages would then count as ours. With
    `called`, the app learns that name, whichever of them was used.
    """
    ours = {host.strip("[]").lower() for host in hosts}

    def inner(environ: dict[str, Any], start_response: Any) -> Any:
        if _named(environ.get("HTTP_HOST", "")) in ours:
            if called:
                environ["HTTP_HOST"] = called
                environ["wsgi.url_scheme"] = "https"  # as it has to be before a web server
            return app(environ, start_response)
        start_response("400 Bad Request", [("Content-Type", "text/plain; charset=utf-8")])
        return [b"This server is not called that. Use the address that you were given.\n"]

    return inner


def _named(host: str) -> str:
    """Return the name in a Host header, without port and brackets; nothing if it is none."""
    if "@" in host:
        return ""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def adder(*, secure: bool) -> Callable[[flask.Response], flask.Response]:
    """Return what puts the headers onto an answer."""

    def add(response: flask.Response) -> flask.Response:
        for name, value in _ALWAYS.items():
            response.headers[name] = value
        if secure:
            response.headers["Strict-Transport-Security"] = f"max-age={_YEAR_S}"
        # Faces and ratings are in no cache but where a route says so (films, style sheets).
        response.headers.setdefault("Cache-Control", "no-store")
        return response

    return add
