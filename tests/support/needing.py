"""What a test needs of the system: without it the test is skipped, and fails where CI is strict."""

from __future__ import annotations

import os

import pytest

STRICT = "TAVER_TEST_STRICT"


def needs(there: object, what: str, *, install: str) -> None:
    """Go on if `there` is true; else skip and tell how to get `what`, or fail under STRICT."""
    if there:
        return
    told = f"needs {what}; to have it: {install}"
    if os.environ.get(STRICT) == "1":
        pytest.fail(f"{told} ({STRICT}=1 turns this skip into a failure)", pytrace=False)
    pytest.skip(told)
