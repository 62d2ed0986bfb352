"""Every word the person reads; another language is another `Wording`."""

from __future__ import annotations

from typing import Final, NamedTuple


class Scale(NamedTuple):
    """One row of figures: its question, and what its two ends mean."""

    question: str
    low: str
    high: str


class Wording(NamedTuple):
    """All texts of the self-report, in one language."""

    language: str  # as HTML names it
    title: str
    lead: str
    valence: Scale
    arousal: Scale
    dominance: Scale
    figure: str  # what a screen reader says of one: "{number} of 9"
    send: str
    incomplete: str
    waiting: str
    waiting_more: str
    thanks: str
    thanks_more: str
    ended: str


ENGLISH: Final = Wording(
    language="en",
    title="How do you feel right now?",
    lead="Choose one figure in each row. There is no right or wrong answer.",
    valence=Scale("How pleasant is it?", "unpleasant", "pleasant"),
    arousal=Scale("How stirred up are you?", "calm", "excited"),
    dominance=Scale("How much are you in control?", "not at all", "fully"),
    figure="{number} of 9",
    send="Done",
    incomplete="Please choose one figure in each row.",
    waiting="Nothing to do yet",
    waiting_more="When it is time, a question appears here by itself.",
    thanks="Thank you",
    thanks_more="Your answer is stored. Please go on as you were told.",
    ended="The recording has ended. Thank you.",
)
