"""All that finds faces, made once for a process: detector, predictor, judge."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from taver.core.errors import MissingExtraError
from taver.faces import finder
from taver.faces.chips import Chips
from taver.faces.dlib_faces import Hog, Points68, ResNet

if TYPE_CHECKING:
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


def kit(options: Options) -> Kit:
    """Make what the options ask for; reading the models takes most of a second."""
    hog = Hog()
    detector = hog if options.detector == _OWN else finder.detector(options.detector)
    predictor = Points68(options.shape_predictor)
    models = {**detector.models(), **predictor.models()}
    try:
        recogniser = ResNet()
    except MissingExtraError:  # Debian's folder may hold the other models alone
        return Kit(Chips(predictor, hog), detector, models)
    return Kit(Chips(predictor, hog), detector, {**models, **recogniser.models()}, recogniser)
