"""The size of the models, what a step of TRAN takes, and whether the fast schedule says the same.

params_tran, _uran, _cnn3d   weights, with the literal peepholes
fused_vs_literal             largest difference of outputs and gradients between the schedules
step_fp32_vs_naive           literal schedule (torch's convolutions, one a gate and step) against
                             the fast one: forward and backward, freed memory kept in both
step_bf16_vs_naive           the same with the fast one in bfloat16
rss_gib                      most memory held by the process of the bfloat16 step
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import torch
from torch.nn.functional import mse_loss
from training_steps.one_step import batch

import taver
from taver.training.models import ModelConfig, build
from taver.training.models.table import count

_BENCH = Path(__file__).resolve().parents[1]
_TAVER = Path(taver.__file__).resolve().parents[1]


def measured(quick: bool, folder: Path) -> dict[str, float | bool | str | None]:
    """Return the figures."""
    torch.set_num_threads(1)
    figures: dict[str, float | bool | str | None] = {
        f"params_{name}": count(ModelConfig(name=name)) for name in ("tran", "uran", "cnn3d")
    }
    figures["fused_vs_literal"] = difference(ModelConfig(width=0.25 if quick else 1.0))
    clips, steps = ("1", "1") if quick else ("4", "3")
    naive = _step("literal", "fp32", clips, steps)
    fast = _step("fast", "fp32", clips, steps)
    figures["step_fp32_vs_naive"] = naive["cpu_s"] / fast["cpu_s"]
    figures["step_fp32_cpu_s"] = fast["cpu_s"]
    figures["rss_fp32_gib"] = fast["rss_gib"]
    figures["cpu"] = torch.backends.cpu.get_cpu_capability()
    if torch.ops.mkldnn._is_mkldnn_bf16_supported():
        half = _step("fast", "bf16", clips, steps)
        figures["step_bf16_vs_naive"] = naive["cpu_s"] / half["cpu_s"]
        figures["rss_gib"] = half["rss_gib"]
    else:  # it would be computed one number after the other: minutes, and no figure of anything
        figures["step_bf16_vs_naive"] = figures["rss_gib"] = None
    return figures


def difference(config: ModelConfig) -> float:
    """Return the largest difference of any output or gradient between the two schedules."""
    torch.manual_seed(3)
    model = build(config)
    pictures, found = batch(config, 1), {}
    for schedule in ("literal", "fast"):
        model.schedule = schedule
        model.zero_grad(set_to_none=True)
        torch.manual_seed(4)  # the same dropout
        outputs = model(pictures)
        mse_loss(outputs, torch.full_like(outputs, 0.5)).backward()
        found[schedule] = [outputs.detach(), *(p.grad.clone() for p in model.parameters())]
    pairs = zip(found["literal"], found["fast"], strict=True)
    return max(float((one - other).abs().max()) for one, other in pairs)


def _step(*words: str) -> dict[str, float]:
    """Time a step in a process that has done nothing else."""
    done = subprocess.run(
        [sys.executable, "-m", "training_steps.one_step", *words],
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(_TAVER), str(_BENCH)])},
        cwd=_BENCH.parent,
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)
