"""What is done to predictions after the network: smoothed, centred and scaled, as was fitted.

`avec` is the way of the AV+EC challenges: each step is kept if it raises the CCC of the very
people it is fitted on, and the scaling stretches about zero. `clean` stretches about the mean, and
keeps a step only if it also helps people it was not fitted on. Neither shifts in time, and neither
ever sees people of the test part.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, NamedTuple

import msgspec
import numpy as np

from taver.core.errors import InputError
from taver.training import metrics

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]

How = Literal["avec", "clean", "none"]
HOWS: Final = ("avec", "clean", "none")
# Lengths of the median filter that are tried, in seconds.
WINDOWS_S: Final = (0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0, 12.0, 16.0, 20.0)


class Post(msgspec.Struct, frozen=True, kw_only=True):
    """One fitted post-processing: median filter, then `scale` about `pivot`, then `shift`."""

    how: How = "none"
    window: int = 1  # slots; odd; 1 smooths nothing
    rate_hz: float | None = None  # of these slots; a window is a time, at any other rate, too
    shift: float = 0.0
    scale: float = 1.0
    pivot: float = 0.0  # what the scaling leaves where it is
    fitted_on: tuple[str, ...] = ()  # people
    kept: tuple[str, ...] = ()  # of smoothing, centring, scaling

    def apply(self, predicted: npt.ArrayLike, *, rate_hz: float | None = None) -> Floats:
        """Return one person's predictions, in the order of time, after all steps."""
        values = smoothed(np.asarray(predicted, np.float64), self._slots(rate_hz))
        return self.pivot + self.scale * (values - self.pivot) + self.shift

    def _slots(self, rate_hz: float | None) -> int:
        """Return how many slots of this rate the window is long."""
        if rate_hz is None or self.rate_hz is None or rate_hz == self.rate_hz:
            return self.window
        return _window((self.window - 1) / self.rate_hz, rate_hz)

    def in_words(self) -> str:
        """Say it in one line."""
        if self.how == "none":
            return "none"
        kept = ", ".join(self.kept) or "no step helped"
        return f"{self.how} ({kept}; fitted on {', '.join(self.fitted_on)})"


class Traced(NamedTuple):
    """What was predicted for one person's recording, and what is true, slot by slot."""

    person: str
    predicted: Floats
    true: Floats  # NaN where unknown: these slots are smoothed over and not judged


def fit(how: How, sequences: Sequence[Traced], *, rate_hz: float) -> Post:
    """Fit on these people, which have to be of the validation part (or of the training part)."""
    if how not in HOWS:
        raise InputError(
            f"There is no post-processing {how!r}", fix=f"choose one of: {', '.join(HOWS)}"
        )
    people = tuple(sorted({one.person for one in sequences}))
    if how == "none" or not people:
        return Post()
    windows = tuple(dict.fromkeys(_window(s, rate_hz) for s in WINDOWS_S))
    helps = _on_the_same if how == "avec" else _on_others
    post = Post(how=how, rate_hz=rate_hz, fitted_on=people)
    for name, step in _steps(how, windows).items():
        if helps(sequences, post, step):
            changed = step(sequences, post)
            if changed != post:
                post = msgspec.structs.replace(changed, kept=(*post.kept, name))
    return post


def smoothed(values: Floats, window: int) -> Floats:
    """Return the median of `window` slots around each; at the ends the last value is repeated."""
    if window <= 1 or not len(values):
        return values
    half = window // 2
    padded = np.pad(values, half, mode="edge")
    return np.median(np.lib.stride_tricks.sliding_window_view(padded, 2 * half + 1), axis=-1)


def _window(seconds: float, rate_hz: float) -> int:
    """Return the odd number of slots that is nearest to this time and one slot."""
    return 2 * round(seconds * rate_hz / 2) + 1


def _steps(how: How, windows: tuple[int, ...]) -> Mapping[str, Callable[..., Post]]:
    def smoothing(sequences: Sequence[Traced], post: Post) -> Post:
        tried = [msgspec.structs.replace(post, window=window) for window in windows]
        return max(tried, key=lambda one: (_ccc(sequences, one), -one.window))

    def centring(sequences: Sequence[Traced], post: Post) -> Post:
        predicted, true = _after(sequences, post)
        shift = post.shift + float(true.mean() - predicted.mean())
        return msgspec.structs.replace(post, shift=shift)

    def scaling(sequences: Sequence[Traced], post: Post) -> Post:
        predicted, true = _after(sequences, post)
        spread = float(predicted.std())
        if spread <= 0:
            return post
        factor = float(true.std()) / spread
        if how == "avec":  # about zero: what was centred moves with it
            return msgspec.structs.replace(post, scale=factor, shift=factor * post.shift)
        mean = float(predicted.mean())  # after the shift; before it the pivot is that much lower
        return msgspec.structs.replace(post, scale=factor, pivot=mean - post.shift)

    return {"smoothing": smoothing, "centring": centring, "scaling": scaling}


def _on_the_same(sequences: Sequence[Traced], post: Post, step: Callable[..., Post]) -> bool:
    return _ccc(sequences, step(sequences, post)) > _ccc(sequences, post)


def _on_others(sequences: Sequence[Traced], post: Post, step: Callable[..., Post]) -> bool:
    """Fit the step without each person in turn, and see whether it helps those left out."""
    if not _on_the_same(sequences, post, step):
        return False
    people = sorted({one.person for one in sequences})
    if len(people) < 2:
        return True  # there is nobody else to ask
    before: list[Floats] = []
    after: list[Floats] = []
    truth: list[Floats] = []
    for person in people:
        fitted = step([one for one in sequences if one.person != person], post)
        left_out = [one for one in sequences if one.person == person]
        was, true = _after(left_out, post)
        before.append(was)
        after.append(_after(left_out, fitted)[0])
        truth.append(true)
    true = np.concatenate(truth)
    return _known(metrics.ccc(np.concatenate(after), true)) > _known(
        metrics.ccc(np.concatenate(before), true)
    )


def _after(sequences: Sequence[Traced], post: Post) -> tuple[Floats, Floats]:
    """Return all predictions so far processed, with the truth, where that is known."""
    predicted, true = [], []
    for one in sequences:
        known = np.isfinite(one.true)
        predicted.append(post.apply(one.predicted)[known])
        true.append(np.asarray(one.true, np.float64)[known])
    return np.concatenate(predicted), np.concatenate(true)


def _ccc(sequences: Sequence[Traced], post: Post) -> float:
    return _known(metrics.ccc(*_after(sequences, post)))


def _known(value: float) -> float:
    return value if np.isfinite(value) else -1.0
