"""What a face does when a person feels something: valence and arousal to face units.

The table is made by hand after the facial action coding system: a smile is the corners of the
mouth with raised cheeks (AU 6 + 12), displeasure is lowered brows, pressed lips and falling
corners (AU 4 + 15 + 24), fear and surprise open eyes and mouth (AU 1 + 2 + 5 + 25), tiredness lets
the lids fall. Amounts grow with valence, with arousal, or with both.
"""

from __future__ import annotations

from taver.core.errors import InputError

_SIDED = (
    "browDown",
    "browOuterUp",
    "cheekSquint",
    "eyeBlink",
    "eyeLookDown",
    "eyeLookIn",
    "eyeLookOut",
    "eyeLookUp",
    "eyeSquint",
    "eyeWide",
    "mouthDimple",
    "mouthFrown",
    "mouthLowerDown",
    "mouthPress",
    "mouthSmile",
    "mouthStretch",
    "mouthUpperUp",
    "noseSneer",
)
_WHOLE = (
    "browInnerUp",
    "cheekPuff",
    "jawForward",
    "jawLeft",
    "jawOpen",
    "jawRight",
    "mouthClose",
    "mouthFunnel",
    "mouthLeft",
    "mouthPucker",
    "mouthRight",
    "mouthRollLower",
    "mouthRollUpper",
    "mouthShrugLower",
    "mouthShrugUpper",
    "tongueOut",
)
_NAMES = tuple(sorted([*_WHOLE, *(name + side for name in _SIDED for side in ("Left", "Right"))]))

# Unit: share of pleasure, displeasure, and of the four corners of the plane: pleasure with high
# and with low arousal, displeasure with high and with low arousal; then of high and low alone.
_TABLE: dict[str, tuple[float, float, float, float, float, float, float, float]] = {
    # pleased, displeased, pleased+high, pleased+low, displeased+high, displeased+low, high, low
    "mouthSmile": (0.80, 0.0, 0.15, -0.10, 0.0, 0.0, 0.0, 0.0),
    "cheekSquint": (0.55, 0.0, 0.20, 0.0, 0.15, 0.0, 0.0, 0.0),
    "eyeSquint": (0.20, 0.10, 0.05, 0.0, 0.25, 0.0, 0.0, 0.0),
    "mouthDimple": (0.20, 0.0, 0.0, 0.10, 0.0, 0.0, 0.0, 0.0),
    "mouthUpperUp": (0.12, 0.0, 0.45, 0.0, 0.0, 0.0, 0.0, 0.0),
    "mouthLowerDown": (0.05, 0.0, 0.15, 0.0, 0.0, 0.0, 0.05, 0.0),
    "mouthFrown": (0.0, 0.70, 0.0, 0.0, 0.0, 0.15, 0.0, 0.05),
    "mouthPress": (0.0, 0.25, 0.0, 0.0, 0.15, 0.0, 0.0, 0.0),
    "mouthStretch": (0.0, 0.0, 0.0, 0.0, 0.15, 0.0, 0.0, 0.0),
    "browDown": (0.0, 0.50, 0.0, 0.0, 0.45, -0.30, 0.0, 0.0),
    "browInnerUp": (0.0, 0.0, 0.10, 0.0, 0.0, 0.70, 0.45, 0.0),
    "browOuterUp": (0.0, 0.0, 0.10, 0.0, -0.10, 0.0, 0.50, 0.0),
    "noseSneer": (0.0, 0.15, 0.0, 0.0, 0.35, 0.0, 0.0, 0.0),
    "eyeWide": (0.0, 0.0, -0.20, 0.0, 0.10, 0.0, 0.70, 0.0),
    "eyeBlink": (0.0, 0.0, 0.0, 0.05, 0.0, 0.10, 0.0, 0.32),
    "jawOpen": (0.0, 0.0, 0.12, 0.0, 0.05, 0.0, 0.30, 0.0),
    "mouthShrugLower": (0.0, 0.25, 0.0, 0.0, 0.0, 0.10, 0.0, 0.0),
}


def unit_names() -> tuple[str, ...]:
    """Return the names of all face units, in alphabetical order."""
    return _NAMES


def units_for(valence: float, arousal: float) -> dict[str, float]:
    """Return the face units, 0 to 1, of someone who feels so; both are from -1 to 1."""
    for name, value in (("valence", valence), ("arousal", arousal)):
        if not -1.0 <= value <= 1.0:
            raise InputError(
                f"{name} is {value}, not within -1 to 1", fix="give numbers from -1 to 1"
            )
    pleased, displeased = max(valence, 0.0), max(-valence, 0.0)
    high, low = max(arousal, 0.0), max(-arousal, 0.0)
    felt = (
        pleased,
        displeased,
        pleased * high,
        pleased * low,
        displeased * high,
        displeased * low,
        high,
        low,
    )
    units: dict[str, float] = {}
    for name, shares in _TABLE.items():
        amount = sum(share * much for share, much in zip(shares, felt, strict=True))
        if amount > 0.0:
            sided = (f"{name}Left", f"{name}Right") if name in _SIDED else (name,)
            units.update(dict.fromkeys(sided, min(amount, 1.0)))
    return units
