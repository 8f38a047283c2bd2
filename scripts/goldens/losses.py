"""Losses and their gradients by the output, as PyTorch computes them in float64.

    python scripts/goldens/losses.py    # needs torch; writes src/autodiff/losses/goldens/losses.json

Each row: `loss`, `options` (as ours are called), `dims` and `output`, `targets` (null: does not count), `weights` of the
examples (null: none), and the results `value` and `gradient`. Where PyTorch has no such loss, or no weights of examples,
its formula is written out here with PyTorch's own log_softmax or logsigmoid, and autograd differentiates it.
Written with torch 2.13.0.
"""

import json
from pathlib import Path

import torch
import torch.nn.functional as F

FILE = Path(__file__).parents[2] / "src/autodiff/losses/goldens/losses.json"
IGNORED = -100
rows = []
torch.manual_seed(5)


def weighted_mean(each, weight):
    return (each * weight).sum() / weight.sum()


def example_weight(weights, like):
    """The weight of each entry of a target."""
    ones = torch.ones(like.shape, dtype=torch.float64)
    return ones if weights is None else ones * weights.reshape(-1, *[1] * (like.dim() - 1))


def add(loss, dims, targets, formula, weights=None, scale=1.0, **options):
    output = (torch.randn(*dims) * scale).double().requires_grad_()
    value = formula(output, targets, None if weights is None else torch.tensor(weights).double())
    (gradient,) = torch.autograd.grad(value, output)
    rows.append(
        {
            "loss": loss,
            "options": {**options, **({} if weights is None else {"weighted": True})},
            "dims": list(dims),
            "output": numbers(output),
            "targets": [None if t != t else t for t in targets.flatten().tolist()],
            "weights": weights,
            "value": value.item(),
            "gradient": numbers(gradient),
        }
    )


def numbers(tensor):
    return [float(f"{v:.9g}") for v in tensor.detach().flatten().tolist()]


def classes(count, *dims, ignored=()):
    targets = torch.randint(0, count, dims)
    for i in ignored:
        targets.view(-1)[i] = IGNORED
    return targets


# Losses of classes ---------------------------------------------------------------------------------------------------


def cross_entropy(axis=-1, weight=None, smoothing=0.0, ignored=IGNORED):
    def formula(x, t, w):
        x = x.movedim(axis, 1)
        v = None if weight is None else torch.tensor(weight).double()
        each = F.cross_entropy(
            x, t, weight=v, label_smoothing=smoothing, ignore_index=ignored, reduction="none"
        )
        counts = (t != ignored).double() * example_weight(w, t)
        of_class = counts if v is None else counts * v[t.clamp(min=0)]
        return (each * example_weight(w, t)).sum() / of_class.sum()

    return formula


CLASS_WEIGHTS = [0.5, 2.0, 1.25, 3.0]
add("cross-entropy", (5, 4), classes(4, 5), cross_entropy())
add("cross-entropy", (5, 4), classes(4, 5, ignored=[1, 4]), cross_entropy(smoothing=0.1), labelSmoothing=0.1)
add(
    "cross-entropy",
    (6, 4),
    classes(4, 6, ignored=[2]),
    lambda x, t, w: F.cross_entropy(x, t, weight=torch.tensor(CLASS_WEIGHTS).double()),
    classWeights=CLASS_WEIGHTS,
)
add(
    "cross-entropy",
    (6, 4),
    classes(4, 6, ignored=[5]),
    lambda x, t, w: F.cross_entropy(x, t, torch.tensor(CLASS_WEIGHTS).double(), label_smoothing=0.2),
    classWeights=CLASS_WEIGHTS,
    labelSmoothing=0.2,
)
add(
    "cross-entropy",
    (2, 4, 3, 2),
    classes(4, 2, 3, 2, ignored=[0, 7]),
    cross_entropy(axis=1, weight=CLASS_WEIGHTS, smoothing=0.1),
    weights=[0.5, 2.0],
    classAxis=1,
    classWeights=CLASS_WEIGHTS,
    labelSmoothing=0.1,
)
add("cross-entropy", (3, 4), classes(4, 3), cross_entropy(), weights=[1.0, 0.0, 0.25])
add("cross-entropy", (4, 3), torch.tensor([0, 2, 7, 1]), cross_entropy(ignored=7), ignoreIndex=7)
add("cross-entropy", (3, 4), classes(4, 3), cross_entropy(), scale=60.0)


def focal(gamma, weight=None, axis=-1):
    def formula(x, t, w):
        log_p = F.log_softmax(x.movedim(axis, 1), 1).gather(1, t.clamp(min=0).unsqueeze(1)).squeeze(1)
        v = torch.ones(x.shape[axis]).double() if weight is None else torch.tensor(weight).double()
        alpha = v[t.clamp(min=0)] * (t != IGNORED) * example_weight(w, t)
        return weighted_mean(-((1 - log_p.exp()) ** gamma) * log_p, alpha)

    return formula


add("focal", (5, 4), classes(4, 5, ignored=[0]), focal(2.0))
add("focal", (5, 4), classes(4, 5), focal(0.5, CLASS_WEIGHTS), gamma=0.5, classWeights=CLASS_WEIGHTS)
add("focal", (5, 4), classes(4, 5), cross_entropy(weight=CLASS_WEIGHTS), gamma=0.0, classWeights=CLASS_WEIGHTS)
add("focal", (2, 4, 3), classes(4, 2, 3), focal(3.0, axis=1), weights=[2.0, 0.5], gamma=3.0, classAxis=1)


def dice(axis=-1):
    def formula(x, t, w):
        p = F.softmax(x.movedim(axis, -1), -1)
        y = F.one_hot(t.clamp(min=0), p.shape[-1]).double()
        counts = ((t != IGNORED) * example_weight(w, t)).unsqueeze(-1)
        over = tuple(range(p.dim() - 1))
        overlap, size, truth = ((counts * a).sum(over) for a in (p * y, p + y, y))
        scores = (2 * overlap + 1e-5) / (size + 1e-5)
        return 1 - scores[truth > 0].mean()

    return formula


TWO_OF_THREE = classes(2, 2, 3, 3, ignored=[0, 8, 17])
add("dice", (2, 3, 3, 3), classes(3, 2, 3, 3, ignored=[4]), dice(1), classAxis=1)
add("dice", (2, 3, 3, 3), TWO_OF_THREE, dice(1), weights=[1.0, 0.5], classAxis=1)
add("dice", (6, 3), classes(3, 6), dice())


def both(axis, **options):
    return lambda x, t, w: dice(axis)(x, t, w) + cross_entropy(axis, **options)(x, t, w)


add("dice-cross-entropy", (6, 3), classes(3, 6), both(-1))
add(
    "dice-cross-entropy",
    (2, 3, 3, 3),
    TWO_OF_THREE,
    both(1, weight=CLASS_WEIGHTS[:3], smoothing=0.1),
    weights=[1.0, 2.0],
    classAxis=1,
    classWeights=CLASS_WEIGHTS[:3],
    labelSmoothing=0.1,
)


def contrastive(x, t, w):
    keep = t != IGNORED
    x = x[keep][:, keep]
    weight = torch.ones(len(x)).double() if w is None else w[keep]
    own = torch.arange(len(x))
    both = F.cross_entropy(x, own, reduction="none") + F.cross_entropy(x.T, own, reduction="none")
    return weighted_mean(both / 2, weight)


add("contrastive", (4, 4), torch.arange(4), contrastive, scale=3.0)
add("contrastive", (5, 5), torch.tensor([0, IGNORED, 2, 3, IGNORED]), contrastive)
add("contrastive", (4, 4), torch.tensor([0, 1, 2, IGNORED]), contrastive, weights=[1.0, 0.5, 2.0, 1.0])
add("contrastive", (3, 3), torch.tensor([0, 1, 2]), contrastive, scale=100.0)

# Losses of entries ---------------------------------------------------------------------------------------------------


def of_entries(each):
    def formula(y, t, w):
        known = ~t.isnan()
        losses = each(y, t.nan_to_num())
        return weighted_mean(losses[known], example_weight(w, t)[known])

    return formula


def entries(*dims, unknown=(), low=-2.0, high=2.0):
    targets = torch.rand(*dims).double() * (high - low) + low
    for i in unknown:
        targets.view(-1)[i] = float("nan")
    return targets.float().double()


squared = of_entries(lambda y, t: F.mse_loss(y, t, reduction="none"))
absolute = of_entries(lambda y, t: F.l1_loss(y, t, reduction="none"))
for name, formula in [("mse", squared), ("l1", absolute)]:
    add(name, (4, 3), entries(4, 3), formula)
    add(name, (4, 3), entries(4, 3, unknown=[1, 9, 10, 11]), formula, weights=[1.0, 0.5, 2.0, 1.0])
    add(name, (5, 1), entries(5, 1, unknown=[4]), formula)
for delta in [1.0, 0.3]:
    formula = of_entries(lambda y, t, d=delta: F.huber_loss(y, t, reduction="none", delta=d))
    add("huber", (4, 3), entries(4, 3, unknown=[2]), formula, **({} if delta == 1 else {"delta": delta}))
add("huber", (3, 2), entries(3, 2), of_entries(lambda y, t: F.huber_loss(y, t, reduction="none")), weights=[1.0, 3.0, 0.0])


def bce(positive=None, smoothing=0.0):
    weight = None if positive is None else torch.tensor(positive).double()

    def each(x, t):
        t = t * (1 - smoothing) + smoothing / 2
        return F.binary_cross_entropy_with_logits(x, t, pos_weight=weight, reduction="none")

    return of_entries(each)


def answers(*dims, unknown=()):
    targets = torch.randint(0, 2, dims).double()
    for i in unknown:
        targets.view(-1)[i] = float("nan")
    return targets


add("bce", (4, 3), answers(4, 3), bce())
add("bce", (4, 3), entries(4, 3, unknown=[3, 4, 5], low=0.0, high=1.0), bce())
add("bce", (4, 3), answers(4, 3, unknown=[0]), bce(2.5), positiveWeight=2.5)
add("bce", (4, 3), answers(4, 3), bce([0.5, 2.0, 4.0], 0.1), positiveWeight=[0.5, 2.0, 4.0], labelSmoothing=0.1)
add("bce", (3, 3), answers(3, 3, unknown=[8]), bce(smoothing=0.2), weights=[0.5, 2.0, 1.0], labelSmoothing=0.2)
add("bce", (4, 3), answers(4, 3), bce(3.0), scale=80.0, positiveWeight=3.0)


def binary_focal(gamma, alpha=None):
    """torchvision.ops.sigmoid_focal_loss, line by line."""

    def each(x, t):
        p = torch.sigmoid(x)
        ce = F.binary_cross_entropy_with_logits(x, t, reduction="none")
        p_t = p * t + (1 - p) * (1 - t)
        loss = ce * ((1 - p_t) ** gamma)
        return loss if alpha is None else (alpha * t + (1 - alpha) * (1 - t)) * loss

    return of_entries(each)


add("binary-focal", (4, 3), answers(4, 3), binary_focal(2.0))
add("binary-focal", (4, 3), answers(4, 3, unknown=[5]), binary_focal(1.5, 0.25), gamma=1.5, alpha=0.25)
add("binary-focal", (3, 3), answers(3, 3), binary_focal(0.0), gamma=0.0)
add("binary-focal", (3, 3), answers(3, 3), binary_focal(0.5, 0.75), weights=[0.5, 2.0, 1.0], gamma=0.5, alpha=0.75)


# Embeddings of two sides, [B, 2, D]
def embedded(x, t, w):
    return contrastive(x[:, 0] @ x[:, 1].T, t, w)


add("contrastive", (4, 2, 3), torch.arange(4), embedded)
add("contrastive", (4, 2, 5), torch.tensor([0, IGNORED, 2, 3]), embedded, scale=2.0)
add("contrastive", (3, 2, 4), torch.arange(3), embedded, weights=[1.0, 0.5, 2.0])

FILE.parent.mkdir(exist_ok=True)
FILE.write_text(json.dumps(rows) + "\n")
