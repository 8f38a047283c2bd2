import { ConfigError } from "../../errors.ts";
import { formatType } from "../../onnx/type.ts";
import type { Value } from "../../onnx/value.ts";
import type { OpBuilder } from "../../ops/op-builder.ts";
import { tensor } from "../../tensor/tensor.ts";
import type { Loss } from "./loss.ts";
import { addTargets, addWeights, countingRows, divisor, sumAll, targetWeight } from "./parts.ts";

/** What a padded column's logit is taken for: its exponential is 0 beside any other. */
const FAR = -1e30;

/**
 * Symmetric contrastive loss of CLIP: row i of the logits [B, B] belongs to column i, and to no other. Of embeddings
 * [B, 2, D] the logits are the products x = a bᵀ of each first one with each second one; da = dx b, db = dxᵀ a.
 * `targets` int64 [B]: the ignore index where row and column i are padding, which are then in no sum either; anything
 * else where they count.
 *
 *     loss = −Σᵢ wᵢ (log softmax_row(x)ᵢᵢ + log softmax_column(x)ᵢᵢ) / (2 Σ w)
 *     dx_ij = (wᵢ (softmax_row(x)_ij − δ_ij) + w_j (softmax_column(x)_ij − δ_ij)) / (2 Σ w)
 *
 * Radford et al., ICML 2021, figure 3. https://arxiv.org/abs/2103.00020
 */
export const contrastive: Loss = {
  summary: "symmetric contrastive loss of a square of similarities, as CLIP has it",
  options: ["ignoreIndex"],
  build: (b, output, options) => {
    const { ignoreIndex = -100 } = options;
    const pair = output.dims.length === 3 && output.dims[1] === 2 ? sidesOf(b, output) : null;
    const logits = pair ? b.op("MatMul", [pair[0], b.transpose(pair[1], [1, 0])]) : output;
    const [batch = 0, columns] = logits.dims;
    if (logits.dims.length !== 2 || batch !== columns) {
      throw new ConfigError(
        `contrastive: output "${output.name}" is ${formatType(output.type)}, expected [B, B], the similarity of each of B examples to the partner of each, or both embeddings [B, 2, D]`,
      );
    }
    const targets = addTargets(b, { dtype: "int64", dims: [batch] });
    const weights = addWeights(b, options, targets);
    const counts = b.op("Not", [b.op("Equal", [targets, b.scalar(ignoreIndex, "int64")])]);
    const weight = targetWeight(b, counts, weights);
    const total = divisor(b, sumAll(b, b.scale(weight, 2)));
    const eye = b.constant(tensor("float32", [batch, batch], identity(batch)));
    const rows = direction(b, b.cast(logits, "float32"), { axis: 1, counts, weight, eye });
    const down = direction(b, b.cast(logits, "float32"), { axis: 0, counts, weight, eye });
    return {
      targets,
      weights,
      loss: b.div(b.add(rows.sum, down.sum), total),
      gradient: () => {
        const dx = b.cast(b.div(b.add(rows.slope(), down.slope()), total), output.dtype);
        if (!pair) return dx;
        const sides = [b.op("MatMul", [dx, pair[1]]), b.op("MatMul", [b.transpose(dx, [1, 0]), pair[0]])];
        return b.op(
          "Concat",
          sides.map((v) => b.unsqueeze(v, [1])),
          { axis: 1 },
        );
      },
      rows: () => countingRows(b, weight),
    };
  },
};

/** Both embeddings [B, D] of a pair [B, 2, D]. */
function sidesOf(b: OpBuilder, pair: Value): readonly [Value, Value] {
  const side = (i: number) => b.op("Gather", [pair, b.scalar(i, "int64")], { axis: 1 });
  return [side(0), side(1)];
}

/** One direction: the softmax runs over `axis`, in which what does not count has no part. */
function direction(
  b: OpBuilder,
  x: Value,
  {
    axis,
    counts,
    weight,
    eye,
  }: { readonly axis: 0 | 1; readonly counts: Value; readonly weight: Value; readonly eye: Value },
): { readonly sum: Value; readonly slope: () => Value } {
  const along = (v: Value) => b.unsqueeze(v, [1 - axis]);
  const masked = b.where(along(counts), x, b.scalar(FAR, "float32"));
  const shifted = b.sub(masked, b.reduceMax(masked, [axis], true));
  const exp = b.op("Exp", [shifted]);
  const sum = b.reduceSum(exp, [axis], true);
  const own = b.reduceSum(b.mul(b.where(along(counts), shifted, b.scalar(0, "float32")), eye), [axis], true);
  const across = b.unsqueeze(weight, [axis]);
  const each = b.mul(across, b.sub(b.op("Log", [sum]), own));
  return { sum: sumAll(b, each), slope: () => b.mul(across, b.sub(b.div(exp, sum), eye)) };
}

function identity(size: number): Float32Array {
  return Float32Array.from({ length: size * size }, (_, i) => (i % (size + 1) === 0 ? 1 : 0));
}
