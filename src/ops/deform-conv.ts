import type { Value } from "../onnx/value.ts";
import { sizeOf } from "../tensor/shape.ts";
import { floatTensor } from "./axis-map.ts";
import { defineComposite, LATEST, type LowerContext, type OpDef } from "./define.ts";
import { sampleMap } from "./grid-sample.ts";
import { type Windows, windowsOf } from "./windows.ts";

export const deformConvOps: readonly OpDef[] = [
  /**
   * DeformConv(X, W, offset, B, mask): a convolution whose taps are moved by offsets [N, groups · taps · 2, …output] and
   * weighed by a mask [N, groups · taps, …output]. https://onnx.ai/onnx/operators/onnx__DeformConv.html
   */
  defineComposite({ opType: "DeformConv", opsets: [19, LATEST], lower: lowerDeformConv }),
];

function lowerDeformConv({ b, node, input, optional }: LowerContext): readonly Value[] {
  const [x, w, offset] = [input(0), input(1), input(2)];
  const [n, c, ...size] = x.dims as [number, number, ...number[]];
  const [group, offsetGroups] = [node.int("group", 1), node.int("offset_group", 1)];
  const windows = windowsOf(node, size, w.dims.slice(2));
  const [taps, positions, rank] = [sizeOf(windows.kernel), sizeOf(windows.output), size.length];
  const m = w.dims[0]!;
  // Each group of offsets reads its own channels: as if it were an image of its own.
  const images = b.reshape(x, [n * offsetGroups, c / offsetGroups, ...size]);
  const moves = b.reshape(offset, [n * offsetGroups, taps, rank, positions]);
  const coordinates = size.map((_, axis) => {
    const along = b.slice(moves, { starts: [axis], ends: [axis + 1], axes: [2] });
    const still = b.constant(floatTensor(x.dtype, [1, taps * positions], placesOf(windows, axis)));
    return b.add(b.reshape(along, [n * offsetGroups, taps * positions]), still);
  });
  const read = sampleMap(b, images, coordinates, { mode: "linear", padding: "zeros", aligned: true });
  const mask = optional(4);
  const weighed =
    mask === null ? read : b.mul(read, b.reshape(mask, [n * offsetGroups, taps * positions, 1]));
  const byTap = b.reshape(weighed, [n, offsetGroups, taps, positions, c / offsetGroups]);
  // [N, group, C / group · taps, positions]
  const columns = b.reshape(b.transpose(byTap, [0, 1, 4, 2, 3]), [n, group, (c / group) * taps, positions]);
  const product = b.matmul(b.reshape(w, [group, m / group, (c / group) * taps]), columns);
  const y = b.reshape(product, [n, m, ...windows.output]);
  const bias = optional(3);
  return [bias === null ? y : b.add(y, b.reshape(bias, [1, m, ...windows.output.map(() => 1)]))];
}

/** Where the taps of every window lie along one axis without offsets, [taps, positions]. */
function placesOf(w: Windows, axis: number): Float64Array {
  const [taps, positions] = [sizeOf(w.kernel), sizeOf(w.output)];
  const tapStride = sizeOf(w.kernel.slice(axis + 1));
  const outStride = sizeOf(w.output.slice(axis + 1));
  return Float64Array.from({ length: taps * positions }, (_, k) => {
    const tap = Math.floor(Math.floor(k / positions) / tapStride) % w.kernel[axis]!;
    const out = Math.floor((k % positions) / outStride) % w.output[axis]!;
    return out * w.strides[axis]! - w.padBegin[axis]! + tap * w.dilations[axis]!;
  });
}
