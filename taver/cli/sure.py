"""Asking a person before what cannot be undone."""

from __future__ import annotations

import sys

import click


def be_sure(question: str, *, yes: bool, fix: str = "add --yes") -> None:
    """Go on only if the person says yes, or has; where nobody can answer, refuse."""
    from taver.core.errors import InputError

    if yes:
        return
    if not sys.stdin.isatty():
        raise InputError("Nobody is there to be asked", fix=fix)
    click.confirm(question, abort=True, err=True)
