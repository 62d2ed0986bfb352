"""A dataset toolkit for face video in colour, depth and heat with arousal and valence labels."""

import sys

__version__ = "0.1.0"

if sys.version_info < (3, 11):  # noqa: UP036  pip looks first, who runs a checkout does not
    raise ImportError(
        f"taver needs Python 3.11 or newer, and this is {sys.version_info[0]}."
        f"{sys.version_info[1]}. Make an environment with a newer one: python3.11 -m venv ENV"
    )
