"""dlib's face finders: histograms of gradients, its network, and the 68-point predictor."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from taver.core import install
from taver.core.errors import DataError, MissingExtraError
from taver.core.extras import need
from taver.faces import frontal, gradients, models, tree_file
from taver.faces.finder import Found
from taver.faces.points import COUNT
from taver.faces.trees import placed, room_for

if TYPE_CHECKING:
    from pathlib import Path

    from taver.faces.finder import Grey
    from taver.faces.models import Model
    from taver.faces.points import Floats
    from taver.faces.trees import Room

_LEAST: Final = 0.0  # dlib's own threshold


def _dlib() -> Any:
    return need("dlib", extra="faces", to="find faces")


class Hog:
    """Finds upright faces from 80 pixels on by histograms of gradients, and judges chips."""

    smallest_px = 80.0

    def __init__(self) -> None:
        self._dlib, saved = frontal.detector(_dlib())
        windows = gradients.windows_of(np.frombuffer(saved, np.uint8))
        if windows is None:
            raise MissingExtraError(
                "The installed dlib brings another face detector than taver knows",
                fix=install.with_extra("faces"),
            )
        self._windows = windows

    def find(self, picture: Grey) -> list[Found]:
        """Return every face in the picture."""
        boxes, scores, _ = self._dlib.run(np.ascontiguousarray(picture), 0, _LEAST)
        return [Found(_edges(box), float(s)) for box, s in zip(boxes, scores, strict=True)]

    def score(self, chip: Grey) -> float:
        """Return how much the chip looks like a face in its middle: about 2, or below 0."""
        return gradients.score(self._windows, chip)

    def models(self) -> dict[str, Model]:
        """Return nothing: this model is part of dlib."""
        return {}


class Cnn:
    """Finds faces by dlib's network: at more angles, and a hundred times slower without a GPU."""

    smallest_px = 40.0

    def __init__(self) -> None:
        self._model = models.find(models.MMOD)
        self._network = _dlib().cnn_face_detection_model_v1(str(self._model.path))

    def find(self, picture: Grey) -> list[Found]:
        """Return every face in the picture."""
        found = self._network(np.ascontiguousarray(picture), 0)
        return [Found(_edges(one.rect), float(one.confidence)) for one in found]

    def models(self) -> dict[str, Model]:
        """Return the network's file."""
        return {"detector": self._model}


class Points68:
    """dlib's 68-point predictor; its trees are followed by `trees`, five times as fast."""

    def __init__(self, path: Path | None = None) -> None:
        self._model = models.find(models.POINTS_68, path)
        found = tree_file.trees_of(models.read(self._model))
        if found is None:
            raise DataError(
                f"{self._model.path} is no shape predictor of dlib's",
                fix="give a file that dlib's train_shape_predictor wrote, or leave "
                "--shape-predictor out",
            )
        if len(found.mean) != COUNT:
            raise DataError(
                f"{self._model.path} places {len(found.mean)} points, not {COUNT}",
                fix="give a predictor of the 68 points of iBUG 300-W",
            )
        self._trees = found
        self._rooms: list[Room] = []  # as many as threads were in here at once

    def place(self, picture: Grey, onto: Floats) -> Floats:
        """Return 68 points (x, y), to fractions of a pixel."""
        try:
            room = self._rooms.pop()
        except IndexError:
            room = room_for(self._trees)
        points = placed(self._trees, picture, onto, room)
        self._rooms.append(room)
        return points

    def models(self) -> dict[str, Model]:
        """Return the predictor's file."""
        return {"landmarks": self._model}


class ResNet:
    """dlib's network that tells people apart: 99.38 % of pairs on LFW, says its author."""

    def __init__(self) -> None:
        self._model = models.find(models.RESNET)
        self._network = _dlib().face_recognition_model_v1(str(self._model.path))

    def features(self, portrait: Grey) -> Floats:
        """Return 128 numbers; those of two people lie 0.6 or more apart."""
        color = np.repeat(portrait[..., None], 3, axis=2)
        return np.array(self._network.compute_face_descriptor(color), np.float64)

    def models(self) -> dict[str, Model]:
        """Return the network's file."""
        return {"identity": self._model}


def _edges(box: Any) -> tuple[float, float, float, float]:
    """Return left, top, right and bottom; dlib's last pixel belongs to its box."""
    return float(box.left()), float(box.top()), float(box.right() + 1), float(box.bottom() + 1)
