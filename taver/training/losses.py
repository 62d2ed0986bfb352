"""What training makes small: squared or absolute error, or what CCC lacks of 1."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor


def loss(kind: str, outputs: Tensor, labels: Tensor, weights: Tensor, *, total: float) -> Tensor:
    """Return the loss of this process's share of a batch.

    `weights` are 0 where a share was filled up, `total` is how many clips the whole batch has:
    shares summed over processes are the loss of the batch.
    """
    if kind == "ccc":
        return ccc_loss(outputs, labels, weights)
    error = outputs - labels
    each = error.abs() if kind == "l1" else error.square()
    return (each.mean(dim=1) * weights).sum() / total


def ccc_loss(outputs: Tensor, labels: Tensor, weights: Tensor) -> Tensor:
    """Return 1 - CCC over these clips, the mean over the outputs."""
    share = (weights / weights.sum())[:, None]
    mean_p, mean_t = (share * outputs).sum(0), (share * labels).sum(0)
    p, t = outputs - mean_p, labels - mean_t
    cov = (share * p * t).sum(0)
    spread = (share * (p.square() + t.square())).sum(0) + (mean_p - mean_t).square()
    return (1 - 2 * cov / spread.clamp_min(1e-12)).mean()


def gathered(fabric: Any, *tensors: Tensor) -> tuple[Tensor, ...]:
    """Return each tensor of all processes together, with gradients to this one's own share."""
    import torch
    from torch import distributed

    found = []
    for own in tensors:
        shares = [torch.empty_like(own) for _ in range(fabric.world_size)]
        distributed.all_gather(shares, own.detach().contiguous())
        shares[fabric.global_rank] = own
        found.append(torch.cat(shares))
    return tuple(found)
