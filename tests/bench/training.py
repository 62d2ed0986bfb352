"""How well and how fast the reference models are trained: bars, and figures against them.

python tests/bench/training.py --json FILE [--quick] [--device cuda]

Times are CPU time of one thread, ratios of one run. `--quick` trains the tiny task with one seed,
for fewer epochs, and times single clips: its CCC and speeds are a hint, no result. A CPU that
cannot compute in bfloat16 leaves what concerns it unmeasured, and says so.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import pkgutil
import sys
import tempfile
from pathlib import Path

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_name] = "1"
# Files here are called as packages are; this folder has to come behind those. Processes that are
# spawned come past here again.
_HERE = Path(__file__).resolve().parent
_BEHIND = [str(_HERE), str(_HERE.parent / "support")]
sys.path[:] = [*(part for part in sys.path if part not in _BEHIND), *_BEHIND]

BARS = {
    "params_tran": (13_370_236, "is"),
    "params_uran": (11_421_696, "is"),
    "params_cnn3d": (10_631_201, "is"),
    "fused_vs_literal": (1e-5, "max"),
    "step_fp32_vs_naive": (1.5, "min"),
    "step_bf16_vs_naive": (3.4, "min"),
    "rss_gib": (1.6, "max"),
    "input_wait": (0.03, "max"),
    "metric_error": (1e-12, "max"),
    "metric_error_ddof1": (1e-6, "max"),
    "resume_identical": (True, "is"),
    "ccc_tran": (0.9, "min"),
    "ccc_tran_ahead": (0.3, "min"),
    "ccc_cpu_s": (180.0, "max"),
    "ddp_equal": (True, "is"),
}
ON_A_GPU = {"gpu_clips_per_s": (1000.0, "min"), "gpu_vs_eager_naive": (5.0, "min")}
# A busy or another machine may miss a speed; the rest has to hold anywhere.
SPEEDS = {
    "step_fp32_vs_naive", "step_bf16_vs_naive", "rss_gib", "input_wait", "ccc_cpu_s",
    "gpu_clips_per_s", "gpu_vs_eager_naive",
}  # fmt: skip
# Few epochs of one seed say which model is ahead, not how good it gets.
NOT_WHEN_QUICK = {"ccc_tran"}


def main() -> int:
    """Measure, print and write the figures."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--json", type=Path)
    arguments.add_argument("--quick", action="store_true")
    arguments.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    given = arguments.parse_args()
    figures = _measured(quick=given.quick, on_a_gpu=given.device == "cuda")
    bars = BARS | (ON_A_GPU if given.device == "cuda" else {})
    wrong = False
    for key, (bar, sense) in bars.items():
        value = figures.get(key)
        if value is None:
            print(f"{'UNKNOWN':<8}{key:<22}{'':>12}  not measured here")
            wrong |= key not in SPEEDS
            continue
        met = value >= bar if sense == "min" else value <= bar if sense == "max" else value == bar
        hint = given.quick and key in NOT_WHEN_QUICK
        wrong |= key not in SPEEDS and not hint and not met
        sign = {"min": ">=", "max": "<=", "is": "=="}[sense]
        shown = f"{value:.4g}" if isinstance(value, float) else str(value)
        print(f"{'met' if met else 'MISSED':<8}{key:<22}{shown:>12}  {sign} {bar}")
    for key in sorted(figures.keys() - bars.keys()):
        print(f"{'':<8}{key:<22}{figures[key]!s:>12.12}")
    if given.json:
        given.json.write_text(json.dumps(figures, indent=2) + "\n")
    return int(wrong)


def _measured(*, quick: bool, on_a_gpu: bool) -> dict[str, float | bool | str | None]:
    """Ask every module of training_steps that measures something."""
    figures: dict[str, float | bool | str | None] = {}
    for found in sorted(pkgutil.iter_modules([str(_HERE / "training_steps")])):
        module = importlib.import_module(f"training_steps.{found.name}")
        if not hasattr(module, "measured") or (found.name == "gpu") != on_a_gpu:
            continue
        with tempfile.TemporaryDirectory() as folder:
            figures |= module.measured(quick, Path(folder))
    return figures


if __name__ == "__main__":
    sys.exit(main())
