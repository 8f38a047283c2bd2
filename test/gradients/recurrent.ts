import { type AttributeInit, float, floats } from "../../src/onnx/attribute.ts";
import type { FloatInput, GradientCase, IntegerInput } from "../support/gradient-check.ts";

const STEPS = 3;
const BATCH = 2;
const INPUTS = 3;
const HIDDEN = 2;

interface RecurrentCase {
  readonly title?: string;
  readonly opset?: number;
  readonly attributes?: Readonly<Record<string, AttributeInit>>;
  readonly direction?: "forward" | "reverse" | "bidirectional";
  readonly lens?: IntegerInput;
  readonly initial?: true;
  readonly bias?: false;
  readonly peepholes?: true;
}

/** One case over T = 3, B = 2, I = 3, H = 2, whose derivatives by every float input are checked. */
function recurrent(opType: "RNN" | "GRU" | "LSTM", c: RecurrentCase): GradientCase {
  const gates = { RNN: 1, GRU: 3, LSTM: 4 }[opType];
  const states = opType === "LSTM" ? 2 : 1;
  const d = c.direction === "bidirectional" ? 2 : 1;
  const state: FloatInput | null = c.initial ? { dims: [d, BATCH, HIDDEN] } : null;
  return {
    opType,
    precision: "float32", // ONNX Runtime computes recurrent operators in float32 alone
    title: [c.title, c.direction].filter((s) => s !== undefined).join(", "),
    opset: c.opset ?? 21,
    inputs: [
      { dims: [STEPS, BATCH, INPUTS] },
      { dims: [d, gates * HIDDEN, INPUTS] },
      { dims: [d, gates * HIDDEN, HIDDEN] },
      c.bias === false ? null : { dims: [d, 2 * gates * HIDDEN] },
      c.lens ?? null,
      ...Array.from({ length: states }, () => state),
      ...(c.peepholes ? [{ dims: [d, 3 * HIDDEN] }] : []),
    ],
    attributes: { hidden_size: HIDDEN, direction: c.direction ?? "forward", ...c.attributes },
    outputs: 1 + states,
  };
}

const short: IntegerInput = { dtype: "int32", dims: [BATCH], data: [2, 3] };
const fed: IntegerInput = { ...short, data: [3, 1], fed: true };

export const recurrentCases: readonly GradientCase[] = [
  recurrent("RNN", {}),
  recurrent("RNN", { direction: "reverse", initial: true }),
  recurrent("RNN", { direction: "bidirectional", opset: 11, lens: short }),
  recurrent("RNN", { title: "softplus", bias: false, attributes: { activations: ["Softplus"] } }),
  recurrent("GRU", { initial: true }),
  recurrent("GRU", { title: "reset last", attributes: { linear_before_reset: 1 } }),
  recurrent("GRU", {
    title: "reset last, no bias",
    bias: false,
    direction: "reverse",
    attributes: { linear_before_reset: 1 },
  }),
  recurrent("GRU", { direction: "bidirectional", opset: 7, initial: true, lens: fed }),
  recurrent("LSTM", {}),
  recurrent("LSTM", { title: "lengths", direction: "bidirectional", opset: 14, initial: true, lens: short }),
  recurrent("LSTM", { title: "lengths fed", direction: "reverse", lens: fed }),
  recurrent("LSTM", { title: "peepholes", opset: 7, initial: true, peepholes: true }),
  recurrent("LSTM", {
    title: "whole lengths",
    lens: { ...short, data: [3, 3] },
    attributes: { input_forget: 1 },
  }),
  recurrent("LSTM", {
    title: "peepholes, coupled",
    direction: "bidirectional",
    peepholes: true,
    attributes: { input_forget: 1 },
  }),
  recurrent("LSTM", { title: "clipped", attributes: { clip: float(0.5) }, initial: true }),
  recurrent("LSTM", {
    title: "other activations",
    direction: "bidirectional",
    attributes: {
      activations: ["HardSigmoid", "Softsign", "ScaledTanh", "Affine", "Elu", "Tanh"],
      activation_alpha: floats([0.3, 0.8, 0.5, 1.2]),
      activation_beta: floats([0.4, 0.9, 0.1]),
    },
  }),
];
