"""A model's layers as a table, read off the model itself: what docs/models.md shows."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec
import torch
from torch import nn

from taver.training.convlstm.cell import ConvLSTM
from taver.training.models import CHANNELS, MODELS, ModelConfig, build
from taver.training.models.resnet50 import Bottleneck

if TYPE_CHECKING:
    from collections.abc import Iterator

# A row each, whatever is inside.
_WHOLE: Final = (ConvLSTM, Bottleneck, nn.RNN, nn.LSTM)
_POOLS: Final = (nn.MaxPool2d, nn.MaxPool3d)
_MARKED: Final = re.compile(r"(<!-- (?:layers: ([\w-]+)|models) -->)\n.*?<!-- end -->", re.DOTALL)


class Row(NamedTuple):
    """A layer: where it stands, what it is, what comes out for one clip, how many weights."""

    part: str
    layer: str
    out: tuple[int, ...]
    parameters: int


def parameters_table(config: ModelConfig) -> list[Row]:
    """Return the layers in the order in which a clip passes them; no memory is taken for them."""
    found: list[Row] = []
    with torch.device("meta"):
        model = build(config).eval()
        size = (config.size_px, config.size_px)
        batch = {m: torch.empty(1, CHANNELS[m], config.length, *size) for m in config.sees}
        hooks = [
            layer.register_forward_hook(_noting(found, name)) for name, layer in _layers(model)
        ]
        with torch.no_grad():
            model(batch)
    for hook in hooks:
        hook.remove()
    return found


def count(config: ModelConfig) -> int:
    """Return how many weights a model has."""
    with torch.device("meta"):
        return sum(parameter.numel() for parameter in build(config).parameters())


def markdown(config: ModelConfig) -> str:
    """Return the table for the docs, with its sum."""
    rows = parameters_table(config)
    lines = ["| part | layer | out | parameters |", "|---|---|---|---:|"]
    for row in rows:
        out = " x ".join(map(str, row.out))
        weights = f"{row.parameters:,}" if row.parameters else ""
        lines.append(f"| `{row.part}` | {row.layer} | {out} | {weights} |")
    lines.append(f"| **{config.name}** | | | **{sum(row.parameters for row in rows):,}** |")
    return "\n".join(lines) + "\n"


def summary() -> str:
    """Return all models as Markdown: what each is, sees, and how large it is."""
    lines = ["| model | sees | what | parameters |", "|---|---|---|---:|"]
    for name, entry in MODELS.items():
        config = msgspec.convert({"name": name}, ModelConfig)
        sees = ", ".join(config.sees)
        lines.append(f"| `{name}` | {sees} | {entry.about} | {count(config):,} |")
    return "\n".join(lines) + "\n"


def filled(text: str) -> str:
    """Return a page whose marked places hold the tables as the code has them now.

    A place is marked by `<!-- layers: NAME -->`, or `<!-- models -->`, and `<!-- end -->`.
    """

    def made(found: re.Match[str]) -> str:
        config = msgspec.convert({"name": found[2]}, ModelConfig) if found[2] else None
        table = markdown(config) if config is not None else summary()
        return f"{found[1]}\n\n{table}\n<!-- end -->"

    return _MARKED.sub(made, text)


def _layers(model: nn.Module) -> Iterator[tuple[str, nn.Module]]:
    inside: tuple[str, ...] = ()
    for name, layer in model.named_modules():
        if inside and name.startswith(inside):
            continue
        if isinstance(layer, _WHOLE):
            inside = (*inside, f"{name}.")
        own = any(True for _ in layer.parameters(recurse=False))
        if own or isinstance(layer, (*_WHOLE, *_POOLS)):
            yield name, layer


def _noting(found: list[Row], name: str) -> Any:
    def note(layer: nn.Module, _: Any, output: Any) -> None:
        out = output[0] if isinstance(output, tuple) else output
        parameters = sum(parameter.numel() for parameter in layer.parameters())
        found.append(Row(name, _told(layer), tuple(out.shape), parameters))

    return note


def _told(layer: nn.Module) -> str:
    """Say what a layer is."""
    if isinstance(layer, (nn.Conv2d, nn.Conv3d, nn.ConvTranspose2d)):
        kind = "transposed conv" if isinstance(layer, nn.ConvTranspose2d) else "conv"
        kernel = "x".join(map(str, layer.kernel_size))
        stride = f" by {layer.stride[0]}" if layer.stride[0] > 1 else ""
        return f"{kernel} {kind}{stride}, {layer.in_channels} to {layer.out_channels}"
    if isinstance(layer, _POOLS):
        size = layer.kernel_size
        return f"pool, {size} in each direction"
    if isinstance(layer, nn.Linear):
        return f"fully connected, {layer.in_features} to {layer.out_features}"
    if isinstance(layer, ConvLSTM):
        guided = f", {layer.guides} guides" if layer.guides else ""
        return f"ConvLSTM, {layer.of_input.in_channels} to {layer.hidden}{guided}"
    if isinstance(layer, Bottleneck):
        return f"bottleneck, {layer.conv1.in_channels} to {layer.conv3.out_channels}"
    if isinstance(layer, (nn.RNN, nn.LSTM)):
        kind = f"{layer.num_layers} {type(layer).__name__} layers"
        return f"{kind}, {layer.input_size} to {layer.hidden_size}"
    return type(layer).__name__
