"""The scene at a moment: everybody who acts, the board that is shown, the room."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from capture.sim import acting, noise
from capture.sim.board.views import views
from capture.sim.rig import rig_by_seed, standard_rig
from capture.sim.scenario import check
from capture.sim.scene import Board, BoardView, Room, Scene
from capture.units import ZERO_CELSIUS_K
from taver.core.pose import Pose

if TYPE_CHECKING:
    from capture.sim.acting import Mood
    from capture.sim.rig import Rig
    from capture.sim.scenario import Boards, Place, Scenario
    from capture.sim.scene import Actor, Performance

_MOVING_SHARE: Final = 0.4  # of the time for a view; then the board is held still


class Stage:
    """A scenario, acted; the same at a moment whatever was asked before."""

    def __init__(self, scenario: Scenario) -> None:
        check(scenario)
        self.scenario = scenario
        self.rig: Rig = (
            standard_rig() if scenario.rig_seed is None else rig_by_seed(scenario.rig_seed)
        )
        self.players = [acting.Player(scenario, n) for n in range(len(scenario.people))]
        self._room = _room(scenario.room)
        self._views = _views(scenario, self.rig)

    def scene(self, t_s: float) -> Scene:
        """Return all that can be seen at this time; people in the scenario's order."""
        people = [player.actor(t_s) for player in self.players]
        passers = [acting.passer(passer, t_s) for passer in self.scenario.passers]
        view = self._view(t_s)
        return Scene(
            actors=tuple(actor for actor in (*people, *passers) if actor is not None),
            boards=() if view is None else (view,),
            room=self._room,
        )

    def everybody(self) -> Scene:
        """Return a scene with all who ever appear, for whoever wants to know them beforehand."""
        seated = (self._seen(player) for player in self.players)
        walking = (
            acting.passer(passer, passer.start_s + passer.seconds / 2)
            for passer in self.scenario.passers
        )
        return Scene(
            actors=tuple(actor for actor in (*seated, *walking) if actor is not None),
            boards=tuple(self._views[:1]),
            room=self._room,
        )

    def first(self, t_s: float) -> Performance | None:
        """Return what the first person does, while they are in the scene."""
        return self.players[0].performance(t_s) if self.players else None

    def mood(self, t_s: float) -> Mood | None:
        """Return what the first person feels, if there is one."""
        return self.players[0].mood(t_s) if self.players else None

    def _seen(self, player: acting.Player) -> Actor | None:
        """Return a player at the first second in which they are in the scene."""
        moments = (player.actor(float(t_s)) for t_s in range(round(self.scenario.seconds) + 1))
        return next((actor for actor in moments if actor is not None), None)

    def _view(self, t_s: float) -> BoardView | None:
        """Return the board where it is held, or on its way there."""
        boards = self.scenario.boards
        if boards is None or not self._views:
            return None
        place = max(t_s, 0.0) / boards.seconds_each
        number = int(place)
        here = self._views[number % len(self._views)]
        if number == 0:
            return here
        share = noise.ease((place - number) / _MOVING_SHARE)
        before = self._views[(number - 1) % len(self._views)]
        return BoardView(board=here.board, pose=_between(before.pose, here.pose, share))


def _room(place: Place) -> Room:
    return Room(
        light=place.light,
        light_yaw_deg=place.light_yaw_deg,
        wall_mm=place.wall_mm,
        air_k=place.air_celsius + ZERO_CELSIUS_K,
    )


def _views(scenario: Scenario, rig: Rig) -> list[BoardView]:
    boards = scenario.boards
    if boards is None:
        return []
    return list(views(_board(boards), boards.views, rig, scenario.seed))


def _board(boards: Boards) -> Board:
    return Board(
        columns=boards.columns,
        rows=boards.rows,
        square_mm=boards.square_mm,
        dictionary=boards.dictionary,
        inkjet=boards.inkjet,
        warm_k=boards.warm_k,
    )


def _between(start: Pose, end: Pose, share: float) -> Pose:
    """Return the pose this share of the way: turned evenly about one axis, moved straight."""
    if share in {0.0, 1.0}:
        return end if share else start
    turn = Pose.from_matrix(end.rotation_matrix @ start.rotation_matrix.T)
    part = Pose.from_rotation_vector(share * turn.rotation_vector)
    return Pose.from_matrix(
        part.rotation_matrix @ start.rotation_matrix,
        (1 - share) * np.array(start.translation_mm) + share * np.array(end.translation_mm),
    )
