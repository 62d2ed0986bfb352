"""TRAN, and a network that sees colour alone, trained on a task whose answer is known.

    python examples/16_train.py [PROCESSES]

writes the tiny task to `tiny.zarr`: in a colour picture four patches flicker, one of them is the
label, and depth and heat say which. Both learn it, both are judged on people they have not seen,
and `tiny-runs` has their report.html, with pages of where TRAN looked. Two epochs take seconds and
teach next to nothing; with EPOCHS = 40 and TASK = synthetic.Task() it takes many minutes, and shows
what guidance is good for: who sees colour alone can reach CC 0.5, who sees all three 1. PROCESSES
share each batch (torch's DistributedDataParallel); with `machine.device=cuda` each has a GPU. To
train on a dataset of yours, give its path to `training.run`. Needs the extra train.
"""

import sys
from pathlib import Path

from taver.core.errors import TaverError
from taver.training import config, evaluate, predict, synthetic, training
from taver.training.report import run as report

EPOCHS = 2
TASK = synthetic.Task(people=5, test_people=2, validation_people=1, clips=16, length=4)
SETTINGS = (
    "model.width=0.15", "model.length=4", "model.size_px=32", "scaling.depth=median",
    "optimiser.learning_rate=2e-3", "optimiser.batch=16", f"optimiser.epochs={EPOCHS}",
    "protocol.unit=clip",
)  # fmt: skip


def main(processes: int) -> None:
    """Train and judge both, and show where the first one looked."""
    store = Path("tiny.zarr")
    if not store.exists():
        synthetic.write(store, TASK)
    for model in ("tran", "cnn3d"):
        folder = Path("tiny-runs") / model
        words = [*SETTINGS, f"model.name={model}", f"machine.processes={processes}"]
        run = training.run(str(store), folder, config.load(None, words))  # or goes on with it
        (valence,) = evaluate.evaluate(folder, unit="clip").judged
        print(f"{folder}: {' and '.join(run.config.modalities)}, epoch {run.about.epochs}")
        print(f"  on {', '.join(valence.people)}: CCC {valence.all.ccc:.2f}, "
              f"RMSE {valence.all.rmse:.3f}")  # fmt: skip
        for name, trivial in valence.baselines.items():
            print(f"  {name} instead: RMSE {trivial.rmse:.3f}")
        print(f"  {report.write(folder)}")
    seen = predict.predict(Path("tiny-runs/tran"), "s05", store=str(store), attention=True)
    for page in (seen.page, *seen.attention):
        print(page)


if __name__ == "__main__":
    try:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else 1)
    except TaverError as error:
        sys.exit("\n  ".join([f"{error}; {error.fix}", *error.problems]))
