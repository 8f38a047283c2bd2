import { emptyMask, type PixelClasses } from "../data/dataset.ts";
import { type Tensor, zeros } from "../tensor/tensor.ts";

/** A class for each place of a map. */
export interface ClassMap {
  readonly height: number;
  readonly width: number;
  /** Class indices, [height, width]; for several examples one after the other. */
  readonly data: PixelClasses;
}

/** The class of the largest of the logits [1, C, h, w] at each place, the first of equals. */
export function classMap({ dims, data }: Tensor<"float32">): ClassMap {
  const [, classes = 0, height = 0, width = 0] = dims;
  const area = height * width;
  const out = emptyMask(area, classes).fill(0);
  for (let c = 1; c < classes; c++)
    for (let i = 0; i < area; i++) if (data[c * area + i]! > data[out[i]! * area + i]!) out[i] = c;
  return { height, width, data: out };
}

/**
 * Logits [B, C, h, w] at another size, bilinear between pixel centres: PyTorch's `interpolate` with `align_corners` off,
 * ONNX's `half_pixel`. Logits of the size already are returned as they are.
 */
export function resizedLogits(
  logits: Tensor<"float32">,
  [height = 0, width = 0]: readonly number[],
): Tensor<"float32"> {
  const [batch = 0, classes = 0, h = 0, w = 0] = logits.dims;
  if (h === height && w === width) return logits;
  const [rows, columns] = [linearTaps(h, height), linearTaps(w, width)];
  const out = zeros("float32", [batch, classes, height, width]);
  let to = 0;
  for (let plane = 0; plane < batch * classes; plane++) {
    const at = plane * h * w;
    for (const [top, bottom, down] of rows) {
      for (const [left, right, over] of columns) {
        const upper = mix(logits.data[at + top * w + left]!, logits.data[at + top * w + right]!, over);
        const lower = mix(logits.data[at + bottom * w + left]!, logits.data[at + bottom * w + right]!, over);
        out.data[to++] = mix(upper, lower, down);
      }
    }
  }
  return out;
}

function mix(a: number, b: number, share: number): number {
  return a + (b - a) * share;
}

/** For each output pixel the two input pixels around its centre, and the share of the second. */
function linearTaps(input: number, outputs: number): (readonly [number, number, number])[] {
  return Array.from({ length: outputs }, (_, o) => {
    const at = Math.max(0, Math.min(input - 1, ((o + 0.5) * input) / outputs - 0.5));
    const first = Math.floor(at);
    return [first, Math.min(first + 1, input - 1), at - first] as const;
  });
}
