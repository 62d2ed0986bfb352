"""The paper's tables for your own data: every row trained and judged, beside what was printed."""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING, Any, ClassVar, Final

import msgspec

from taver.core.document import Document, Part
from taver.core.errors import InputError
from taver.training import series
from taver.training.config import changed
from taver.training.models import MODELS, SCRATCH
from taver.training.published import PRETRAINED, TABLES
from taver.training.series import Planned

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from taver.core.progress import Progress
    from taver.training.config import TrainingConfig
    from taver.training.published import Table, Variant
    from taver.training.series import Outcome

FILE: Final = "ablation.json"


class Line(Part, frozen=True, kw_only=True):
    """One row: what was printed, and what was reached here (the median over seeds)."""

    name: str
    label: str
    printed: tuple[float, ...] | None  # RMSE, CC, CCC
    rmse: float | None = None
    cc: float | None = None
    ccc: float | None = None
    lowest: float | None = None  # CCC of the worst and of the best seed
    highest: float | None = None
    seeds: int = 0
    n: int = 0  # values judged
    note: str = ""


class Ablation(Document, frozen=True, kw_only=True):
    """ablation.json."""

    FORMAT: ClassVar[str] = "taver-ablation"
    VERSION: ClassVar[int] = 1

    what: str
    target: str
    dataset: str
    simulated: bool
    unit: str
    post: str
    lines: tuple[Line, ...]


def plan(what: str, config: TrainingConfig) -> list[Planned]:
    """Return the runs of one table, each with its seeds."""
    if what not in TABLES:
        raise InputError(f"There is no ablation {what!r}", fix=f"choose one of: {_names()}")
    return series.with_seeds([
        Planned(variant.name, _config(variant, config))
        for variant in TABLES[what].variants
        if variant.settings is not None
    ])  # fmt: skip


def _config(variant: Variant, config: TrainingConfig) -> TrainingConfig:
    """Return the row's settings; weights to start from go to the models that can take them."""
    afresh = msgspec.structs.replace(config.model, weights=None)
    plain = changed(msgspec.structs.replace(config, model=afresh), *variant.settings or ())
    if config.model.weights is None or not MODELS[plain.model.name].takes_weights:
        return plain
    model = msgspec.structs.replace(plain.model, weights=config.model.weights)
    return msgspec.structs.replace(plain, model=model)


def ablate(
    store: Any,
    folder: Path,
    what: str,
    config: TrainingConfig,
    progress: Progress,
    *,
    say: Callable[[str], None] = lambda _: None,
) -> Ablation:
    """Train and judge every row that is not done yet; return and keep the table."""
    wanted = plan(what, config)
    outcomes = series.run_all(store, folder, wanted, progress, say=say)
    series.raise_if_all_failed(outcomes)
    done = [outcome.evaluation for outcome in outcomes if outcome.evaluation is not None]
    found = Ablation(
        what=what,
        target=done[0].judged[-1].target,
        dataset=done[0].dataset,
        simulated=any(evaluation.simulated for evaluation in done),
        unit=done[0].unit,
        post=done[0].post,
        lines=tuple(_lines(TABLES[what], outcomes)),
    )
    found.write(folder / FILE)
    return found


def _lines(table: Table, outcomes: Sequence[Outcome]) -> list[Line]:
    lines = []
    for variant in table.variants:
        mine = [one for one in outcomes if one.name == variant.name or _is_seed(one, variant)]
        # With both targets, valence comes second; it is what was printed.
        rows = [o.evaluation.judged[-1].all for o in mine if o.evaluation is not None]
        errors = [str(one.error) for one in mine if one.error is not None]
        began = dict.fromkeys(one.run.about.began for one in mine if one.run is not None)
        told = ", ".join(began) if variant.note == PRETRAINED or set(began) - {SCRATCH} else ""
        cccs = [row.ccc for row in rows if row.ccc is not None]
        lines.append(
            Line(
                name=variant.name,
                label=variant.label,
                printed=tuple(variant.published) if variant.published else None,
                rmse=_median([row.rmse for row in rows]),
                cc=_median([row.cc for row in rows]),
                ccc=_median(cccs),
                lowest=min(cccs, default=None),
                highest=max(cccs, default=None),
                seeds=len(rows),
                n=rows[0].n if rows else 0,
                note="; ".join(
                    filter(
                        None,
                        [variant.note, told and f"here: {told}", *dict.fromkeys(errors)],
                    )
                ),
            )
        )
    return lines


def _is_seed(outcome: Outcome, variant: Any) -> bool:
    return outcome.name.startswith(f"{variant.name}-seed")


def _median(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return statistics.median(known) if known else None


def _names() -> str:
    return ", ".join(TABLES)
