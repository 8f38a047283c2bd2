"""PyTorch's float64 kernels for operators that the onnx reference implementation runs slowly."""

import numpy as np
import torch
from onnx.reference.op_run import OpRun


def _tensor(array):
    return None if array is None else torch.from_numpy(np.require(array, requirements=["C", "W"]))


def _pads(auto_pad, pads, sizes, kernel, strides, dilations):
    """(begin, end) of each spatial axis."""
    rank = len(sizes)
    if auto_pad in (None, "NOTSET"):
        pads = pads or [0] * (2 * rank)
        return [(pads[i], pads[i + rank]) for i in range(rank)]
    if auto_pad == "VALID":
        return [(0, 0)] * rank
    result = []
    for size, k, s, d in zip(sizes, kernel, strides, dilations):
        total = max(0, (-(-size // s) - 1) * s + (k - 1) * d + 1 - size)
        small = total // 2
        result.append((small, total - small) if auto_pad == "SAME_UPPER" else (total - small, small))
    return result


def _padded(x, pads, value=0.0):
    flat = [p for pair in reversed(pads) for p in pair]
    return torch.nn.functional.pad(x, flat, value=value) if any(flat) else x


class Conv(OpRun):
    op_domain = ""

    def _run(self, x, w, b=None, auto_pad=None, dilations=None, group=None, kernel_shape=None, pads=None, strides=None):
        rank = x.ndim - 2
        strides, dilations = strides or [1] * rank, dilations or [1] * rank
        pairs = _pads(auto_pad, pads, x.shape[2:], w.shape[2:], strides, dilations)
        run = [torch.conv1d, torch.conv2d, torch.conv3d][rank - 1]
        y = run(_padded(_tensor(x), pairs), _tensor(w), _tensor(b), tuple(strides), 0, tuple(dilations), group or 1)
        return (y.numpy(),)


class ConvTranspose(OpRun):
    op_domain = ""

    def _run(self, x, w, b=None, auto_pad=None, dilations=None, group=None, kernel_shape=None, output_padding=None, output_shape=None, pads=None, strides=None):
        if output_shape or auto_pad not in (None, "NOTSET"):
            raise NotImplementedError("padding that follows from the output")
        rank = x.ndim - 2
        pads, extra = pads or [0] * (2 * rank), output_padding or [0] * rank
        strides, dilations = strides or [1] * rank, dilations or [1] * rank
        run = [torch.conv_transpose1d, torch.conv_transpose2d, torch.conv_transpose3d][rank - 1]
        y = run(_tensor(x), _tensor(w), None, tuple(strides), 0, 0, group or 1, tuple(dilations))
        y = _padded(y, [(-pads[i], extra[i] - pads[i + rank]) for i in range(rank)])  # the whole sum, cropped
        return ((y if b is None else y + _tensor(b).reshape(-1, *[1] * rank)).numpy(),)


class MatMul(OpRun):
    op_domain = ""

    def _run(self, a, b):
        return (torch.matmul(_tensor(a), _tensor(b)).numpy(),)


class MaxPool(OpRun):
    op_domain = ""

    def _run(self, x, auto_pad=None, ceil_mode=None, dilations=None, kernel_shape=None, pads=None, storage_order=None, strides=None):
        rank = x.ndim - 2
        strides, dilations = strides or [1] * rank, dilations or [1] * rank
        pairs = _pads(auto_pad, pads, x.shape[2:], kernel_shape, strides, dilations)
        if ceil_mode:
            pairs = [
                (begin, end + (-(size + begin + end - (k - 1) * d - 1)) % s)
                for (begin, end), size, k, s, d in zip(pairs, x.shape[2:], kernel_shape, strides, dilations)
            ]
        run = [torch.max_pool1d, torch.max_pool2d, torch.max_pool3d][rank - 1]
        y = run(_padded(_tensor(x), pairs, float("-inf")), tuple(kernel_shape), tuple(strides), 0, tuple(dilations))
        # The indices are there for the backward nodes, which an evaluation model does not have.
        return (y.numpy(), np.zeros(y.shape, np.int64))[: len(self.onnx_node.output)]


class Erf(OpRun):
    op_domain = ""

    def _run(self, x):
        return (torch.erf(_tensor(x)).numpy().reshape(np.shape(x)),)


class Gelu(OpRun):
    op_domain = ""

    def _run(self, x, approximate=None):
        return (torch.nn.functional.gelu(_tensor(x), approximate=approximate or "none").numpy(),)


KERNELS = [Conv, ConvTranspose, MatMul, MaxPool, Erf, Gelu]
