"""A simulated board before the cameras, and the rig that it shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from calibration import store
from calibration.board import Board
from calibration.keep import keep
from calibration.make import make
from calibration.sources.sessions import SessionSource
from capture.report import make as report
from capture.sim.scenario import Boards, Cameras, Scenario
from capture.simulation import simulate
from taver.cli.story.names import BOARD, Told
from taver.cli.story.sessions import earlier
from taver.core.frames import PICTURES

if TYPE_CHECKING:
    from taver.cli.story.names import Size
    from taver.core.progress import Progress
    from taver.core.study import Study

_SQUARE_MM: Final = 30.0


def calibrated(study: Study, size: Size, progress: Progress) -> Told:
    """Make rig.json of a recorded board, and tell how good it is."""
    fresh = not study.rig_file.is_file()
    if fresh:
        session = earlier(study, BOARD)
        if session is None:
            session = simulate(study, scenario(size), BOARD, modalities=PICTURES, progress=progress)
        report.make(study, session)
        made = make([SessionSource(session)], Board.from_text("5x7", _SQUARE_MM), None, progress)
        keep(made.rig, study.rig_file, made)
    rig = store.read(study.rig_file)
    return Told(f"{study.rig_file.name}: {rig.quality.verdict}", fresh=fresh)


def scenario(size: Size) -> Scenario:
    """Return how the board is shown."""
    return Scenario(
        seconds=size.views * size.view_s,
        seed=3,
        boards=Boards(views=size.views, seconds_each=size.view_s, square_mm=_SQUARE_MM),
        cameras=Cameras(shutter_every_s=0),
    )
