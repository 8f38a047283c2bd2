import type { Value } from "../onnx/value.ts";
import { type Shape, sizeOf } from "../tensor/shape.ts";
import { type Tensor, tensor } from "../tensor/tensor.ts";
import { lora, loraDelta, loraInput, loraParts, loraProduct, loraShapes, startLora } from "./lora.ts";
import { loraFormat, loraScale } from "./lora-format.ts";
import type { LayerWeights, PeftMethod, WireContext } from "./method.ts";
import { dequantizedWeight } from "./quantized-weight.ts";
import type { Site, SiteUse } from "./site.ts";
import type { Place } from "./surgery.ts";

/**
 * Weight-decomposed low-rank adaptation: LoRA turns the direction of each output's weights, a trained vector sets their
 * length.
 *
 *     V = W0 + s B A,   W' = m ⊙ V / ‖V‖,   m₀ = ‖W0‖, one norm per output
 *     y = x W' + b = (x W0 + b) + (f − 1) x W0 + f s B A x,   f = m / ‖V‖
 *
 * No gradient flows through ‖V‖ (the paper's section 4.3, and PEFT's only mode): it costs less memory and hardly
 * changes results. With dropout both products of the change see the dropped input, so x W0 is computed once more.
 *
 * Liu et al., ICML 2024.
 */
export const dora: PeftMethod = {
  name: "dora",
  title: "DoRA",
  summary: "LoRA for the direction of each output's weights, and a trained vector for their lengths",
  paper: "https://arxiv.org/abs/2402.09353",
  file: {
    ...loraFormat,
    write: (settings, modules) => ({ ...loraFormat.write(settings, modules), use_dora: true }),
    isMine: (config) => config.use_dora === true,
  },
  kinds: ["linear", "conv"],
  defaults: lora.defaults,
  inits: ["default", "gaussian"],
  hasDropout: true,
  startsAsIdentity: () => true,
  parts: (site, settings) =>
    new Map([
      ...loraParts(site, settings),
      ["m", { key: "lora_magnitude_vector", anchor: "init", role: "norm" }],
    ]),
  shapes: (site, settings) => new Map([...loraShapes(site, settings), ["m", magnitudeShape(site)]]),
  start: (site, context) => {
    const weight = context.base()?.weight ?? dequantizedWeight(site);
    return new Map([...startLora(site, context), ["m", magnitudes(site, weight)]]);
  },
  wire: (site, use, context) => {
    const place = context.surgery.after(use.node, site.module);
    const y = use.node.output();
    const scale = use.alpha * loraScale(context.settings);
    const x = loraInput(place, site, use, context);
    const update = place.scale(loraProduct(place, site, x, context), scale);
    const factor = place.op("Div", [context.values.get("m")!, norm(place, site, use, context)]);
    const product = place.cast(plainProduct(place, site, use, x), site.dtype, "float32");
    // f (x W0 + s B A x) − x W0
    const whole = place.op("Mul", [factor, place.op("Add", [product, update])]);
    const change = place.op("Sub", [whole, product]);
    place.replace(y, place.op("Add", [y, place.cast(change, "float32", site.dtype)]));
  },
  merge: (site, { weight, bias }, { settings, parts, start, share }) => {
    const delta = loraDelta(site, settings, parts, start);
    const direction = Float64Array.from(weight, (w, i) => w + delta[i]!);
    const lengths = norms(direction, site.shape);
    const m = parts.get("m")!.data; // every site of DoRA has it
    const inner = sizeOf(site.shape.slice(1));
    const next: LayerWeights = {
      weight: weight.map((w, i) => {
        const row = Math.floor(i / inner);
        return w + share * ((m[row]! * direction[i]!) / lengths[row]! - w);
      }),
      bias,
    };
    return next;
  },
};

/** As PEFT has it: [out], or [1, out, 1, 1] for a convolution. */
function magnitudeShape({ kind, shape }: Site): Shape {
  const out = shape[0] ?? 1;
  return kind === "conv" ? [1, out, ...shape.slice(2).map(() => 1)] : [out];
}

function magnitudes(site: Site, weight: Float32Array): Tensor<"float32"> {
  return tensor("float32", magnitudeShape(site), Float32Array.from(norms(weight, site.shape)));
}

/** The Euclidean norm of each output's weights. */
function norms(weight: ArrayLike<number>, shape: Shape): Float64Array {
  const [out, inner] = [shape[0] ?? 1, sizeOf(shape.slice(1))];
  return Float64Array.from({ length: out }, (_, row) => {
    let sum = 0;
    for (let i = row * inner; i < (row + 1) * inner; i++) sum += weight[i]! ** 2;
    return Math.sqrt(sum);
  });
}

/** ‖V‖ in the shape of the magnitudes; a constant to the gradient. */
function norm(place: Place, site: Site, use: SiteUse, context: WireContext): Value {
  const { values, settings } = context;
  if (use.node.opType === "MatMulNBits") return packedNorm(place, site, use, context);
  const [a, b] = [values.get("A")!, values.get("B")!]; // every site of DoRA has these two
  const stored = place.cast(use.node.input(1), site.dtype, "float32");
  const scale = loraScale(settings);
  let direction: Value;
  let axes: readonly number[];
  if (site.kind === "conv") {
    // B A as one product of matrices, in the kernel's shape.
    const [wide, tall] = [place.reshape(a, [settings.rank, -1]), place.reshape(b, [-1, settings.rank])];
    const product = place.reshape(place.op("MatMul", [tall, wide]), site.shape);
    direction = place.op("Add", [stored, place.scale(product, scale)]);
    axes = site.shape.slice(1).map((_, i) => i + 1);
  } else {
    const isOutIn = use.node.opType === "Gemm" && use.node.int("transB", 0) !== 0;
    const product = isOutIn
      ? place.op("MatMul", [b, a])
      : place.op("MatMul", [place.transpose(a), place.transpose(b)]);
    direction = place.op("Add", [stored, place.scale(product, scale)]);
    axes = [isOutIn ? 1 : 0];
  }
  const squares = place.sumOver(place.op("Mul", [direction, direction]), axes);
  const root = place.op("Sqrt", [squares]);
  context.detached(root);
  return site.kind === "conv" ? place.reshape(root, magnitudeShape(site)) : root;
}

/**
 * ‖V‖ of a layer whose weight only its own operator reads. Of each output, with its row w of W0 and b of B:
 *
 *     ‖w + s b A‖² = ‖w‖² + 2 s ⟨b, A w⟩ + s² ⟨b, A Aᵀ b⟩,   A W0ᵀ = the layer on the rows of A
 */
function packedNorm(
  place: Place,
  site: Site,
  use: SiteUse,
  { values, settings, detached }: WireContext,
): Value {
  const [a, b] = [values.get("A")!, values.get("B")!]; // every site of DoRA has these two
  const scale = loraScale(settings);
  const own = Float32Array.from(norms(dequantizedWeight(site), site.shape), (n) => n ** 2);
  const rows = place.again(use.node, place.cast(a, "float32", site.dtype));
  const across = place.op("Mul", [b, place.transpose(place.cast(rows, site.dtype, "float32"))]);
  const gram = place.op("MatMul", [a, place.transpose(a)]);
  const within = place.op("Mul", [b, place.op("MatMul", [b, gram])]);
  const change = place.op("Add", [place.scale(across, 2 * scale), place.scale(within, scale ** 2)]);
  const lengths = place.store("squared_lengths", tensor("float32", [own.length], own));
  const squares = place.op("Add", [lengths, place.sumOver(change, [1])]);
  // Rounding may leave a little less than nothing of a row that is almost zero.
  const root = place.op("Sqrt", [place.op("Abs", [squares])]);
  detached(root);
  return root;
}

/** x W0 without a bias: what the node gave less its bias, or the product once more where elements of x are dropped. */
function plainProduct(place: Place, site: Site, use: SiteUse, x: Value): Value {
  const { node, ownBias } = use;
  if (x.producer?.opType === "Identity") {
    const rows = place.cast(x, "float32", site.dtype);
    return place.again(node, use.isInputTransposed ? place.transpose(rows) : rows);
  }
  if (ownBias === null) return node.output();
  const bias =
    site.kind === "conv"
      ? place.reshape(ownBias.value, magnitudeShape(site))
      : place.scale(ownBias.value, ownBias.beta, site.dtype);
  return place.op("Sub", [node.output(), bias]);
}
