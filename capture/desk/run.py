"""A recording from its first look at the cameras to its report: the loop, from top to bottom."""

from __future__ import annotations

import contextlib
import functools
from typing import TYPE_CHECKING, Final, Protocol

from capture.desk import lsl, pages, signals
from capture.desk.desk import Desk
from capture.desk.health import face
from capture.desk.health.watch import Watch
from capture.desk.keys import Typing
from capture.desk.view import Board
from taver.core.clock import HostClock

if TYPE_CHECKING:
    from capture.desk.keyboard import Keyboard
    from capture.desk.order import Order
    from capture.desk.view import View
    from capture.master.master import Master
    from taver.core.progress import Progress
    from taver.core.session.folder import Session

_TICK_S: Final = 0.1


class Screen(Protocol):
    """Shows the recording to whoever is there."""

    def show(self, view: View) -> None:
        """Show what is so now."""
        ...


def run(
    master: Master,
    order: Order,
    *,
    screen: contextlib.AbstractContextManager[Screen],
    keyboard: contextlib.AbstractContextManager[Keyboard],
    progress: Progress | None = None,
) -> Session:
    """Record a session as `order` says; the operator's keys, Ctrl-C or its length end it.

    Whatever ends it, what was recorded is finished and in the session's folder.
    """
    with contextlib.ExitStack() as stack:
        with signals.remembered():
            stack.enter_context(master)
            keys = stack.enter_context(keyboard)
            found = master.prepare()
            detector, board = face.detector(), Board()
            addresses = stack.enter_context(pages.served(board, order))
            others = stack.enter_context(
                lsl.outlets(order.session, found.devices, wanted=order.lsl)
            )
        stop = stack.enter_context(signals.heard())
        master.start()

        person = master.session.manifest.participant is not None  # or a board, or a test
        watch = Watch(found.devices, detector, person=person)
        desk, typing = Desk(master, order, watch, board, HostClock(), others), Typing()
        keys.typed()  # what was typed while nothing was recorded yet is meant for nothing
        with screen as shown:
            desk.begin(found.warnings)
            while master.running and not desk.ending:
                desk.hear(master.poll(_TICK_S))
                desk.obey(typing.take(keys.typed()))
                if stop:
                    desk.end(f"stopped: {stop.by}", early=True)
                desk.go_on()
                desk.aside("the look at the pictures", desk.look)
                desk.aside("LSL", desk.tell_others)
                view = desk.view(typing, keys=keys.there, pages=addresses)
                desk.aside("the screen", functools.partial(shown.show, view))
            desk.end("its planned length is reached")
            master.stop()
            view = desk.view(typing, keys=keys.there, pages=addresses)
            desk.aside("the screen", functools.partial(shown.show, view))
        return master.finish(progress)
