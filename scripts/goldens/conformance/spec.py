"""What a model of the zoo is: a module, one batch of inputs, and what the loss is put on."""

from dataclasses import dataclass, field
from typing import Callable

import torch
from torch import nn

BATCH = 2


@dataclass
class Spec:
    model: nn.Module
    inputs: dict[str, torch.Tensor]
    """Axes that stay dynamic, by input and axis. The first axis of every input is, unless `static`."""
    dynamic: dict[str, dict[int, str]] = field(default_factory=dict)
    loss: str = "cross_entropy"
    class_axis: int = -1
    static: bool = False
    perturb: bool = True
    """Whether the dynamo exporter gets fixed shapes, because it takes minutes over symbolic ones."""
    fixed_in_dynamo: bool = False

    def axes(self):
        if self.static:
            return {}
        return {k: {0: "batch", **self.dynamic.get(k, {})} for k in self.inputs}

    def targets(self, output):
        generator = torch.Generator().manual_seed(1)
        if self.loss == "half_mse":
            return torch.randn(output.shape, generator=generator)
        shape = list(output.shape)
        classes = shape.pop(self.class_axis)
        targets = torch.randint(0, classes, shape, generator=generator)
        if len(shape) > 1:
            targets.view(-1)[:2] = -100
        return targets


class Output(nn.Module):
    """A Transformers model, cut down to one tensor of its output. Positional inputs are handed on by name."""

    def __init__(self, m, names, pick: str | Callable = "logits", **fixed):
        super().__init__()
        self.m = m
        self.names = names
        self.pick = pick
        self.fixed = fixed

    def forward(self, *inputs):
        out = self.m(**dict(zip(self.names, inputs)), **self.fixed)
        return self.pick(out) if callable(self.pick) else getattr(out, self.pick)


def pixels(model, pick="logits", channels=3, size=32, **kw):
    """A vision model over `pixel_values` [2, channels, size, size]."""
    options = {k: kw.pop(k) for k in list(kw) if k in ("loss", "class_axis", "static", "dynamic", "perturb")}
    inputs = {"pixel_values": torch.randn(BATCH, channels, size, size)}
    return Spec(Output(model, list(inputs), pick, **kw), inputs, **options)


def plain(module, channels=3, size=32, **options):
    """A hand-written module over one image batch."""
    return Spec(module, {"x": torch.randn(BATCH, channels, size, size)}, **options)


def words(model, pick="logits", vocabulary=96, length=12, mask=True, types=False, **kw):
    """A text model over `input_ids` and `attention_mask` [2, length]; the second sequence is padded."""
    options = {k: kw.pop(k) for k in list(kw) if k in ("loss", "class_axis", "static", "perturb", "fixed_in_dynamo")}
    inputs = {"input_ids": torch.randint(3, vocabulary, (BATCH, length))}
    if mask:
        inputs["attention_mask"] = torch.ones(BATCH, length, dtype=torch.int64)
        inputs["attention_mask"][1, length - 3 :] = 0
    if types:
        inputs["token_type_ids"] = (torch.arange(length) > length // 2).long().repeat(BATCH, 1)
    dynamic = {k: {1: "sequence"} for k in inputs}
    return Spec(Output(model, list(inputs), pick, **kw), inputs, dynamic, **options)
