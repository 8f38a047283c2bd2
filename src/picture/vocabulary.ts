/** What sort of work an operator does, as far as a picture tells operators apart. */
export type OpSort =
  /** Hands elements on in another shape or type: not drawn. */
  | "shape"
  /** Works element by element. */
  | "pointwise"
  /** Means and sums along axes. */
  | "reduce"
  | "other";

const SHAPE: ReadonlySet<string> = new Set([
  "Identity",
  "Cast",
  "CastLike",
  "Dropout",
  "Reshape",
  "Transpose",
  "Squeeze",
  "Unsqueeze",
  "Flatten",
  "Expand",
]);

const POINTWISE: ReadonlySet<string> = new Set([
  ..."Add Sub Mul Div Pow Sqrt Reciprocal Neg Abs Exp Log Erf Sign Floor Ceil Round Sin Cos Mod".split(" "),
  ..."Relu LeakyRelu Elu Selu Celu PRelu ThresholdedRelu Clip Tanh Sigmoid HardSigmoid HardSwish".split(" "),
  ..."Softplus Softsign Swish Mish Gelu FastGelu QuickGelu BiasGelu Min Max Where IsNaN IsInf Not And Or".split(
    " ",
  ),
  ..."Equal Less LessOrEqual Greater GreaterOrEqual BatchNormalization".split(" "),
]);

const REDUCE: ReadonlySet<string> = new Set(
  "ReduceMean ReduceSum ReduceMax ReduceMin ReduceL2 ReduceSumSquare ReduceL1".split(" "),
);

/** @param opType any operator's name; one that is not known here is "other" */
export function sortOf(opType: string): OpSort {
  if (SHAPE.has(opType)) return "shape";
  if (POINTWISE.has(opType)) return "pointwise";
  return REDUCE.has(opType) ? "reduce" : "other";
}

/** What a box of a picture stands for; it decides the colour. */
export type BoxKind =
  | "input"
  | "output"
  | "linear"
  | "conv"
  | "recurrent"
  | "embedding"
  | "norm"
  | "attention"
  | "activation"
  | "join"
  | "pool"
  | "other";

const KINDS: Readonly<Record<string, BoxKind>> = {
  MatMul: "linear",
  Gemm: "linear",
  Einsum: "linear",
  FusedMatMul: "linear",
  FusedGemm: "linear",
  MatMulNBits: "linear",
  MatMulInteger: "linear",
  QLinearMatMul: "linear",
  Conv: "conv",
  ConvTranspose: "conv",
  FusedConv: "conv",
  DeformConv: "conv",
  QLinearConv: "conv",
  ConvInteger: "conv",
  LSTM: "recurrent",
  GRU: "recurrent",
  RNN: "recurrent",
  Gather: "other",
  LayerNormalization: "norm",
  InstanceNormalization: "norm",
  GroupNormalization: "norm",
  GroupNorm: "norm",
  RMSNormalization: "norm",
  SimplifiedLayerNormalization: "norm",
  SkipLayerNormalization: "norm",
  SkipSimplifiedLayerNormalization: "norm",
  LpNormalization: "norm",
  LRN: "norm",
  MeanVarianceNormalization: "norm",
  EmbedLayerNormalization: "embedding",
  Softmax: "attention",
  LogSoftmax: "attention",
  Attention: "attention",
  MultiHeadAttention: "attention",
  GroupQueryAttention: "attention",
  PackedAttention: "attention",
  RotaryEmbedding: "attention",
  Concat: "join",
  Sum: "join",
  Mean: "join",
  MaxPool: "pool",
  AveragePool: "pool",
  GlobalAveragePool: "pool",
  GlobalMaxPool: "pool",
  LpPool: "pool",
  Resize: "pool",
  Upsample: "pool",
  DepthToSpace: "pool",
  SpaceToDepth: "pool",
};

/** The kind of a box around a node of this type; pointwise nodes are judged by what stands around them. */
export function kindOf(opType: string): BoxKind {
  const sort = sortOf(opType);
  return KINDS[opType] ?? (sort === "reduce" ? "pool" : sort === "pointwise" ? "activation" : "other");
}

/** `float` of one number or the other: what a run of pointwise and reducing operators is called, first match first. */
const IDIOMS: readonly (readonly [
  name: string,
  kind: BoxKind,
  all: readonly string[],
  none?: readonly string[],
])[] = [
  ["LayerNorm", "norm", ["ReduceMean", "Sub", "Sqrt"]],
  ["LayerNorm", "norm", ["ReduceMean", "Sub", "Pow"]],
  ["RMSNorm", "norm", ["ReduceMean", "Sqrt"]],
  ["L2 norm", "norm", ["ReduceL2", "Div"]],
  ["L2 norm", "norm", ["ReduceSum", "Sqrt"]],
  ["GELU", "activation", ["Erf"]],
  ["GELU", "activation", ["Tanh", "Pow"]],
  ["GELU", "activation", ["Gelu"]],
  ["GELU", "activation", ["FastGelu"]],
  ["GELU", "activation", ["BiasGelu"]],
  ["GELU", "activation", ["QuickGelu"]],
  ["Mish", "activation", ["Tanh", "Softplus"]],
  ["hard swish", "activation", ["HardSwish"]],
  ["hard swish", "activation", ["HardSigmoid", "Mul"]],
  ["hard swish", "activation", ["Clip", "Mul", "Add"]],
  ["SiLU", "activation", ["Sigmoid", "Mul"]],
  ["SiLU", "activation", ["Swish"]],
  ["softmax by hand", "attention", ["Exp", "ReduceSum", "Div"]],
  ["BatchNorm", "norm", ["BatchNormalization"]],
];

const ACTIVATIONS: Readonly<Record<string, string>> = {
  Relu: "ReLU",
  LeakyRelu: "leaky ReLU",
  PRelu: "PReLU",
  Elu: "ELU",
  Selu: "SELU",
  Celu: "CELU",
  Mish: "Mish",
  Sigmoid: "sigmoid",
  HardSigmoid: "hard sigmoid",
  Tanh: "tanh",
  Softplus: "softplus",
  Clip: "clip",
};

/** What some pointwise and reducing operators are together: names in order, and the kind of box if they stand alone. */
export function idiomOf(opTypes: readonly string[]): {
  readonly names: readonly string[];
  readonly kind: BoxKind;
} {
  const has = new Set(opTypes);
  const found = IDIOMS.find(
    ([, , all, none = []]) => all.every((op) => has.has(op)) && !none.some((op) => has.has(op)),
  );
  const rest = Object.entries(ACTIVATIONS).filter(([op]) => has.has(op) && !found?.[2].includes(op));
  const names = [
    ...(has.has("BatchNormalization") && found?.[0] !== "BatchNorm" ? ["BatchNorm"] : []),
    ...(found ? [found[0]] : []),
    // The clip of a hard swish is part of it.
    ...rest.filter(([op]) => !(found?.[0] === "hard swish" && op === "Clip")).map(([, name]) => name),
  ];
  return { names, kind: found?.[1] ?? "activation" };
}
