"""Forward and backward of TRAN by one schedule, timed in a process of its own; prints JSON."""

from __future__ import annotations

import json
import resource
import sys
import time

import torch
from torch.nn.functional import mse_loss

from taver.training import memory
from taver.training.models import CHANNELS, ModelConfig, build


def batch(config: ModelConfig, clips: int, seed: int = 0) -> dict[str, torch.Tensor]:
    """Return clips of noise."""
    drawn = torch.Generator().manual_seed(seed)
    side = config.size_px
    return {
        name: torch.rand((clips, CHANNELS[name], config.length, side, side), generator=drawn)
        for name in config.sees
    }


def main() -> None:
    """Time some steps: argv has the schedule, the precision, clips a batch, and how many steps."""
    schedule, precision, clips, steps = sys.argv[1:5]
    memory.keep()  # as the training loop does, for either schedule
    torch.set_num_threads(1)
    torch.manual_seed(0)
    config = ModelConfig()
    model = build(config)
    model.schedule = schedule
    pictures = batch(config, int(clips))
    labels = torch.zeros(int(clips), 1)
    took_s = []
    for _ in range(int(steps)):
        model.zero_grad(set_to_none=True)
        began_s = time.process_time()
        with torch.autocast("cpu", torch.bfloat16, enabled=precision == "bf16"):
            outputs = model(pictures)
        mse_loss(outputs.float(), labels).backward()
        took_s.append(time.process_time() - began_s)
    peak_gib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(json.dumps({"cpu_s": min(took_s), "rss_gib": peak_gib}))


if __name__ == "__main__":
    main()
