"""OpenCV, loaded when it is needed."""

from __future__ import annotations

from typing import Any

from taver.core.extras import need


def vision() -> Any:
    """Return OpenCV, or say how to get it."""
    return need("cv2", extra="calibrate", to="calibrate cameras")
