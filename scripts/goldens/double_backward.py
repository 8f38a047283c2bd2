"""Second derivatives and Jacobian-vector products of two small networks, as PyTorch computes them in float64.

    python scripts/goldens/double_backward.py    # needs torch and onnx; writes src/autodiff/fixtures/

For each network <name>.onnx (opset 20, float32, TorchScript exporter) and <name>.json: inputs, targets of a mean
cross-entropy on `logits`, a direction for every weight and for `x`, and by weight or `x`

    gradient    dL/dw
    hvp         H t, by PyTorch's double backward
    norm        d||dL/dw|| / dw, the norm taken over all weights and x together

and `jvp`, the tangent of `logits`, by torch.func.jvp. Written with torch 2.13.0.
"""

import json
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import nn

FIXTURES = Path(__file__).parents[2] / "src/autodiff/fixtures"


class Mlp(nn.Module):
    """x [5, 6] -> tanh -> gelu -> logits [5, 3]"""

    def __init__(self):
        super().__init__()
        self.a, self.b, self.c = nn.Linear(6, 8), nn.Linear(8, 7), nn.Linear(7, 3)

    def forward(self, x):
        return self.c(F.gelu(self.b(torch.tanh(self.a(x)))))


class Attention(nn.Module):
    """x [2, 4, 8] -> one pre-norm attention block of two heads -> mean over tokens -> logits [2, 3]"""

    def __init__(self):
        super().__init__()
        self.norm, self.last = nn.LayerNorm(8), nn.LayerNorm(8)
        # Plain matrices: the exporter keeps their names.
        self.q, self.k, self.v, self.out = (nn.Parameter(torch.randn(8, 8) * 0.4) for _ in range(4))
        self.head = nn.Linear(8, 3)

    def forward(self, x):
        y = self.norm(x)
        q, k, v = ((y @ w).reshape(2, 4, 2, 4).transpose(1, 2) for w in (self.q, self.k, self.v))
        p = torch.softmax(q @ k.transpose(-1, -2) / 2, dim=-1)
        x = x + (p @ v).transpose(1, 2).reshape(2, 4, 8) @ self.out
        return self.head(self.last(x).mean(1))


def references(model, x, targets, direction):
    """Everything by name, with `x` among the weights."""
    at = {**{k: p.detach().double() for k, p in model.named_parameters()}, "x": x.double()}
    at = {k: v.requires_grad_() for k, v in at.items()}

    def logits(values):
        weights = {k: v for k, v in values.items() if k != "x"}
        return torch.func.functional_call(model, weights, (values["x"],))

    loss = F.cross_entropy(logits(at), targets)
    gradient = torch.autograd.grad(loss, at.values(), create_graph=True)
    along = sum((g * direction[k]).sum() for k, g in zip(at, gradient))
    norm = torch.sqrt(sum((g * g).sum() for g in gradient))
    hvp = torch.autograd.grad(along, at.values(), retain_graph=True)
    norms = torch.autograd.grad(norm, at.values())
    plain = {k: v.detach() for k, v in at.items()}
    _, pushed = torch.func.jvp(logits, (plain,), (direction,))

    def by_name(values):
        return {k: flat(v) for k, v in zip(at, values)}

    return {
        "loss": loss.item(),
        "gradient": by_name(gradient),
        "hvp": by_name(hvp),
        "norm": by_name(norms),
        "jvp": flat(pushed),
    }


def flat(tensor):
    return [float(f"{v:.9g}") for v in tensor.detach().double().flatten().tolist()]


FIXTURES.mkdir(exist_ok=True)
for name, model, shape in [("mlp", Mlp(), (5, 6)), ("attention", Attention(), (2, 4, 8))]:
    torch.manual_seed(11)
    for p in model.parameters():  # none may start at 0 or 1, where errors hide
        nn.init.normal_(p, std=0.5)
    x = torch.randn(*shape)
    targets = torch.randint(0, 3, shape[:1])
    file = FIXTURES / f"{name}.onnx"
    names = {"input_names": ["x"], "output_names": ["logits"]}
    torch.onnx.export(model.eval(), (x,), str(file), opset_version=20, dynamo=False, **names)
    direction = {k: torch.randn_like(p).double() for k, p in [*model.named_parameters(), ("x", x)]}
    row = {
        "x": flat(x),
        "targets": targets.tolist(),
        "tangents": {k: flat(t) for k, t in direction.items()},
        **references(model, x, targets, direction),
    }
    (FIXTURES / f"{name}.json").write_text(json.dumps(row) + "\n")
