import { UnsupportedOpError } from "../errors.ts";
import type { Node } from "../onnx/node.ts";
import type { TensorType } from "../onnx/type.ts";
import type { Value } from "../onnx/value.ts";
import { formatShape, type Shape } from "../tensor/shape.ts";
import { floatTensor } from "./axis-map.ts";
import { defineOp, type InferContext, LATEST, type OpDef, type VjpContext } from "./define.ts";

export const einsumOps: readonly OpDef[] = [
  /** Einsum(inputs…): Einstein's summation. https://onnx.ai/onnx/operators/onnx__Einsum.html */
  defineOp({ opType: "Einsum", opsets: [12, LATEST], infer: inferEinsum, vjp: einsumVjp }),
];

/** An equation with every axis labelled by one letter: ellipses are written out, an implicit output is made explicit. */
interface Equation {
  readonly inputs: readonly (readonly string[])[];
  readonly output: readonly string[];
}

// The order in which an implicit output lists its letters.
const LETTERS = [..."abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"];

function equationOf(node: Node, shapes: readonly Shape[]): Equation {
  const text = node.string("equation").replaceAll(" ", "");
  const [left, right] = text.split("->") as [string, string | undefined];
  const terms = left.split(",");
  if (terms.length !== shapes.length)
    node.fail(`equation "${text}" names ${terms.length} inputs, the node has ${shapes.length}`);
  const used = new Set([...text].filter((c) => LETTERS.includes(c)));
  const lettersIn = (term: string) => [...term.replace("...", "")];
  const hidden = terms.map((term, i) => {
    const named = lettersIn(term).length;
    const rest = shapes[i]!.length - named;
    if (rest < 0 || (rest > 0 && !term.includes("...")))
      node.fail(
        `equation "${text}" names ${named} axes of input ${i}, which has shape ${formatShape(shapes[i]!)}`,
      );
    return rest;
  });
  const free = LETTERS.filter((c) => !used.has(c)).slice(0, Math.max(0, ...hidden));
  if (free.length < Math.max(...hidden))
    throw new UnsupportedOpError(
      `${node.describe()}: equation "${text}" needs more axes than there are letters`,
    );
  // Ellipses align at their last axis, as in broadcasting.
  const write = (term: string, count: number) => {
    const [before, after] = term.split("...") as [string, string | undefined];
    return after === undefined ? [...before] : [...before, ...free.slice(free.length - count), ...after];
  };
  const inputs = terms.map((term, i) => write(term, hidden[i]!));
  if (right !== undefined) return { inputs, output: write(right, free.length) };
  const all = terms.flatMap(lettersIn);
  const once = LETTERS.filter((c) => all.filter((x) => x === c).length === 1);
  return { inputs, output: [...free, ...once] };
}

/** Length of each label; an axis of length 1 broadcasts. */
function lengthsOf(node: Node, equation: Equation, shapes: readonly Shape[]): Map<string, number> {
  const lengths = new Map<string, number>();
  equation.inputs.forEach((labels, i) => {
    labels.forEach((label, axis) => {
      const d = shapes[i]![axis]!;
      const known = lengths.get(label) ?? 1;
      if (d !== 1 && known !== 1 && d !== known)
        node.fail(`label "${label}" stands for axes of length ${known} and ${d}`);
      lengths.set(label, Math.max(d, known));
    });
  });
  return lengths;
}

function inferEinsum(ctx: InferContext): readonly TensorType[] {
  const shapes = ctx.node.inputs.map((_, i) => ctx.dims(i));
  const equation = equationOf(ctx.node, shapes);
  const lengths = lengthsOf(ctx.node, equation, shapes);
  const dims = equation.output.map(
    (label) => lengths.get(label) ?? ctx.fail(`label "${label}" of the output occurs in no input`),
  );
  return [{ dtype: ctx.dtype(0), dims }];
}

/**
 * The cotangent of input i is the Einsum of the other inputs and dY onto i's labels. Labels that only i has were summed
 * alone: they are repeated. A label that i has twice took a diagonal: the cotangent lies on it.
 */
function einsumVjp({ b, node, ct, needs }: VjpContext): readonly (Value | null)[] {
  const values = node.inputs.map((_, i) => node.input(i));
  const equation = equationOf(
    node,
    values.map((v) => v.dims),
  );
  return values.map((x, i) => {
    if (!needs(i)) return null;
    const own = equation.inputs[i]!;
    const others = values.filter((_, j) => j !== i);
    const terms = [...equation.inputs.filter((_, j) => j !== i), equation.output];
    const labels = [...new Set(own)];
    const found = labels.filter((label) => terms.some((t) => t.includes(label)));
    const text = `${terms.map((t) => t.join("")).join(",")}->${found.join("")}`;
    const partial = b.op("Einsum", [...others, ct], { equation: text });
    const kept = found.length === labels.length ? partial : insertAxes(b, partial, found, labels);
    const lengths = labels.map((label) => x.dims[own.indexOf(label)]!);
    // A length of 1 here was broadcast against another input; a length of 1 in `kept` stands for all of ours.
    const summed = b.unbroadcast(
      kept,
      kept.dims.map((d, k) => Math.min(d, lengths[k]!)),
    );
    const whole = b.expand(summed, lengths);
    return own.length === labels.length ? whole : ontoDiagonal(b, whole, { labels, own, dims: x.dims });
  });
}

/** Axes of length 1 for the labels that `value` lacks. */
function insertAxes(
  b: VjpContext["b"],
  value: Value,
  found: readonly string[],
  labels: readonly string[],
): Value {
  const dims = labels.map((label) => (found.includes(label) ? value.dims[found.indexOf(label)]! : 1));
  return b.reshape(value, dims);
}

/** Spreads a cotangent with one axis per label onto the diagonals of a tensor that has some label twice or more. */
function ontoDiagonal(
  b: VjpContext["b"],
  value: Value,
  to: { readonly labels: readonly string[]; readonly own: readonly string[]; readonly dims: Shape },
): Value {
  const { labels, own, dims } = to;
  const isFirst = own.map((label, axis) => own.indexOf(label) === axis);
  // Labels are in the order of their first occurrence, so the axes of repeats are all that is missing.
  let spread = b.reshape(
    value,
    own.map((label, axis) => (isFirst[axis] ? value.dims[labels.indexOf(label)]! : 1)),
  );
  own.forEach((label, axis) => {
    const first = own.indexOf(label);
    if (first === axis) return;
    const n = dims[axis]!;
    const eye = Float64Array.from({ length: n * n }, (_, k) => (k % (n + 1) === 0 ? 1 : 0));
    const shape = dims.map((_, k) => (k === axis || k === first ? n : 1));
    spread = b.mul(spread, b.constant(floatTensor(value.dtype, shape, eye)));
  });
  return spread;
}
