"""The desk's pages on this machine: pictures for the operator, questions for the person."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from capture.desk.pages.server import PageServer
from capture.protocol.file import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from capture.desk.order import Order
    from capture.desk.view import Board

Addresses = tuple[tuple[str, str], ...]


@contextlib.contextmanager
def served(board: Board, order: Order) -> Iterator[Addresses]:
    """Serve the pages that `order` needs for the length of the block; give their addresses."""
    asks = order.protocol is not None and any(
        phase.kind is Kind.SELF_REPORT for phase in order.protocol.phases
    )
    if not (asks or order.preview):
        yield ()
        return
    with PageServer(board) as server:
        addresses = []
        if order.preview:
            addresses.append(("preview", server.preview_address))
        if asks:
            addresses.append(("self-report", server.person_address))
        yield tuple(addresses)
