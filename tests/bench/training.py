"""How well and how fast the reference models are trained: bars, and figures against them.

python tests/bench/training.py --json FILE [--quick] [--device cuda]

Times are CPU time of one thread, ratios of one run. `--quick` trains the tiny task with one seed,
for fewer epochs, and times single clips: its CCC and speeds are a hint, no result. A CPU that
cannot compute in bfloat16 leaves what concerns it unmeasured, and says so.
"""

from __future__ import annotations

import importlib
import pkgutil
import sys
import tempfile
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1] / "support"))
import benching

benching.alone(__file__)

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
    asked = benching.arguments(__doc__)
    asked.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    given = asked.parse_args()
    on_a_gpu = given.device == "cuda"
    figures = _measured(quick=given.quick, on_a_gpu=on_a_gpu)
    may_miss = SPEEDS | (NOT_WHEN_QUICK if given.quick else set())
    return benching.report(given, figures, BARS | (ON_A_GPU if on_a_gpu else {}), may_miss=may_miss)


def _measured(*, quick: bool, on_a_gpu: bool) -> dict[str, float | bool | str | None]:
    """Ask every module of training_steps that measures something."""
    figures: dict[str, float | bool | str | None] = {}
    for found in sorted(pkgutil.iter_modules([str(Path(__file__).parent / "training_steps")])):
        module = importlib.import_module(f"training_steps.{found.name}")
        if not hasattr(module, "measured") or (found.name == "gpu") != on_a_gpu:
            continue
        with tempfile.TemporaryDirectory() as folder:
            figures |= module.measured(quick, Path(folder))
    return figures


if __name__ == "__main__":
    sys.exit(main())
