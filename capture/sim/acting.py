"""What everybody in a scenario does at a moment: the whole performance, as a function of time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from capture.sim import bearing, eyes, hand, noise
from capture.sim.curves import Curve, RandomWalk
from capture.sim.head.emotion import units_for
from capture.sim.physiology import Physiology
from capture.sim.scene import Actor, Performance
from capture.sim.speech import Speech
from capture.sim.voice import Voice

if TYPE_CHECKING:
    from capture.sim.curves import Affect
    from capture.sim.scenario import Passer, Scenario, Walk
    from capture.sim.speech import Mouth

_EYE_REACH_DEG: Final = 28.0


class Mood(NamedTuple):
    """What a person feels at a moment, each in [-1, 1]."""

    valence: float
    arousal: float


class Player:
    """One person of a scenario, acting."""

    def __init__(self, scenario: Scenario, number: int) -> None:
        """Take the person of that number, counted from 0."""
        person = scenario.people[number]
        self.person = person
        self._key = noise.key(scenario.seed, "person", number, person.identity)
        self._valence = self._affect(person.valence, "valence")
        self._arousal = self._affect(person.arousal, "arousal")
        self._skin = Physiology(noise.key(person.identity, "skin"), self._arousal, person.body)
        self._speech = Speech(noise.key(self._key, "speech"), person, scenario.parts)
        self.voice = Voice(noise.key(person.identity, "voice"), self._speech)
        self._head_key = noise.key(self._key, "head")
        self._lid_key = noise.key(self._key, "lids")
        self._gaze_key = noise.key(self._key, "gaze")
        self._hand_key = noise.key(self._key, "hand")

    def mood(self, t_s: float) -> Mood:
        """Return what the person feels."""
        return Mood(float(self._valence.at(t_s)), float(self._arousal.at(t_s)))

    def performance(self, t_s: float) -> Performance | None:
        """Return what the person does, or nothing while they are out of the picture."""
        mood = self.mood(t_s)
        head = bearing.sitting(
            self._head_key,
            self.person,
            t_s,
            lively=0.5 + 0.5 * mood.arousal,
            listening=not self._speech.is_turn(t_s),
        )
        present = bearing.with_absences(head, self.person, t_s)
        if present is None:
            return None
        look = eyes.gaze(self._gaze_key, t_s)
        pose = present.pose
        return Performance(
            head=pose,
            units=_face(mood, self._speech.mouth(t_s), eyes.lid(self._lid_key, t_s)),
            # Eyes hold their aim while the head turns under them.
            gaze_yaw_deg=_reach(look.yaw_deg - head.yaw_deg),
            gaze_pitch_deg=_reach(look.pitch_deg - head.pitch_deg),
            skin=self._skin.at(t_s),
            hand=hand.before(pose, self._hand_key, self.person, t_s),
        )

    def actor(self, t_s: float) -> Actor | None:
        """Return the person as they stand in the scene."""
        performance = self.performance(t_s)
        if performance is None:
            return None
        return Actor(identity=self.person.identity, performance=performance)

    def _affect(self, wanted: list[tuple[float, float]] | Walk, dimension: str) -> Affect:
        if isinstance(wanted, list):
            return Curve(wanted)
        own = noise.key(wanted.seed) if wanted.seed is not None else self._key
        return RandomWalk(
            noise.key(own, dimension),
            mean=wanted.mean,
            spread=wanted.spread,
            time_constant_s=wanted.time_constant_s,
        )


def passer(passer: Passer, t_s: float) -> Actor | None:
    """Return somebody who walks through, while they are to be seen."""
    head = bearing.passing(passer, t_s)
    if head is None:
        return None
    units = {"eyeBlinkLeft": 0.0, "eyeBlinkRight": 0.0}
    return Actor(identity=passer.identity, performance=Performance(head=head.pose, units=units))


def _face(mood: Mood, mouth: Mouth, lid: float) -> dict[str, float]:
    """Return the face units of a mood, of a talking mouth and of a blink together."""
    units = dict(units_for(mood.valence, mood.arousal))
    for side in ("Left", "Right"):
        # A lid that is down leaves nothing of a wide eye, and squinting takes it no further.
        units[f"eyeBlink{side}"] = max(units.get(f"eyeBlink{side}", 0.0), lid)
        for other in ("eyeWide", "eyeSquint"):
            units[other + side] = units.get(other + side, 0.0) * (1.0 - lid)
        _add(units, f"mouthStretch{side}", 0.25 * mouth.wide)
        _add(units, f"mouthLowerDown{side}", 0.25 * mouth.open)
    _add(units, "jawOpen", 0.45 * mouth.open)
    _add(units, "mouthFunnel", 0.45 * mouth.round)
    _add(units, "mouthPucker", 0.35 * mouth.round)
    return {name: min(max(value, 0.0), 1.0) for name, value in units.items()}


def _add(units: dict[str, float], name: str, value: float) -> None:
    units[name] = units.get(name, 0.0) + value


def _reach(angle_deg: float) -> float:
    return min(max(angle_deg, -_EYE_REACH_DEG), _EYE_REACH_DEG)
