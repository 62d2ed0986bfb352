"""One person, ready to move: their mesh, what is painted on it and how it takes light."""

from __future__ import annotations

import dataclasses
import functools
from typing import TYPE_CHECKING

import numpy as np

from capture.sim.head import clothes, eyeball, hair, heat, skin, store, teeth
from capture.sim.head.identity import HairStyle, Identity, identity
from capture.sim.head.targets import AGES, DETAIL_NAMES, RACES, SEXES, WEIGHTS
from capture.sim.render.light import PLAIN_CREEP, SKIN_CREEP
from capture.sim.render.mesh import Texture
from capture.sim.render.shape import BOTH, FRONT, HIDDEN, Shape, shape_of

if TYPE_CHECKING:
    import numpy.typing as npt

    from capture.sim.head.anatomy import Anatomy
    from capture.sim.head.identity import RGB

    Floats = npt.NDArray[np.float32]
    Ints = npt.NDArray[np.int32]

MATERIALS = (
    "skin",
    "eyes",
    "lashes",
    "mouth",
    "teeth",
    "shirt",
    "collar",
    "hair",
    "shine",
    "hands",
)
_SKIN, _EYES, _LASHES, _MOUTH, _TEETH, _SHIRT, _COLLAR, _HAIR, _SHINE, _HANDS = range(10)


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Person:
    """What of a person does not change while they move."""

    who: Identity
    shape: Shape
    closed_sides: npt.NDArray[np.uint8]  # the shape's sides while the mouth is shut
    neutral_mm: Floats  # (V, 3) in the head's frame, the mean of the eyes' centres at 0
    unit_names: tuple[str, ...]
    units: Floats  # (units, V', 3): only the first V' vertices are moved by the face
    eyes: tuple[Ints, Ints]  # vertices of the person's left and right eyeball
    eye_centres_mm: Floats  # (2, 3)
    follows_head: Floats  # (V,) 1 on the head, 0 on the torso
    openness: Floats
    creep: Floats
    gloss: Floats
    warmth: heat.Warmth


@functools.lru_cache(maxsize=24)
def person(seed: int) -> Person:
    """Return the person of this number."""
    anatomy, who = store.load(), identity(seed)
    moved = _shaped(anatomy, who)
    vertices = anatomy.vertices_mm + moved
    vertices = clothes.fitted(anatomy, vertices, who)
    centres = np.stack([_middle(vertices[anatomy.left_eye]), _middle(vertices[anatomy.right_eye])])
    grown = hair.grow(anatomy, who)
    on_hair = np.zeros((0, 3), np.float32)
    if grown is not None:
        on_hair = grown.vertices_mm + moved[grown.grows_from]
    shine, shine_triangles = _catch_lights(centres)
    origin = centres.mean(axis=0)
    band, band_triangles, band_uv = clothes.collar(anatomy, moved, who)
    row, row_triangles, row_uv = teeth.row()
    row = row + (moved[anatomy.upper_teeth]).mean(axis=0)
    shirt = clothes.opened(anatomy, who)
    hem = shirt.points(vertices)
    points = np.concatenate([vertices, hem, band, on_hair, shine, row]) - origin
    first = np.cumsum([len(vertices), len(hem), len(band), len(on_hair), len(shine)])
    parts = {
        **anatomy.triangles,
        "shirt": shirt.triangles,
        "collar": band_triangles + first[1],
        "hair": np.zeros((0, 3), np.int32) if grown is None else grown.triangles + first[2],
        "shine": shine_triangles + first[3],
        "teeth": row_triangles + first[4],
    }
    uv = {
        **anatomy.uv,
        "shirt": shirt.uv,
        "collar": band_uv,
        "teeth": row_uv,
        "hair": np.zeros((0, 3, 2), np.float32) if grown is None else grown.uv,
        "shine": np.full((len(shine_triangles), 3, 2), 0.5, np.float32),
    }
    material = np.concatenate(
        [np.full(len(parts[name]), i, np.uint8) for i, name in enumerate(MATERIALS)]
    )
    # One sees the inside, too, of lashes, of hanging hair, and of the shirt behind the neck.
    hangs = who.style in {HairStyle.BOB, HairStyle.LONG}
    loose = np.isin(material, (_LASHES, _HAIR) if hangs else (_LASHES,))
    loose[material == _SHIRT] = points[parts["shirt"]][..., 1].min(axis=1) < 230
    sides = np.where(loose, BOTH, FRONT).astype(np.uint8)
    sides[_covered(anatomy, who, parts, material)] = HIDDEN
    warmth = heat.of_skin(anatomy, who)
    shape = shape_of(
        triangles=np.concatenate([parts[name] for name in MATERIALS]),
        uv=np.concatenate([uv[name] for name in MATERIALS]),
        material=material,
        sides=sides,
        textures=_textures(anatomy, who, grown, warmth),
        sharp=[False] * len(MATERIALS),
    )
    of_vertex = np.full(len(points), _SKIN, np.uint8)
    of_vertex[shape.triangles.reshape(-1)] = np.repeat(material, 3)
    names = tuple(anatomy.units)
    return Person(
        who=who,
        shape=shape,
        closed_sides=np.where(np.isin(material, (_TEETH,)), HIDDEN, sides).astype(np.uint8),
        neutral_mm=points.astype(np.float32),
        unit_names=names,
        units=np.stack([anatomy.units[name] for name in names]),
        eyes=(anatomy.left_eye, anatomy.right_eye),
        eye_centres_mm=(centres - origin).astype(np.float32),
        follows_head=_follows_head(points),
        openness=_openness(anatomy, points, of_vertex),
        creep=np.where((of_vertex == _SKIN)[:, None], SKIN_CREEP, PLAIN_CREEP).astype(np.float32),
        gloss=_gloss(who)[of_vertex],
        warmth=warmth,
    )


def _covered(
    anatomy: Anatomy, who: Identity, parts: dict[str, Ints], material: npt.NDArray[np.uint8]
) -> npt.NDArray[np.bool_]:
    """Tell which triangles of the skin are never seen."""
    outside = clothes.outside_mm(anatomy.vertices_mm, who.collar)
    covered = np.zeros(len(material), np.bool_)
    covered[material == _SKIN] = outside[parts["skin"]].min(axis=1) > 8
    if who.style in {HairStyle.BOB, HairStyle.LONG}:  # and ears are under the hair
        at = anatomy.vertices_mm[parts["skin"]]
        ear = (np.abs(at[..., 0]) > 69) & (at[..., 1] > -35) & (at[..., 1] < 48)
        covered[material == _SKIN] |= ear.all(axis=1)
    return covered


def _shaped(anatomy: Anatomy, who: Identity) -> Floats:
    """Return by how much this person's vertices differ from the shared mesh."""
    amounts: dict[str, float] = {}
    sexes = dict(zip(SEXES, (1 - who.male, who.male), strict=True))
    old = 0.75 * who.age
    ages = dict(zip(AGES, (1 - old, old), strict=True))
    heavy = who.heaviness
    weights = dict(zip(WEIGHTS, (max(-heavy, 0), 1 - abs(heavy), max(heavy, 0)), strict=True))
    for sex, s in sexes.items():
        for age, a in ages.items():
            for race, r in zip(RACES, who.races, strict=True):
                amounts[f"{race}-{sex}-{age}"] = s * a * r
            for weight, w in weights.items():
                amounts[f"{sex}-{age}-{weight}"] = s * a * w
    for name in DETAIL_NAMES:
        value = who.details[name]
        amounts[f"{name}+" if value > 0 else f"{name}-"] = abs(value)
    moved = np.zeros_like(anatomy.vertices_mm)
    for name, amount in amounts.items():
        if amount > 0:
            moved += np.float32(amount) * anatomy.shapes[name]
    # MakeHuman's resting face looks displeased: the corners of the mouth and the inner brows
    # are lifted a little.
    for unit, amount in (("mouthSmileLeft", 0.1), ("mouthSmileRight", 0.1), ("browInnerUp", 0.15)):
        moved += np.float32(amount) * anatomy.units[unit]
    return moved


def _middle(points: Floats) -> Floats:
    return np.asarray((points.min(axis=0) + points.max(axis=0)) / 2, np.float32)


def _catch_lights(centres: Floats) -> tuple[Floats, Ints]:
    """Return small discs before the corneas: the lamp mirrored in the eyes."""
    turn = np.linspace(0, 2 * np.pi, 7)[:-1]
    disc = np.vstack(
        [[0.0, 0.0, 0.0], np.stack([1.05 * np.cos(turn), 1.25 * np.sin(turn), 0 * turn], 1)]
    )
    points = np.vstack([centre + disc + (1.9, -2.6, -15.3) for centre in centres])
    fan = np.array([[0, 1 + i, 1 + (i + 1) % 6] for i in range(6)])
    return points.astype(np.float32), np.vstack([fan, fan + 7]).astype(np.int32)


def _follows_head(points: Floats) -> Floats:
    """Return 1 for what turns with the skull, 0 for the torso; the neck is in between."""
    down = np.clip((points[:, 1] - 78 - 0.25 * np.maximum(points[:, 2], 0)) / 95, 0, 1)
    front = np.clip((40 - points[:, 2]) / 40, 0, 1) * np.clip((128 - points[:, 1]) / 20, 0, 1)
    return np.maximum(1 - down * down * (3 - 2 * down), front).astype(np.float32)


def _openness(anatomy: Anatomy, points: Floats, of_vertex: npt.NDArray[np.uint8]) -> Floats:
    free = np.ones(len(points), np.float32)
    free[: len(anatomy.openness)] = np.clip(anatomy.openness, 0.12, 1)
    free[of_vertex == _MOUTH] = 0.22
    free[of_vertex == _TEETH] = 0.7
    free[of_vertex == _SHIRT] = 1.0
    free[(of_vertex == _COLLAR) | (of_vertex == _HANDS)] = 0.85
    # The upper lid and its lashes shade the eyeball beneath them.
    y = points[:, 1]
    free = np.where(of_vertex == _EYES, np.clip((y + 8.5) / 8, 0.18, 0.92), free)
    free = np.where(of_vertex == _LASHES, 0.4, free)
    return free.astype(np.float32)


def _gloss(who: Identity) -> Floats:
    gloss = np.zeros(len(MATERIALS), np.float32)
    gloss[_SKIN] = 20 + 12 * (1 - sum(who.skin) / 765)
    gloss[_EYES], gloss[_MOUTH], gloss[_TEETH] = 30, 25, 20
    gloss[_HAIR] = 22
    return gloss


def _textures(
    anatomy: Anatomy, who: Identity, grown: hair.Hair | None, warmth: heat.Warmth
) -> list[Texture]:
    rng = np.random.default_rng([who.seed, 0x7E87])
    face = skin.paint(anatomy, who)
    dull = heat.flat
    hair_color = np.zeros((1, 1, 3), np.uint8) if grown is None else grown.color
    return [
        Texture(color=face, reflectance=_infrared(face, 0.42, 0.25), temperature_k=warmth.rest_k),
        _plain(eyeball.paint(who), 0.30, 0.2, dull(34.2)),
        _plain(_one((26, 19, 17)), 0.15, 0.1, dull(33.4)),
        _plain(_one((150, 66, 62)), 0.35, 0.1, dull(35.8)),
        _plain(teeth.paint(), 0.5, 0.2, dull(34.0)),
        _plain(clothes.paint(who), 0.30, 0.4, heat.uneven(28.2, 0.5, rng)),
        _plain(_band(who), 0.30, 0.4, dull(30.5)),
        _plain(hair_color, 0.12, 0.3, heat.uneven(28.6, 0.6, rng)),
        _plain(_one((255, 255, 255)), 0.9, 0.0, dull(34.2)),
        _plain(_one(_whole(who.skin)), 0.42, 0.25, dull(32.5)),
    ]


def _band(who: Identity) -> npt.NDArray[np.uint8]:
    return _one(_whole(who.shirt, 0.9))


def _whole(rgb: RGB, by: float = 1.0) -> tuple[int, int, int]:
    return int(by * rgb[0]), int(by * rgb[1]), int(by * rgb[2])


def _plain(color: npt.NDArray[np.uint8], floor: float, slope: float, kelvin: Floats) -> Texture:
    return Texture(color=color, reflectance=_infrared(color, floor, slope), temperature_k=kelvin)


def _infrared(color: npt.NDArray[np.uint8], floor: float, slope: float) -> Floats:
    """Guess how much infrared light something throws back from how light it is."""
    step = 2 if len(color) > 512 else 1
    light = color[::step, ::step].astype(np.float32).mean(axis=2) / 255
    return np.asarray(floor + slope * light, np.float32)


def _one(rgb: tuple[int, int, int]) -> npt.NDArray[np.uint8]:
    return np.full((1, 1, 3), rgb, np.uint8)
