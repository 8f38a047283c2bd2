"""Parts that several hand-written networks share."""

import torch
from torch import nn


def seq(*parts):
    return nn.Sequential(*parts)


class ConvNorm(nn.Module):
    """Convolution without bias, BatchNorm, activation."""

    def __init__(self, i, o, kernel, stride=1, groups=1, padding=None, act=None):
        super().__init__()
        padding = kernel // 2 if padding is None else padding
        self.conv = nn.Conv2d(i, o, kernel, stride, padding, groups=groups, bias=False)
        self.norm = nn.BatchNorm2d(o, eps=1e-3)
        self.act = act() if act else nn.Identity()

    def forward(self, x):
        return self.act(self.norm(self.conv(x)))


class SqueezeExcite(nn.Module):
    def __init__(self, c, act, gate):
        super().__init__()
        self.squeeze, self.excite = nn.Conv2d(c, 4, 1), nn.Conv2d(4, c, 1)
        self.act, self.gate = act(), gate()

    def forward(self, x):
        return x * self.gate(self.excite(self.act(self.squeeze(x.mean((2, 3), keepdim=True)))))


class Attend(nn.Module):
    """Pre-norm attention by nn.MultiheadAttention and an MLP, without the skip."""

    def __init__(self, d, heads):
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(d), nn.LayerNorm(d, elementwise_affine=False)
        self.attention = nn.MultiheadAttention(d, heads, batch_first=True)
        self.mlp = seq(nn.Linear(d, 2 * d), nn.GELU(), nn.Linear(2 * d, d))

    def forward(self, x):
        y = self.norm1(x)
        x = x + self.attention(y, y, y, need_weights=False)[0]
        return self.mlp(self.norm2(x))


def attention_block(d, heads):
    return Attend(d, heads)


class Residual(nn.Module):
    def __init__(self, body):
        super().__init__()
        self.body = body

    def forward(self, x):
        return x + self.body(x)


def seeded(*shape):
    return nn.Parameter(torch.randn(*shape))
