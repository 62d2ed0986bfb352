"""demo.html: the whole story on one page, with the way to each step's own report."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from taver.cli.story import learning
from taver.cli.story.names import (
    BOARD,
    LABELS_PAGE,
    LIVE,
    PAGE,
    PERSON,
    SEED,
    SHEET,
    interviews,
    people,
)
from taver.core import atomic
from taver.core.page import Markup, escaped, note, page, picture, section, table, text

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from taver.cli.story.diary import Diary
    from taver.cli.story.names import Size
    from taver.core.study import Study
    from taver.training.evaluate import Evaluation, Judged, Row


def write(study: Study, size: Size, diary: Diary, found: Sequence[Evaluation]) -> Path:
    """Write the page."""
    path = study.folder / PAGE
    parts = (
        text(
            f"{len(people(size))} simulated people were recorded in colour, depth and heat, "
            f"{size.interview_s:g} seconds each. Their faces were followed, what they felt was "
            "rated by simulated raters through the real annotation server, and two reference "
            "models learnt from it. Nobody in here exists; the figures say that the tools work "
            "together, and nothing about people."
        ),
        picture((study.folder / SHEET).read_bytes(), f"Six moments of {PERSON} (simulated)"),
        section("What was done", _steps(diary), *_links(study, size)),
        section("How well unseen people are read", *_results(found, size)),
        section("Go on from here", *_onwards()),
    )
    atomic.write_bytes(path, page("taver demo", *parts, simulated=True).encode())
    return path


def _steps(diary: Diary) -> Markup:
    rows = [
        (step.name, step.told, f"{step.seconds:.0f}\N{NO-BREAK SPACE}s") for step in diary.steps
    ]
    total_s = sum(step.seconds for step in diary.steps)
    rows.append(("in all", "", f"{total_s:.0f}\N{NO-BREAK SPACE}s"))
    return table(("step", "what came of it", "time"), rows, right="  r")


def _links(study: Study, size: Size) -> list[Markup]:
    wanted = (
        ("calibration", study.rig_file.parent / "rig-report.html"),
        ("the board's recording", study.sessions_folder / BOARD / "report.html"),
        ("the live recording", study.sessions_folder / LIVE / "report.html"),
        ("labels", study.folder / LABELS_PAGE),
        ("dataset", learning.gallery(study)),
        *zip(("TRAN", "URAN"), learning.pages(study), strict=True),
    )
    links = [f"<li>{_link(study, name, path)}</li>" for name, path in wanted if path.is_file()]
    for told, file in (("interviews", "report.html"), ("faces", "faces.html")):
        pages = {name: study.sessions_folder / name / file for name in interviews(size)}
        each = [_link(study, name, path) for name, path in pages.items() if path.is_file()]
        links.append(f"<li>{told}: {', '.join(each)}</li>")
    return [Markup(f"<p>Each has its own page:</p><ul>{''.join(links)}</ul>")]


def _link(study: Study, name: str, path: Path) -> str:
    # Somebody may have moved a folder out of the study, to another disk.
    there = (
        quote(path.relative_to(study.folder).as_posix())
        if path.is_relative_to(study.folder)
        else path.as_uri()
    )
    return f'<a href="{there}">{escaped(name)}</a>'


def _results(found: Sequence[Evaluation], size: Size) -> list[Markup]:
    parts = []
    rows = []
    tested = len(found[0].judged[0].people)
    for one in found:
        (valence,) = one.judged
        rows.append(_row(f"{one.model.upper()}, width {size.width:g}", valence.all, valence))
    for name, row in found[0].judged[0].baselines.items():
        rows.append(_row(name, row, None))
    parts.append(
        text(
            f"Valence, {found[0].n} values of {tested} people whom neither "
            "model has seen, at 10 a second. Intervals are bootstrapped over people and 10-second "
            f"blocks. The models are in the small shape ({size.width:g} of the paper's channels, "
            f"clips of {size.frames} frames instead of 16), trained for {size.epochs} "
            f"epoch{'' if size.epochs == 1 else 's'} on {len(people(size)) - tested} others, some "
            f"of whom only choose the epoch; seed {SEED}. Seed and settings were chosen on faces "
            "that are not in here. Everybody's valence goes through the same range in an order of "
            "their own, so that nothing is won by telling people apart."
        )
    )
    parts.append(table(("", "CCC", "95 % between", "RMSE", "CC"), rows, right=" rrrr"))
    parts.append(_verdict(found))
    return parts


def _verdict(found: Sequence[Evaluation]) -> Markup:
    """Say plainly whether anything was learnt."""
    (valence,) = found[0].judged
    mean = next(iter(valence.baselines.values()))
    low = valence.intervals["ccc"][0]
    better = (
        low is not None
        and low > 0
        and valence.all.rmse is not None
        and mean.rmse is not None
        and valence.all.rmse < mean.rmse
    )
    if better:
        return note("TRAN beats the training people's mean: something was learnt.", "good")
    return note(
        "TRAN does not beat the training people's mean beyond doubt: from so few seconds of so few "
        "people little can be learnt.",
        "warn",
    )


def _row(name: str, row: Row, judged: Judged | None) -> tuple[str, ...]:
    low, high = judged.intervals["ccc"] if judged is not None else (None, None)
    between = "" if low is None or high is None else f"{low:.2f}, {high:.2f}"
    return (name, _shown(row.ccc), between, _shown(row.rmse), _shown(row.cc))


def _onwards() -> list[Markup]:
    commands = (
        "taver status",
        "taver session show s01",
        "taver annotate serve",
        "taver dataset info",
        "taver train-baseline --config training.toml --model cnn3d",
    )
    lines = "\n".join(commands)
    return [
        text("In this folder every other command works:"),
        Markup(f'<div class="scroll" tabindex="0"><pre>{escaped(lines)}</pre></div>'),
    ]


def _shown(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
