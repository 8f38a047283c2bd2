import { ModelError, UnsupportedOpError } from "../errors.ts";
import type { Graph } from "../onnx/graph.ts";
import type { Node } from "../onnx/node.ts";
import { formatType } from "../onnx/type.ts";
import type { Value } from "../onnx/value.ts";
import { isFloat } from "../tensor/data-type.ts";
import { scalar, type Tensor, toNumbers, zeros } from "../tensor/tensor.ts";
import { defineComposite, LATEST, type LowerContext, type OpDef } from "./define.ts";
import type { OpBuilder } from "./op-builder.ts";

/** A loop with more iterations than this makes a graph too large to open; real ones have a few. */
const MAX_ITERATIONS = 1024;

/**
 * Operators with bodies. A branch is taken and a loop is written out where constants decide which and how often. Where data
 * decide between branches, both are computed and one is picked. What the other one reads are zeros then, behind a Where that
 * lets nothing of its derivative out, be it infinite or NaN.
 */
export const controlFlowOps: readonly OpDef[] = [
  /** If(cond): the outputs of one branch. https://onnx.ai/onnx/operators/onnx__If.html */
  defineComposite({
    opType: "If",
    opsets: [1, LATEST],
    lower: async (ctx) => {
      const condition = await ctx.constant(ctx.input(0));
      if (condition === null) return bothBranches(ctx);
      return ctx.body(ctx.node.graph(isTrue(condition) ? "then_branch" : "else_branch"), []);
    },
  }),
  /** Loop(M, cond, initial…). https://onnx.ai/onnx/operators/onnx__Loop.html */
  defineComposite({ opType: "Loop", opsets: [1, LATEST], lower: unrollLoop }),
  /** Scan in opset 8: (lengths, initial states…, sequences…), each with a batch axis in front. */
  defineComposite({ opType: "Scan", opsets: [8, 8], reads: [0], lower: unrollBatchedScan }),
  /** Scan(initial states…, sequences…). https://onnx.ai/onnx/operators/onnx__Scan.html */
  defineComposite({ opType: "Scan", opsets: [9, LATEST], lower: unrollScan }),
];

/** Both branches, and the outputs of the one that the condition picks. */
async function bothBranches(ctx: LowerContext): Promise<Value[]> {
  const { b, node } = ctx;
  const condition = b.reshape(ctx.input(0), []);
  const yes = await branch(ctx, "then_branch", (x) => zeroUnless(b, condition, x));
  const otherwise = b.op("Not", [condition]);
  const no = await branch(ctx, "else_branch", (x) => zeroUnless(b, otherwise, x));
  return yes.map((taken, i) => {
    const other = no[i] ?? node.fail(`its branches give ${yes.length} and ${no.length} outputs`);
    if (taken === other) return taken;
    const [a, c] = [formatType(taken.type), formatType(other.type)];
    if (a !== c) throw notBoth(ctx, `its output ${i} is ${a} in one branch and ${c} in the other`);
    if (taken.dtype !== "bool") return b.where(condition, taken, other);
    return b.op("Or", [b.op("And", [condition, taken]), b.op("And", [otherwise, other])]);
  });
}

/** `x` where a condition holds, else zeros. Dtypes that Where does not take pass as they are. */
function zeroUnless(b: OpBuilder, condition: Value, x: Value): Value {
  if (x.dtype === "bool") return b.op("And", [condition, x]);
  const isGated = isFloat(x.dtype) || x.dtype === "int64" || x.dtype === "int32";
  return isGated ? b.where(condition, x, b.scalar(0, x.dtype)) : x;
}

async function branch(
  ctx: LowerContext,
  name: "then_branch" | "else_branch",
  gate: (outer: Value) => Value,
): Promise<readonly Value[]> {
  let outputs: readonly Value[];
  try {
    outputs = await ctx.body(ctx.node.graph(name), [], gate);
  } catch (error) {
    if (!(error instanceof ModelError)) throw error;
    throw notBoth(ctx, `its ${name} cannot be: ${error.message}`, error);
  }
  if (outputs.some((v) => !v.isTyped)) throw notBoth(ctx, `its ${name} gives a sequence of tensors`);
  return outputs;
}

function notBoth(ctx: LowerContext, why: string, cause?: ModelError): UnsupportedOpError {
  const { node, opset } = ctx;
  return new UnsupportedOpError(
    `${node.describe()} (domain ai.onnx, opset ${opset}): its condition depends on the data, so both branches have to be ` +
      `computed, and ${why}. Fix the input that decides with --fix NAME=VALUE, or export the model with the condition fixed.`,
    { cause, details: { node: node.name, opType: node.opType, domain: node.domain, opset } },
  );
}

/** Body: (iteration, condition, carried…) → (condition, carried…, collected…). */
async function unrollLoop(ctx: LowerContext): Promise<(Value | null)[]> {
  const { b, node, optional } = ctx;
  const body = node.graph("body");
  const [count, start] = [optional(0), optional(1)];
  const limit = await loopLimit(ctx, count);
  let running = start === null || isTrue(await known(ctx, start));
  let carried = node.inputs.slice(2).map((_, i) => ctx.input(i + 2));
  const collected: Value[][] = body.outputs.slice(1 + carried.length).map(() => []);
  for (let i = 0; running && i < limit; i++) {
    if (i === MAX_ITERATIONS) throw tooMany(ctx, Number.isFinite(limit) ? `${limit}` : `more than ${i}`);
    const actuals = [b.constant(scalar("int64", i)), b.scalar(1, "bool"), ...carried];
    const [next, ...rest] = await ctx.body(body, actuals);
    carried = rest.slice(0, carried.length);
    rest.slice(carried.length).forEach((value, k) => {
      collected[k]!.push(value);
    });
    running = isTrue(await known(ctx, next!)); // a body gives its condition first
  }
  const stacks = collected.map((values, k) =>
    stack(ctx, values, body, { output: 1 + carried.length + k, axis: 0 }),
  );
  return [...carried, ...stacks];
}

async function loopLimit(ctx: LowerContext, count: Value | null): Promise<number> {
  if (count === null) return Number.POSITIVE_INFINITY;
  const constant = await ctx.constant(count);
  if (constant === null) throw dataDependent(ctx, "its number of iterations depends", "the number");
  return toNumbers(constant)[0] ?? 0;
}

async function known(ctx: LowerContext, condition: Value): Promise<Tensor> {
  const constant = await ctx.constant(condition);
  if (constant === null) throw dataDependent(ctx, "when it ends depends", "the condition");
  return constant;
}

/** The axes and directions of a Scan: one for each sequence that goes in and each that comes out. */
interface ScanPlan {
  readonly inputAxes: readonly number[];
  readonly inputIsReverse: readonly boolean[];
  readonly outputAxes: readonly number[];
  readonly outputIsReverse: readonly boolean[];
}

async function unrollScan(ctx: LowerContext): Promise<(Value | null)[]> {
  const { node } = ctx;
  const sequences = node.int("num_scan_inputs");
  const count = node.inputs.length - sequences;
  const collected = node.graph("body").outputs.length - count;
  const inputs = node.inputs.map((_, i) => ctx.input(i));
  return scan(ctx, inputs.slice(0, count), inputs.slice(count), {
    inputAxes: perSequence(node, "scan_input_axes", sequences),
    inputIsReverse: perSequence(node, "scan_input_directions", sequences).map((d) => d === 1),
    outputAxes: perSequence(node, "scan_output_axes", collected),
    outputIsReverse: perSequence(node, "scan_output_directions", collected).map((d) => d === 1),
  });
}

/** Each example of the batch is scanned by itself. */
async function unrollBatchedScan(ctx: LowerContext): Promise<(Value | null)[]> {
  const { b, node } = ctx;
  const sequences = node.int("num_scan_inputs");
  const inputs = node.inputs.slice(1).map((_, i) => slicesOf(ctx, ctx.input(i + 1), 0));
  const count = inputs.length - sequences;
  const steps = inputs[count]?.[0]?.dims[0];
  const lens = ctx.numbers(0);
  if (lens?.some((n) => n !== steps))
    node.fail(`sequences of lengths [${lens}] in opset 8; expected all to have the whole length ${steps}`);
  const collected = node.graph("body").outputs.length - count;
  const plan: ScanPlan = {
    inputAxes: new Array<number>(sequences).fill(0),
    inputIsReverse: perSequence(node, "directions", sequences).map((d) => d === 1),
    outputAxes: new Array<number>(collected).fill(0),
    outputIsReverse: new Array<boolean>(collected).fill(false),
  };
  const examples: Value[][] = [];
  for (let i = 0; i < inputs[0]!.length; i++) {
    const of = inputs.map((list) => list[i]!); // all inputs have one batch
    examples.push(await scan(ctx, of.slice(0, count), of.slice(count), plan));
  }
  return examples[0]!.map((_, k) =>
    b.concat(
      examples.map((results) => b.unsqueeze(results[k]!, [0])),
      0,
    ),
  );
}

/** Body: (states…, one element of each sequence…) → (states…, collected…). */
async function scan(
  ctx: LowerContext,
  initial: readonly Value[],
  sequences: readonly Value[],
  plan: ScanPlan,
): Promise<Value[]> {
  const { node } = ctx;
  const body = node.graph("body");
  const elements = sequences.map((x, i) => {
    const parts = slicesOf(ctx, x, ctx.axis(plan.inputAxes[i]!, x.dims.length));
    return plan.inputIsReverse[i] ? parts.toReversed() : parts;
  });
  const steps = elements[0]!.length; // Scan has at least one sequence
  for (const [i, list] of elements.entries())
    if (list.length !== steps)
      node.fail(`sequence ${i} has ${list.length} elements, expected ${steps} as the first`);
  if (steps > MAX_ITERATIONS) throw tooMany(ctx, `${steps}`);
  let states = initial;
  const collected: Value[][] = body.outputs.slice(initial.length).map(() => []);
  for (let t = 0; t < steps; t++) {
    const results = await ctx.body(body, [...states, ...elements.map((list) => list[t]!)]);
    states = results.slice(0, initial.length);
    results.slice(initial.length).forEach((value, k) => {
      collected[k]!.push(value);
    });
  }
  const stacks = collected.map((values, k) =>
    stack(ctx, plan.outputIsReverse[k] ? values.toReversed() : values, body, {
      output: initial.length + k,
      axis: plan.outputAxes[k]!,
    }),
  );
  return [...states, ...stacks];
}

/** One integer for each sequence, 0 if the attribute is left out. */
function perSequence(node: Node, name: string, length: number): readonly number[] {
  const found = node.ints(name, new Array<number>(length).fill(0));
  if (found.length !== length) node.fail(`attribute ${name} has ${found.length} entries, expected ${length}`);
  return found;
}

/** The slices of a tensor along an axis, without it. */
function slicesOf({ b, node }: LowerContext, x: Value, axis: number): Value[] {
  const length = x.dims[axis]!;
  const dims = x.dims.filter((_, i) => i !== axis);
  if (length === 0) node.fail("a sequence of no elements cannot be scanned");
  const sizes = new Array<number>(length).fill(1);
  const parts = length === 1 ? [x] : b.ops("Split", [x, b.ints(sizes)], length, { axis });
  return parts.map((part) => b.reshape(part, dims));
}

/** Values joined along a new axis. Of no values only an empty tensor of the type that the body declares is known. */
function stack(
  { b, node, axis: axisIn }: LowerContext,
  values: readonly Value[],
  body: Graph,
  place: { output: number; axis: number },
): Value {
  const first = values[0];
  if (first) {
    const axis = axisIn(place.axis, first.dims.length + 1);
    return b.concat(
      values.map((value) => b.unsqueeze(value, [axis])),
      axis,
    );
  }
  const { declared, name } = body.outputs[place.output]!; // counted from the body's own outputs
  const dims = declared?.dims?.filter((d) => typeof d === "number");
  if (!declared || dims?.length !== declared.dims?.length || !dims)
    return node.fail(`does not run at all, and the shape of its output "${name}" is not declared`);
  return b.constant(zeros(declared.dtype, [0, ...dims]));
}

function isTrue(condition: Tensor): boolean {
  return toNumbers(condition)[0] === 1;
}

function dataDependent({ node, opset }: LowerContext, what: string, fixed: string): UnsupportedOpError {
  return new UnsupportedOpError(
    `${node.describe()} (domain ai.onnx, opset ${opset}): ${what} on the data, so the training graph would differ from ` +
      `batch to batch. Fix the input that decides it with --fix NAME=VALUE, or export the model with ${fixed} fixed.`,
    { details: { node: node.name, opType: node.opType, domain: node.domain, opset } },
  );
}

function tooMany({ node, opset }: LowerContext, count: string): UnsupportedOpError {
  return new UnsupportedOpError(
    `${node.describe()} (domain ai.onnx, opset ${opset}): has ${count} iterations to write out, more than ` +
      `${MAX_ITERATIONS}. Train on shorter sequences: give a smaller --dim for the axis that it runs over.`,
    { details: { node: node.name, opType: node.opType, domain: node.domain, opset, limit: MAX_ITERATIONS } },
  );
}
