"""An actor as solids in the world: the person, and a hand where one is held before the face."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from capture.sim.head import hand, heat, motion, points
from capture.sim.head.person import person
from capture.sim.render import light
from capture.sim.render.shape import Solid

if TYPE_CHECKING:
    import numpy.typing as npt

    from capture.sim.head.person import Person
    from capture.sim.scene import Actor, Room, Skin
    from taver.core.pose import Pose

    Floats = npt.NDArray[np.float32]

# Of what a room is warmer or colder: what is worn follows it halfway, skin by little.
_OF_CLOTH: Final = 0.5
_OF_SKIN: Final = 0.1


def solids(actor: Actor, lamps: Floats, room: Room) -> list[Solid]:
    """Return the actor's solids, lit."""
    who = person(actor.identity)
    weights = motion.weights_of(who, actor.performance)
    vertices = motion.placed(who, actor.performance, weights)
    lit, facing = light.lit(
        vertices,
        who.shape.triangles,
        openness=who.openness,
        creep=who.creep,
        gloss=who.gloss,
        lamps=lamps,
    )
    is_open = motion.mouth_is_open(weights)
    held = actor.performance.hand
    return [
        *([] if held is None else [_hand(actor.identity, held, lamps, room.air_k)]),
        Solid(
            shape=who.shape,
            vertices_mm=vertices,
            light=lit,
            facing=facing,
            sides=who.shape.sides if is_open else who.closed_sides,
            temperature_k=_warm(who, actor.performance.skin, room.air_k),
        ),
    ]


def _hand(identity: int, pose: Pose, lamps: Floats, air_k: float) -> Solid:
    mine = hand.hand(identity)
    vertices = pose.apply(mine.vertices_mm).astype(np.float32)
    skin = mine.is_skin
    texels = np.asarray(mine.shape.temperature_k.texels, np.float32).copy()
    texels[:-1] += np.float32(_OF_SKIN * (air_k - heat.AIR_K))
    texels[-1] += np.float32(_OF_CLOTH * (air_k - heat.AIR_K))  # the sleeve has one
    lit, facing = light.lit(
        vertices,
        mine.shape.triangles,
        openness=np.where(skin, 0.85, 1.0).astype(np.float32),
        creep=np.where(skin[:, None], light.SKIN_CREEP, light.PLAIN_CREEP).astype(np.float32),
        gloss=np.where(skin, 14.0, 0.0).astype(np.float32),
        lamps=lamps,
    )
    return Solid(
        shape=mine.shape,
        vertices_mm=vertices,
        light=lit,
        facing=facing,
        sides=mine.shape.sides,
        temperature_k=texels,
    )


def landmarks_mm(actor: Actor) -> npt.NDArray[np.float64]:
    """Return the actor's 68 landmarks (68, 3) in the world."""
    who = person(actor.identity)
    weights = motion.weights_of(who, actor.performance)
    return points.of(motion.placed(who, actor.performance, weights))


def _warm(who: Person, skin: Skin, air_k: float) -> Floats:
    """Return the temperatures of all the person's texels, as they are in this room now."""
    texels = np.asarray(who.shape.temperature_k.texels, np.float32).copy()
    warmth = who.warmth
    texels += np.float32(_OF_CLOTH * (air_k - heat.AIR_K))
    now = warmth.rest_k + np.float32(_OF_SKIN * (air_k - heat.AIR_K))
    for amount, where in (
        (skin.nose_k, warmth.nose),
        (skin.cheeks_k, warmth.cheeks),
        (skin.forehead_k, warmth.forehead),
    ):
        if amount:
            now += np.float32(amount) * where
    texels[: now.size] = now.reshape(-1)
    return texels
