"""Reference gradients by PyTorch's float64 autograd, and which stored tensor of an export is which parameter."""

import copy
import itertools
from dataclasses import dataclass, field

import numpy as np
import torch
import torch.nn.functional as F
from onnx import numpy_helper
from torch import nn
from torch.nn.utils import parametrize
from torch.nn.utils.fusion import fuse_conv_bn_eval

LOOSE = 2e-5


def cross_entropy(output, targets, axis):
    """mean cross entropy over the targets that are not -100"""
    return F.cross_entropy(output.movedim(axis, 1) if output.dim() > 2 else output, targets, ignore_index=-100)


def half_mse(output, targets, axis):
    """0.5*mean((output-targets)^2)"""
    return 0.5 * ((output - targets) ** 2).mean()


losses = {"cross_entropy": cross_entropy, "half_mse": half_mse}


@dataclass
class Candidate:
    """A tensor that an exporter may have stored, with its gradient; both float64."""

    name: str
    transform: str
    value: np.ndarray
    gradient: np.ndarray


def reference_gradients(model, twin, spec, targets):
    """The loss, the candidates, and the names of parameters that the loss does not depend on. `twin` is used up."""
    loss, plain, unused = gradients_of(copy.deepcopy(model).double(), spec, targets, "identity")
    candidates = plain
    fused = fuse_normalizations(twin.double(), spec)
    if fused is not None:
        again, more, _ = gradients_of(fused, spec, targets, "fused")
        assert abs(again - loss) < 1e-6 * max(1, abs(loss)), "fusing changed the model"
        known = {(c.name, c.value.tobytes()) for c in plain}
        candidates = plain + [c for c in more if (c.name, c.value.tobytes()) not in known]
    return loss, candidates + recurrent(model, {c.name: c for c in plain}), unused


def gradients_of(model, spec, targets, transform):
    inputs = [t.double() if t.is_floating_point() else t for t in spec.inputs.values()]
    for parameter in model.parameters():
        parameter.requires_grad_(True)
    output = model(*inputs)
    goal = targets.double() if targets.is_floating_point() else targets
    loss = losses[spec.loss](output, goal, spec.class_axis)
    loss.backward()
    found, unused = [], []
    for name, p in model.named_parameters():
        if p.numel() == 0:
            continue
        if p.grad is None:
            unused.append(name)
        else:
            found.append(Candidate(name, transform, p.detach().numpy(), p.grad.numpy()))
    return float(loss.detach()), found, unused


def fuse_normalizations(model, spec):
    """The model with parametrisations baked in and each BatchNorm fused into the convolution before it; None if none."""
    changed = False
    for module in model.modules():
        for key in list(getattr(module, "parametrizations", {})):
            parametrize.remove_parametrizations(module, key)
            changed = True
    made_by, pairs, handles, kept = {}, [], [], []
    names = dict(model.named_modules())
    for name, module in names.items():
        if isinstance(module, (nn.Conv1d, nn.Conv2d, nn.Conv3d)):
            def after(m, _, out, name=name):
                made_by[id(out)] = name
                kept.append(out)
            handles.append(module.register_forward_hook(after))
        elif isinstance(module, nn.modules.batchnorm._BatchNorm):
            def before(m, args, name=name):
                if id(args[0]) in made_by:
                    pairs.append((made_by[id(args[0])], name))
            handles.append(module.register_forward_pre_hook(before))
    with torch.no_grad():
        model(*[t.double() if t.is_floating_point() else t for t in spec.inputs.values()])
    for handle in handles:
        handle.remove()
    for conv, norm in pairs:
        set_module(model, conv, fuse_conv_bn_eval(names[conv], names[norm]))
        set_module(model, norm, nn.Identity())
        changed = True
    return model if changed else None


def set_module(model, path, module):
    parent, _, key = path.rpartition(".")
    setattr(model.get_submodule(parent), key, module)


GATES = {"LSTM": [0, 3, 1, 2], "GRU": [1, 0, 2], "RNN_TANH": [0], "RNN_RELU": [0]}  # PyTorch's gates in ONNX's order


def recurrent(model, known):
    """Weights of recurrent layers as ONNX packs them: gates reordered, directions stacked, both biases in a row."""
    found = []
    for path, module in model.named_modules():
        if not isinstance(module, nn.RNNBase):
            continue
        order = GATES[module.mode]

        def gates(array):
            return np.concatenate([np.split(array, len(order))[i] for i in order])

        def pack(layer, parts, field):
            rows = []
            for suffix in ["", "_reverse"][: 2 if module.bidirectional else 1]:
                keys = [f"{path}.{part}_l{layer}{suffix}".lstrip(".") for part in parts]
                rows.append(np.concatenate([gates(getattr(known[k], field)) for k in keys]))
            return np.stack(rows)

        for layer in range(module.num_layers):
            for kind, parts in {"W": ["weight_ih"], "R": ["weight_hh"], "B": ["bias_ih", "bias_hh"]}.items():
                if kind == "B" and not module.bias:
                    continue
                name = f"{path}.*_l{layer}"
                found.append(Candidate(name, f"rnn_{kind}", pack(layer, parts, "value"), pack(layer, parts, "gradient")))
    return found


@dataclass
class Matched:
    gradients: dict = field(default_factory=dict)
    params: list = field(default_factory=list)
    sum_groups: list = field(default_factory=list)
    unmapped: list = field(default_factory=list)
    missing: list = field(default_factory=list)


def stored_tensors(exported):
    for tensor in exported.graph.initializer:
        yield tensor.name, numpy_helper.to_array(tensor)
    for node in exported.graph.node:
        for attribute in node.attribute:
            if node.op_type == "Constant" and attribute.name == "value":
                yield node.output[0], numpy_helper.to_array(attribute.t)


def match_parameters(exported, candidates):
    """Maps stored float tensors to candidates by value: as it is, permuted, reshaped, or a run of rows."""
    out = Matched()
    uses = {}
    stored = [(n, a) for n, a in stored_tensors(exported) if a.dtype.kind == "f" and a.ndim > 0]
    merged = merge_equal({n for n, _ in stored}, candidates)
    for name, array in stored:
        if name in merged:
            group = merged[name]
            out.gradients[name] = sum(c.gradient for c in group)
            out.params.append({"initializer": name, "shape": list(array.shape), "torch": [c.name for c in group], "transform": "equal, merged"})
            continue
        found = find(array.astype(np.float64), candidates)
        if found is None:
            out.unmapped.append({"initializer": name, "shape": list(array.shape)})
            continue
        candidate, how, gradient, key = found
        uses.setdefault(key, []).append((name, how, gradient, candidate, list(array.shape)))
    for group in uses.values():
        name, how, gradient, candidate, shape = group[0]
        if len(shape) != 2 and any(g[4] != shape or g[1] != how for g in group):
            out.unmapped += [{"initializer": g[0], "shape": g[4], "why": "one weight, stored in several forms"} for g in group]
            continue
        out.gradients[name] = gradient
        out.params.append({"initializer": name, "shape": shape, "torch": [candidate.name], "transform": f"{candidate.transform} {how}"})
        if len(group) > 1:  # one weight, stored once per use: the reference is the sum over them
            first = how
            out.sum_groups.append({
                "key": f"grad/{name}",
                "members": [{"initializer": n, "transposed": h != first} for n, h, *_ in group],
            })
    seen = {name for p in out.params for name in p["torch"]}
    plain = {c.name for c in candidates if c.transform == "identity"}
    packed = {c.name.rpartition(".*")[0] for c in candidates if c.name in seen and c.transform.startswith("rnn")}
    out.missing = sorted(n for n in plain - seen if not any(n.startswith(p) for p in packed))
    return out


def merge_equal(names, candidates):
    """Parameters of equal value that an exporter stores once, under the name of one of them."""
    groups = {}
    for c in candidates:
        if c.transform == "identity":
            groups.setdefault((c.value.shape, c.value.tobytes()), []).append(c)
    merged = {}
    for group in groups.values():
        owners = [c.name for c in group if c.name in names]
        if len(group) > 1 and len(owners) == 1:
            merged[owners[0]] = group
    return merged


def same(a, b):
    return a.shape == b.shape and bool(np.allclose(a, b, rtol=LOOSE, atol=1e-6))


def find(array, candidates):
    if array.size < 2 and not any(c.value.size == array.size and same(c.value.ravel(), array.ravel()) for c in candidates):
        return None
    for index, c in enumerate(candidates):
        if c.value.size != array.size:
            continue
        if same(c.value.ravel(), array.ravel()):
            return c, "reshape" if c.value.shape != array.shape else "as it is", c.gradient.reshape(array.shape), (index, "whole")
    for index, c in enumerate(candidates):
        if c.value.size != array.size or c.value.ndim > 5:
            continue
        for order in itertools.permutations(range(c.value.ndim)):
            turned = c.value.transpose(order)
            if same(turned.ravel(), array.ravel()):
                return c, "transpose", c.gradient.transpose(order).reshape(array.shape), (index, "whole")
    rows = array.reshape(array.shape[-2:]) if array.ndim >= 2 and array.size == np.prod(array.shape[-2:]) else None
    for index, c in enumerate(candidates):  # consecutive rows of a table, such as the positions that are used
        if rows is None or c.value.ndim != 2 or c.value.shape[1] != rows.shape[1] or len(rows) >= len(c.value):
            continue
        for start in range(len(c.value) - len(rows) + 1):
            if same(c.value[start : start + len(rows)], rows):
                gradient = c.gradient[start : start + len(rows)].reshape(array.shape)
                return c, f"rows from {start}", gradient, (index, start, len(rows))
    return None
