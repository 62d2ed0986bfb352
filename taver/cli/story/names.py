"""Who and what the demo is about, and how much of it."""

from typing import Final, NamedTuple

STUDY: Final = "taver demo"
PERSON: Final = "P01"
INTERVIEW: Final = "s01"
BOARD: Final = "calib01"
LIVE: Final = "s02"
SHEET: Final = "contact-sheet.png"


class Size(NamedTuple):
    """How much is recorded."""

    interview_s: float
    live_s: float
    views: int  # of the board
    view_s: float


WHOLE: Final = Size(interview_s=10.0, live_s=4.0, views=20, view_s=1.0)
QUICK: Final = Size(interview_s=2.0, live_s=2.0, views=16, view_s=0.6)
