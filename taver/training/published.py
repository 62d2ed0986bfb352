"""What the papers report, to stand beside what was reached on other data; and how to get there.

The figures are valence on the authors' own recordings (17 people, 12 of them trained on), on
RECOLA and on SEWA. They are no bar for other data: other people, other raters, another split.
"""

from __future__ import annotations

from typing import Final, NamedTuple


class Published(NamedTuple):
    """Three scores as printed."""

    rmse: float
    cc: float
    ccc: float


class Variant(NamedTuple):
    """One row of a table: what it is called, by which settings it is trained, what was printed."""

    name: str
    label: str
    settings: tuple[str, ...] | None  # None: printed only, there is no such model here
    published: Published | None = None
    note: str = ""


class Table(NamedTuple):
    """One table or figure of a paper."""

    name: str
    title: str
    note: str
    variants: tuple[Variant, ...]


_TRAN: Final = Published(0.112, 0.563, 0.521)
_URAN: Final = Published(0.120, 0.481, 0.446)
PRETRAINED: Final = "printed: begun from weights trained before"


def _of(name: str, label: str, published: Published | None, note: str = "") -> Variant:
    return Variant(name, label, (f"model.name={name}",), published, note)


def _inputs(name: str, label: str, modalities: str, published: Published) -> Variant:
    settings = ("model.name=tran", f"model.modalities={modalities}")
    return Variant(name, label, settings, published)


def _long(frames: int) -> Variant:
    published = _TRAN if frames == 16 else None
    note = "" if published else "read off a curve: below that of 16"
    settings = ("model.name=tran", f"model.length={frames}")
    return Variant(f"T{frames:02d}", f"T = {frames}", settings, published, note)


TABLES: Final = {
    "modalities": Table(
        "Table IV",
        "Which inputs help",
        "Depth and heat reach the output only through the attention they guide.",
        (
            _inputs("color", "colour", "color", _URAN),
            _inputs("color-depth", "colour + depth", "color,depth", Published(0.117, 0.501, 0.482)),
            _inputs(
                "color-thermal", "colour + thermal", "color,thermal", Published(0.114, 0.546, 0.499)
            ),
            _inputs("color-depth-thermal", "all three (TRAN)", "color,depth,thermal", _TRAN),
        ),
    ),
    "attention": Table(
        "Table V",
        "With and without attention",
        "Without attention nothing of depth and heat reaches the output, so that row sees colour "
        "alone; the printed tables IV and V disagree about it, and neither is a bar.",
        (
            _of("tran", "with attention (TRAN)", _TRAN),
            _of("cnn3d", "without attention", Published(0.116, 0.504, 0.473)),
        ),
    ),
    "models": Table(
        "Table VI",
        "Other models, on colour",
        "The printed rows of CNN + RNN, VGG-16, ResNet-50, VGG-Face and VGG-Face-LSTM began from "
        "weights trained on other pictures; each row here says what it began from.",
        (
            _of(
                "cnn2d",
                "CNN (Khorrami)",
                Published(0.132, 0.421, 0.387),
                "printed: Khorrami's network; here TRAN's layers, frame by frame",
            ),
            _of("vgg16", "VGG-16", Published(0.131, 0.426, 0.395), PRETRAINED),
            _of("resnet50", "ResNet-50", Published(0.128, 0.443, 0.409), PRETRAINED),
            _of("vgg-face", "VGG-Face", Published(0.125, 0.478, 0.451), PRETRAINED),
            _of("cnn-rnn", "CNN + RNN", Published(0.127, 0.458, 0.413), PRETRAINED),
            _of("vgg-face-lstm", "VGG-Face-LSTM", Published(0.124, 0.482, 0.457), PRETRAINED),
            Variant("affwildnet", "AffWildNet", None, Published(0.123, 0.499, 0.468)),
            _of("uran", "URAN", _URAN),
            _of("tran", "TRAN (all three inputs)", _TRAN),
        ),
    ),
    "length": Table(
        "Fig. 10",
        "How long a clip is",
        "The figure shows T = 16 as the best, and less on both sides of it.",
        tuple(_long(frames) for frames in (4, 8, 16, 24, 32)),
    ),
    "recola": Table(
        "Table VII",
        "RECOLA, on colour",
        "For a corpus laid out as RECOLA and imported with taver dataset import.",
        (
            _of("cnn2d", "2D-CNN", Published(0.113, 0.426, 0.326)),
            _of("cnn3d", "3D-CNN", Published(0.104, 0.510, 0.493)),
            _of("uran", "URAN", Published(0.102, 0.572, 0.546)),
        ),
    ),
    "sewa": Table(
        "Table VIII",
        "SEWA, on colour",
        "For a corpus laid out as SEWA and imported with taver dataset import.",
        (_of("uran", "URAN", Published(0.099, 0.638, 0.612)),),
    ),
}
