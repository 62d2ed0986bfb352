"""All that finds faces, made once for a process: detector, predictor, judge."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Final, NamedTuple

from taver.core.errors import MissingExtraError
from taver.faces import finder, models

if TYPE_CHECKING:
    from taver.faces.chips import Chips
    from taver.faces.finder import Detector
    from taver.faces.identity import Recogniser
    from taver.faces.models import Model
    from taver.faces.options import Options

_OWN: Final = "hog"


class Kit(NamedTuple):
    """What a tracker works with."""

    chips: Chips
    detector: Detector
    models: dict[str, Model]
    recogniser: Recogniser | None = None  # None: people are told by where they are alone


def models_of(options: Options) -> dict[str, Model]:
    """Return the model files that a kit of these options reads."""
    detector = {} if options.detector == _OWN else finder.detector(options.detector).models()
    found = {**detector, "landmarks": models.find(models.POINTS_68, options.shape_predictor)}
    with contextlib.suppress(MissingExtraError):  # Debian's folder may hold the other models alone
        found["identity"] = models.find(models.RESNET)
    return found


def kit(options: Options) -> Kit:
    """Make what the options ask for; reading the models takes most of a second."""
    from taver.faces.chips import Chips  # these compile
    from taver.faces.dlib_faces import Hog, Points68, ResNet

    hog = Hog()
    detector = hog if options.detector == _OWN else finder.detector(options.detector)
    predictor = Points68(options.shape_predictor)
    found = {**detector.models(), **predictor.models()}
    try:
        recogniser = ResNet()
    except MissingExtraError:  # Debian's folder may hold the other models alone
        return Kit(Chips(predictor, hog), detector, found)
    return Kit(Chips(predictor, hog), detector, {**found, **recogniser.models()}, recogniser)
