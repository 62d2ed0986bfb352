"""Who and what the demo is about, and how much of it."""

from typing import Final, NamedTuple

STUDY: Final = "taver demo"
PERSON: Final = "P01"
INTERVIEW: Final = "s01"
BOARD: Final = "calib01"
LIVE: Final = "live01"
SHEET: Final = "contact-sheet.png"
PAGE: Final = "demo.html"
LABELS_PAGE: Final = "labels.html"
MODELS: Final = ("tran", "uran")  # three modalities guided by attention, and colour alone
SEED: Final = 1  # of the models; this one and what is below were chosen on other people's faces
# Heads that nothing in taver was fitted to.
IDENTITIES: Final = (12, 101, 4, 117, 7, 108, 21, 130, 33, 142, 56, 151)


class Size(NamedTuple):
    """How much is recorded, and how long is learnt."""

    people: int
    interview_s: float
    live_s: float
    views: int  # of the board
    view_s: float
    frames: int  # of a clip; the paper's have 16
    epochs: int
    width: float  # of the models' channels; 1 is the paper's


WHOLE: Final = Size(
    people=12, interview_s=16.0, live_s=4.0, views=20, view_s=1.0, frames=4, epochs=12, width=0.125
)
QUICK: Final = Size(
    people=4, interview_s=4.0, live_s=2.0, views=14, view_s=0.6, frames=4, epochs=1, width=0.0625
)


class Told(NamedTuple):
    """What came of a step, and whether it was done just now or by an earlier run."""

    text: str
    fresh: bool = True


def people(size: Size) -> tuple[str, ...]:
    """Return the pseudonyms of everybody in the demo."""
    return tuple(f"P{number:02d}" for number in range(1, size.people + 1))


def interviews(size: Size) -> tuple[str, ...]:
    """Return the names of their sessions, one each."""
    return tuple(f"s{number:02d}" for number in range(1, size.people + 1))
