"""Plain modules that gather operators: activations, einsum, reductions, indexing, normalisations."""

import torch
import torch.nn.functional as F
from torch import nn

from .blocks import seeded, seq
from .spec import BATCH, Spec

ACTIVATIONS = [
    nn.ReLU, nn.ReLU6, nn.LeakyReLU, nn.ELU, nn.SELU, nn.GELU, lambda: nn.GELU("tanh"), nn.SiLU, nn.Mish, nn.Hardswish, nn.Hardsigmoid,
    nn.Hardtanh, nn.Tanh, nn.Sigmoid, nn.Softplus, nn.Softsign, nn.PReLU, lambda: nn.Softmax(-1), lambda: nn.LogSoftmax(-1), lambda: nn.GLU(-1),
]
RARER = [nn.CELU, nn.LogSigmoid, nn.Tanhshrink, nn.Hardshrink, nn.Softshrink, lambda: nn.Threshold(0.1, 0.0), lambda: nn.Softplus(beta=2), nn.Softmin]


class Activations(nn.Module):
    def __init__(self, kinds):
        super().__init__()
        self.acts = nn.ModuleList(a() for a in kinds)
        self.lines = nn.ModuleList(nn.Linear(12, 24 if isinstance(a, nn.GLU) else 12) for a in self.acts)
        self.head = nn.Linear(12, 5)

    def forward(self, x):
        total = x
        for line, act in zip(self.lines, self.acts):
            total = 0.7 * total + act(line(total))
        return self.head(total)


class EinsumAttention(nn.Module):
    def __init__(self):
        super().__init__()
        self.q, self.k, self.v = seeded(12, 3, 4), seeded(12, 3, 4), seeded(12, 3, 4)
        self.o, self.bilinear = seeded(3, 4, 12), seeded(12, 12, 5)

    def forward(self, x):
        q, k, v = (torch.einsum("bnd,dhe->bhne", x, w) / 4 for w in (self.q, self.k, self.v))
        a = torch.einsum("bhne,bhme->bhnm", q, k).softmax(-1)
        y = torch.einsum("bhnm,bhme,hed->bnd", a, v, self.o)
        return torch.einsum("bi,ijk,bj->bk", y.mean(1), self.bilinear, x.mean(1))


class Reductions(nn.Module):
    """Every reduction, over one axis, several, and all, kept and dropped."""

    def __init__(self):
        super().__init__()
        self.line, self.scale, self.head = nn.Linear(6, 8), seeded(4, 8), nn.Linear(8, 5)

    def forward(self, x):
        y = self.line(x) * self.scale
        z = y.mean(1) + y.sum((1,), keepdim=True).squeeze(1) * 0.1 + y.amax(1) + y.amin(1, keepdim=True)[:, 0]
        z = z + y.std(1) + y.var(1, unbiased=False) + y.norm(dim=1) + y.abs().sum(1) + torch.logsumexp(y, 1) + (y * 0.5).prod(1)
        z = z + y.square().mean((1, 2), keepdim=True)[:, 0] + y.max(1).values + y.min(1).values + y.argmax(1).to(y.dtype) * z
        z = z + y.mean() + y.sum() * 0.01 + torch.linalg.vector_norm(y, dim=2, keepdim=True).mean(1)
        return self.head(z)


class Indexing(nn.Module):
    """Selecting, scattering, masking and moving."""

    def __init__(self):
        super().__init__()
        self.table, self.line, self.head = nn.Embedding(20, 8), nn.Linear(8, 8), nn.Linear(8, 5)
        self.row, self.patch = seeded(8), seeded(2, 8)
        self.register_buffer("order", torch.tensor([3, 0, 2, 1, 5, 4]))

    def forward(self, ids, x):
        y = self.line(x) + self.table(ids)  # [B, 6, 8]
        top = torch.topk(y, 3, dim=-1).values.sum(-1, keepdim=True)
        y = y + top * 0.3 + torch.cumsum(y, 1) * 0.1
        y = y[:, self.order] + y.index_select(1, self.order) + torch.gather(y, 2, (ids % 8)[..., None].expand(-1, -1, 8))
        y = y.masked_fill((ids > 10)[..., None], 0.25)
        y = torch.where(y > 0, y, self.row)
        y = torch.clamp(y, -2.0, 2.0) + torch.clamp(y, min=-0.5) * torch.clamp(y, max=0.5)
        a, b = y.chunk(2, 1)
        c, d, e = torch.split(y, [1, 2, 3], 1)
        y = torch.cat([a + e, b * 0.5, c.expand(-1, 2, -1) * d], 1)  # 8 rows
        y = torch.roll(y, 2, 1) + torch.flip(y, [1]) + torch.roll(y, (1, -1), (1, 2))
        y = F.pad(y.transpose(1, 2), (2, 1), mode="reflect").transpose(1, 2) + F.pad(y, (0, 0, 1, 2), value=0.3)
        y = F.pad(y.transpose(1, 2), (1, 1), mode="replicate").transpose(1, 2)
        z = y.clone()
        z[:, 2:4] = self.patch
        z[:, 5] += self.row
        z = z.scatter_add(1, (ids % 13)[..., None].expand(-1, -1, 8), x)
        z = torch.stack([z, y * 0.1], 1).flatten(1, 2).unsqueeze(1).repeat(1, 2, 1, 1).mean(1)
        z = torch.tril(z @ z.transpose(1, 2)).tanh() @ z / 26
        return self.head(z.max(1).values + z.select(1, 3) + z.narrow(1, 1, 2).sum(1))


class Arithmetic(nn.Module):
    """Elementwise functions on safe ranges, broadcasts, comparisons, casts."""

    def __init__(self):
        super().__init__()
        self.line, self.head = nn.Linear(6, 8), nn.Linear(8, 5)
        self.a, self.b, self.gain, self.one = seeded(8), seeded(3, 1), nn.Parameter(torch.tensor(0.7)), seeded(1)

    def forward(self, x):
        y = torch.sigmoid(self.line(x)) * 0.8 + 0.1
        z = y.exp() + y.log() + y.sqrt() + y.rsqrt() + y.reciprocal() + y.pow(3) + y**0.5 + y**self.gain
        z = z + y.sin() + y.cos() + y.tan() + y.asin() + y.acos() + y.atan() + y.tanh()
        z = z + y.erf() + torch.maximum(y, self.a) + torch.minimum(y, self.b * y) + torch.abs(self.a * y) + y.neg() + y.log1p()
        z = z + y.floor() + y.ceil() + y.round() + y.sign() + (2 * y).fmod(0.3) + y / ((self.a * y).square() + 1) + (self.one - y) * self.gain
        z = z + (y > 0.5).to(y.dtype) * y + torch.addcmul(y, z, self.a)
        z = z + torch.pow(2.0, y) + torch.remainder(y, 0.4)
        return self.head(z.mean(1))


class Rarer(nn.Module):
    """Functions that only the dynamo exporter writes."""

    def __init__(self):
        super().__init__()
        self.line, self.head, self.a = nn.Linear(6, 8), nn.Linear(8, 5), seeded(8)

    def forward(self, x):
        y = torch.sigmoid(self.line(x)) * 0.8 + 0.1
        z = y.sinh() + y.cosh() + y.atanh() + (y + 1).acosh() + y.asinh() + torch.atan2(y, self.a.square() + 0.1)
        z = z + torch.logaddexp(y, self.a) + torch.hypot(y, self.a) + torch.nan_to_num(y) + torch.lerp(y, z, 0.3)
        z = z + torch.special.expit(y) + torch.addcdiv(y, z, self.a.square() + 1)
        return self.head(z.mean(1))


class Pieces(nn.Module):
    """Sliding windows and medians, static."""

    def __init__(self):
        super().__init__()
        self.line, self.head = nn.Linear(6, 8), nn.Linear(8, 5)

    def forward(self, x):
        y = self.line(x)
        z = y.unfold(1, 3, 2).mean((1, 3)) + torch.sort(y, dim=1).values[:, 1]
        z = z + torch.diff(y, dim=1).square().mean(1) + y.rot90(1, (1, 2)).mean(2, keepdim=True)[:, :1, 0]
        return self.head(z + y.movedim(1, 2).unflatten(1, (2, 4)).flatten(1, 2).mean(2))


class Norms(nn.Module):
    def __init__(self, rms):
        super().__init__()
        self.conv = nn.Conv1d(4, 12, 3, padding=1)
        self.group, self.batch, self.instance = nn.GroupNorm(4, 12), nn.BatchNorm1d(12), nn.InstanceNorm1d(12, affine=True)
        self.layer, self.rms, self.wide = nn.LayerNorm(10), nn.RMSNorm(10) if rms else nn.Identity(), nn.LayerNorm([12, 10])
        self.single, self.head = nn.GroupNorm(1, 12), nn.Linear(12, 5)
        self.spectral = nn.utils.parametrizations.spectral_norm(nn.Linear(10, 10)) if rms else nn.Linear(10, 10)
        self.bilinear = nn.Bilinear(12, 12, 12)

    def forward(self, x):
        y = self.group(self.conv(x)) + self.batch(x.repeat(1, 3, 1)) * 0.5
        y = y + self.layer(y) + self.rms(y) + self.wide(y) + self.single(y) + self.instance(y)
        y = F.local_response_norm(y, 3) + F.normalize(y, p=2.0, dim=1) + self.spectral(y)
        y = F.adaptive_max_pool1d(y, 5).mean(-1) + F.lp_pool1d(y, 2, 2).mean(-1) + F.avg_pool1d(y, 3, 2, 1).mean(-1)
        return self.head(self.bilinear(y, torch.tanh(y)))


class Products(nn.Module):
    """Matrix products of every rank, with parameters on either side."""

    def __init__(self):
        super().__init__()
        self.a, self.b, self.v = seeded(6, 8), seeded(3, 8, 8), seeded(8)
        self.left, self.bias, self.head = seeded(4, 4), seeded(8), nn.Linear(8, 5)
        self.up, self.down = nn.Linear(8, 2, bias=False), nn.Linear(2, 8, bias=False)

    def forward(self, x):
        y = torch.matmul(x, self.a) / 3  # [B, 4, 8]
        y = torch.matmul(self.left, y) / 2 + self.down(self.up(y))
        z = (y[:, None] @ self.b).sum(1) / 5 + self.bias
        w = torch.matmul(z, self.v)  # [B, 4]
        g = torch.addmm(self.bias, w, self.left @ torch.tanh(self.b[0, :4] * w.mean()), beta=0.5, alpha=2.0) / 4
        o = torch.outer(w[0], self.bias).sum(0) + torch.bmm(z, y.transpose(1, 2)).mean((1, 2))[:, None]
        return self.head(g + o + F.cosine_similarity(y, z, dim=1) + torch.tensordot(y, self.b, dims=([2], [1])).mean((1, 2)))


class Gated(nn.Module):
    """LayerScale, a scalar gate and temperature, position tables of several forms, tied projection."""

    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(30, 12)
        self.position, self.scale, self.token = seeded(1, 20, 12), nn.Parameter(torch.ones(12) * 1e-1), seeded(1, 1, 12)
        self.gate, self.temperature = nn.Parameter(torch.ones(1)), nn.Parameter(torch.tensor(2.65))
        self.offsets = seeded(5, 3)
        self.q, self.k, self.v = nn.Linear(12, 12), nn.Linear(12, 12, bias=False), nn.Linear(12, 12)

    def forward(self, ids):
        n = ids.shape[1] + 1
        x = torch.cat([self.token.expand(ids.shape[0], -1, -1), self.embed(ids)], 1) + self.position[:, :n]
        b = ids.shape[0]
        q, k, v = (f(x).view(b, n, 3, 4).transpose(1, 2) for f in (self.q, self.k, self.v))
        r = torch.arange(n)
        bias = self.offsets[(r[:, None] - r[None]).clamp(-2, 2) + 2].permute(2, 0, 1)
        a = (F.normalize(q, dim=-1) @ F.normalize(k, dim=-1).transpose(-1, -2) * self.temperature.exp() + bias).softmax(-1)
        y = (a @ v).transpose(1, 2).reshape(b, n, 12)
        x = x + self.scale * y * torch.tanh(self.gate)
        return x[:, 1:] @ self.embed.weight.t()


class Branches(nn.Module):
    """A shared layer used twice, an unused one, a frozen constant, and an output that is partly detached."""

    def __init__(self):
        super().__init__()
        self.shared, self.unused, self.head = nn.Linear(8, 8), nn.Linear(8, 8), nn.Linear(8, 5)
        self.register_buffer("table", torch.randn(8))
        self.first = nn.Linear(6, 8)

    def forward(self, x):
        y = torch.relu(self.first(x))
        y = self.shared(torch.tanh(self.shared(y))) * self.table
        return self.head(y.mean(1) + y.round().mean(1))


class Crops(nn.Module):
    """Windows, strided slices, unfold and fold, grid sampling."""

    def __init__(self):
        super().__init__()
        self.conv, self.mix, self.head = nn.Conv2d(3, 8, 3, padding=1), nn.Conv2d(8, 8, 1), nn.Linear(8, 5)
        self.line = nn.Linear(72, 8)

    def forward(self, x):
        y = self.conv(x)
        b, c, h, w = y.shape
        windows = y.view(b, c, h // 4, 4, w // 4, 4).permute(0, 2, 4, 3, 5, 1).reshape(-1, 16, c)
        windows = windows.softmax(1) * windows
        y = windows.view(b, h // 4, w // 4, 4, 4, c).permute(0, 5, 1, 3, 2, 4).reshape(b, c, h, w)
        merged = y[:, :, 0::2, 0::2] + y[:, :, 1::2, 0::2] * y[:, :, 0::2, 1::2]
        patches = F.unfold(merged, 3, padding=1, stride=2).transpose(1, 2)
        return self.head(self.line(patches).mean(1) + self.mix(merged)[..., 1:-1, :].amax((2, 3)))


class Grid(nn.Module):
    """A spatial transformer: grid sampling, of a grid that the network predicts."""

    def __init__(self, affine):
        super().__init__()
        self.affine = affine
        self.locate, self.conv, self.head = nn.Linear(3, 6), nn.Conv2d(3, 8, 3), nn.Linear(8, 5)

    def forward(self, x):
        theta = self.locate(x.mean((2, 3))).view(-1, 2, 3) * 0.2 + torch.eye(2, 3, dtype=x.dtype)
        if self.affine:
            grid = F.affine_grid(theta, x.shape, align_corners=False)
        else:
            line = torch.linspace(-0.9, 0.9, 12, dtype=x.dtype)
            points = torch.stack([*torch.meshgrid(line, line, indexing="xy"), torch.ones(12, 12, dtype=x.dtype)], -1)
            grid = (points.view(1, 144, 3) @ theta.transpose(1, 2)).view(-1, 12, 12, 2)
        x = F.grid_sample(x, grid, mode="bilinear", padding_mode="zeros", align_corners=False)
        return self.head(F.relu(self.conv(x)).mean((2, 3)))


def vector(module, *shape, **kw):
    return lambda: Spec(module(), {"x": torch.randn(BATCH, *shape)}, **kw)


MODULES = {
    "activations": vector(lambda: Activations(ACTIVATIONS), 12),
    "activations_rarer": vector(lambda: Activations(RARER), 12),
    "einsum_attention": vector(EinsumAttention, 7, 12),
    "reductions": vector(Reductions, 4, 6),
    "indexing": lambda: Spec(Indexing(), {"ids": torch.randint(0, 20, (BATCH, 6)), "x": torch.randn(BATCH, 6, 8)}),
    "arithmetic": vector(Arithmetic, 3, 6),
    "arithmetic_rarer": vector(Rarer, 3, 6),
    "pieces": vector(Pieces, 8, 6, static=True),
    "norms": vector(lambda: Norms(False), 4, 10),
    "norms_rms": vector(lambda: Norms(True), 4, 10),
    "products": vector(Products, 4, 6),
    "gated": lambda: Spec(Gated(), {"ids": torch.randint(0, 30, (BATCH, 9))}, {"ids": {1: "sequence"}}),
    "branches": vector(Branches, 4, 6),
    "crops": vector(Crops, 3, 16, 16),
    "grid_sample": vector(lambda: Grid(False), 3, 12, 12),
    "affine_grid": vector(lambda: Grid(True), 3, 12, 12),
    "mlp": lambda: Spec(seq(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 5)), {"x": torch.randn(BATCH, 8)}),
    "mlp_plain_init": lambda: Spec(seq(nn.Linear(8, 16), nn.BatchNorm1d(16), nn.Tanh(), nn.Linear(16, 16), nn.LayerNorm(16), nn.Linear(16, 5)), {"x": torch.randn(BATCH, 8)}, perturb=False),
    "linear_regression": lambda: Spec(nn.Linear(8, 1), {"x": torch.randn(BATCH, 8)}, loss="half_mse"),
}
