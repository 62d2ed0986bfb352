"""Who a person is, by seed: shape, age, colours, hair and clothes; nobody in particular."""

from __future__ import annotations

import dataclasses
import enum

import numpy as np

from capture.sim.head.targets import DETAIL_NAMES, RACES

RGB = tuple[float, float, float]


class HairStyle(enum.StrEnum):
    """How the hair is worn."""

    BALD = "bald"
    CROPPED = "cropped"
    SHORT = "short"
    PARTED = "parted"
    BOB = "bob"
    LONG = "long"


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Identity:
    """All that makes a person look like themselves."""

    seed: int
    male: float  # 0 a woman, 1 a man
    age: float  # 0 young, 1 old
    heaviness: float  # -1 slim to 1 heavy
    races: tuple[float, ...]  # shares of MakeHuman's three base shapes, in the order of RACES
    details: dict[str, float]  # of DETAIL_NAMES, about -1 to 1
    skin: RGB
    blush: float
    unevenness: float
    freckles: float
    stubble: float
    lips: RGB
    iris: RGB
    hair: RGB
    style: HairStyle
    parting: float  # -1 on the person's right to 1
    brow_thickness: float
    makeup: float
    shirt: RGB
    collar: float  # how wide the shirt's opening is; 1 lies close round the neck


# Albedo as a lit camera sees it, from the lightest to the darkest (after the Monk scale).
_SKINS = np.array(
    [
        [243, 214, 196],
        [237, 200, 176],
        [226, 182, 152],
        [212, 164, 130],
        [190, 140, 104],
        [164, 114, 80],
        [133, 88, 62],
        [104, 68, 49],
    ],
    float,
)
_HAIRS = np.array(
    [[28, 23, 22], [46, 33, 27], [74, 50, 36], [112, 76, 48], [168, 128, 80], [126, 62, 36]], float
)
_GREY = np.array([168, 166, 163], float)
_IRISES = np.array([[74, 48, 30], [92, 64, 38], [104, 96, 56], [88, 118, 132], [84, 104, 92]])
_SHIRTS = np.array(
    [
        [52, 60, 78],
        [150, 156, 164],
        [178, 74, 66],
        [70, 104, 84],
        [206, 200, 188],
        [44, 44, 48],
        [92, 122, 168],
        [120, 82, 110],
        [188, 150, 92],
        [38, 78, 98],
    ],
    float,
)


def identity(seed: int) -> Identity:
    """Return the person of this number; the same number is the same person anywhere."""
    rng = np.random.default_rng([int(seed), 0x7A0E])
    male = float(rng.random() < 0.5)
    age = float(rng.beta(1.1, 2.2))
    races = rng.dirichlet([0.45, 0.45, 0.45])
    # Skin goes with the shape's origin, loosely.
    origin = dict(zip(RACES, races, strict=True))
    darkness = (
        1.3 * origin["caucasian"]
        + 2.2 * origin["asian"]
        + 6.0 * origin["african"]
        + rng.normal(0, 0.8)
    )
    dark = float(np.clip(darkness, 0, len(_SKINS) - 1.001))
    skin = _between(_SKINS, dark) * rng.normal(1, 0.015, 3)
    lighter_hair = 3.6 * origin["caucasian"] ** 2 * rng.random()
    hair = _between(_HAIRS, float(np.clip(lighter_hair + rng.normal(0, 0.3), 0, 4.999)))
    grey = float(np.clip((age - 0.55) * 3 + rng.normal(0, 0.3), 0, 1))
    hair = hair + (_GREY - hair) * grey
    pale_eyes = origin["caucasian"] > 0.45 and rng.random() < 0.65
    iris = _IRISES[rng.integers(2, 5) if pale_eyes else rng.integers(0, 2)]
    details = dict(
        zip(DETAIL_NAMES, np.clip(rng.normal(0, 0.30, len(DETAIL_NAMES)), -0.7, 0.7), strict=True)
    )
    details = {name: float(value) for name, value in details.items()}
    details["brow_height"] *= 0.5
    details["neck_width"] = 0.25 * male + 0.4 * details["neck_width"]
    details["eye_opening"] = 0.25 + 0.7 * details["eye_opening"]
    style = str(
        rng.choice(
            [style.value for style in HairStyle],
            p=[0.12, 0.24, 0.34, 0.30, 0.0, 0.0] if male else [0.0, 0.05, 0.10, 0.2, 0.3, 0.35],
        )
    )
    # Lips are the skin's colour with less green; fuller colour where there is make-up.
    makeup = float((1 - male) * rng.choice([0.0, 0.3, 0.6, 1.0]))
    lips = skin * (0.80, 0.58, 0.60) + np.array([22, 4, 8]) * (1 + makeup * rng.random())
    return Identity(
        seed=int(seed),
        male=male,
        age=age,
        heaviness=float(np.clip(rng.normal(0, 0.4), -0.9, 0.9)),
        races=tuple(float(share) for share in races),
        details=details,
        skin=_rgb(skin),
        blush=float(rng.uniform(0.3, 1.0)),
        unevenness=float(rng.uniform(0.5, 1.0)),
        freckles=float(max(rng.normal(-0.3, 0.5), 0) * (dark < 2.5)),
        stubble=float(male * max(rng.normal(0.2, 0.45), 0)),
        lips=_rgb(lips),
        iris=_rgb(iris * rng.uniform(0.85, 1.15)),
        hair=_rgb(hair),
        style=HairStyle(style),
        parting=float(rng.choice([-1, 1]) * rng.uniform(0.35, 0.6)),
        brow_thickness=float(rng.uniform(0.65, 0.95) + 0.3 * male),
        makeup=makeup,
        shirt=_rgb(_SHIRTS[rng.integers(len(_SHIRTS))] * rng.uniform(0.85, 1.1)),
        collar=float(rng.uniform(1.0, 1.25)),
    )


def _between(table: np.ndarray, at: float) -> np.ndarray:
    low = int(at)
    return np.asarray(table[low] + (table[low + 1] - table[low]) * (at - low))


def _rgb(values: np.ndarray) -> RGB:
    red, green, blue = np.clip(values, 0, 255).tolist()
    return red, green, blue
