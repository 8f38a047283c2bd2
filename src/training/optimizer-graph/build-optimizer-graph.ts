import { ConfigError } from "../../errors.ts";
import { encodeModel } from "../../onnx/encode.ts";
import { Graph } from "../../onnx/graph.ts";
import { prune } from "../../onnx/prune.ts";
import { tensorType } from "../../onnx/type.ts";
import { Value } from "../../onnx/value.ts";
import { DIALECT } from "../../ops/define.ts";
import type { OpBuilder } from "../../ops/op-builder.ts";
import { createOpBuilder } from "../../ops/registry.ts";
import type { OptimizerOptions, ParameterSpec } from "../../optim/create-optimizer.ts";
import { type ParameterSettings, resolveSettings } from "../../optim/param-groups.ts";
import { rowLayout } from "../../optim/row-layout.ts";
import { findUpdateRule } from "../../optim/updates/registry.ts";
import type { DataType } from "../../tensor/data-type.ts";
import type { Shape } from "../../tensor/shape.ts";
import { VERSION } from "../../version.ts";
import { appendStep } from "./step-graph.ts";

/** What `createOptimizer` takes, without values. */
export interface OptimizerGraphOptions extends Pick<OptimizerOptions, "update" | "anchor" | "groups"> {
  readonly parameters: readonly Omit<ParameterSpec, "initial">[];
}

/** A tensor that the graph takes, float32, under the name of its input; `<name>_next` is what it becomes. */
export interface GraphTensor {
  readonly name: string;
  readonly shape: Shape;
}

/** The inputs that belong to one trained parameter. */
export interface OptimizerGraphParameter extends GraphTensor {
  readonly gradient: string;
  /** All zeros before the first step. */
  readonly states: readonly GraphTensor[];
  /** The input that takes θ0, or null where the step reads none. */
  readonly anchor: string | null;
}

export interface OptimizerGraph {
  readonly model: Uint8Array;
  readonly parameters: readonly OptimizerGraphParameter[];
}

/** IR version of a model in the dialect's opset. */
const IR_VERSION = 9;

/**
 * One optimizer step over all trainable parameters as a model of standard ONNX operators, the same step that the
 * optimizer of `createOptimizer` with the same options makes, unscaled and unclipped:
 *
 *     inputs   `<parameter>`, `<parameter>_grad`, its states (`<parameter>_exp_avg` …, zero before the first step),
 *              `<parameter>_anchor` where an anchor rule reads one, `lr` float32 [], `step` int64 [] (1 at the first step)
 *     outputs  `<name>_next` for each parameter and each state
 *
 * @throws ConfigError as `createOptimizer` does, where two inputs or outputs would bear one name, and for an anchor rule
 *   with a projection, which has no graph form
 */
export function buildOptimizerGraph(options: OptimizerGraphOptions): OptimizerGraph {
  const { parameters, update, anchor, groups } = options;
  const bound = findUpdateRule(update.rule).bind(update.hyperparameters ?? {});
  const settings = resolveSettings(parameters, anchor, groups);

  const graph = new Graph("optimizer");
  const b = createOpBuilder(graph, DIALECT);
  const input = (name: string, dims: Shape, dtype: DataType = "float32") => {
    const value = new Value(name, tensorType(dtype, dims));
    graph.inputs.push(value);
    return value;
  };
  const lr = b.cast(input("lr", [], "float32"), "float64");
  const step = b.cast(input("step", [], "int64"), "float64");
  const listed: OptimizerGraphParameter[] = [];
  for (const [i, s] of settings.entries()) {
    if (s.frozen) continue;
    const { name } = s;
    refuseProjection(s);
    const { shape, units } = parameters[i]!; // settings come in the order of parameters
    const parameter = input(name, shape);
    const gradient = input(`${name}_grad`, shape);
    const own = bound.forParameter({ shape, role: s.role, units });
    const stateTensors = own.states.map((state) => ({ ...state, as: `${name}_${snakeCase(state.name)}` }));
    const states = Object.fromEntries(stateTensors.map((t) => [t.name, input(t.as, t.shape)]));
    const theta0 = readsAnchor(s) ? input(`${name}_anchor`, shape) : null;
    const held = memoryTensors(s, shape);
    const memory = held && {
      array: held.array && input(held.array.name, held.array.shape),
      numbers: input(held.numbers.name, held.numbers.shape),
    };
    const next = appendStep(b, {
      update: own,
      rule: s.rule,
      strength: s.strength,
      parameter,
      gradient,
      states,
      anchor: theta0,
      layout: rowLayout(shape, units),
      memory,
      at: { lr: b.scale(lr, s.lrScale), step },
    });
    output(b, next.parameter, `${name}_next`);
    for (const t of stateTensors) output(b, next.states[t.name]!, `${t.as}_next`); // of every state of the rule
    if (held && next.memory) {
      output(b, next.memory.numbers, `${held.numbers.name}_next`);
      if (held.array && next.memory.array) output(b, next.memory.array, `${held.array.name}_next`);
    }
    listed.push({
      name,
      shape,
      gradient: gradient.name,
      states: [
        ...stateTensors.map((t) => ({ name: t.as, shape: t.shape })),
        ...(held ? [held.numbers, ...[held.array ?? []].flat()] : []),
      ],
      anchor: theta0?.name ?? null,
    });
  }
  prune(graph);
  checkNames(graph);
  return { model: encode(graph), parameters: listed };
}

/** Inputs for what an anchor rule remembers of a parameter: `<parameter>_ftp_numbers`, `<parameter>_ftp_direction`. */
function memoryTensors(
  { name, rule, strength }: ParameterSettings,
  shape: Shape,
): { readonly numbers: GraphTensor; readonly array: GraphTensor | null } | null {
  const { memory } = rule;
  if (strength === 0 || memory === undefined) return null;
  const called = `${name}_${snakeCase(rule.name.replaceAll("-", "_"))}`;
  return {
    numbers: { name: `${called}_numbers`, shape: [memory.numbers.length] },
    array: memory.array === undefined ? null : { name: `${called}_${snakeCase(memory.array)}`, shape },
  };
}

function refuseProjection({ name, rule, strength }: ParameterSettings): void {
  if (strength === 0 || rule.projection === undefined) return;
  throw new ConfigError(
    `anchor rule "${rule.name}", which holds parameter "${name}", has no form as an ONNX graph: ` +
      "it learns from gradients on held-out data between steps. Choose another rule, or train with holdfast finetune.",
    { details: { parameter: name, rule: rule.name } },
  );
}

function readsAnchor({ rule, strength, anchor }: ParameterSettings): boolean {
  return rule.toward === "anchor" && strength > 0 && anchor !== "zero";
}

/** exp_avg for expAvg: names of states are PyTorch's. */
function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

function output(b: OpBuilder, value: Value, name: string): void {
  const own = value.producer === null || value.name !== "" ? b.op("Identity", [value]) : value;
  own.name = name;
  b.graph.outputs.push(own);
}

/** A parameter "w" and another "w_grad" would both claim one input. */
function checkNames(graph: Graph): void {
  const seen = new Set<string>();
  const twice = [...graph.inputs, ...graph.outputs]
    .map((v) => v.name)
    .filter((name) => seen.size === seen.add(name).size);
  if (twice.length === 0) return;
  throw new ConfigError(
    `the optimizer's graph would have several inputs or outputs called ${twice.map((n) => `"${n}"`).join(", ")}: ` +
      "rename a parameter, or leave it out of the trainable ones.",
    { details: { names: twice } },
  );
}

function encode(graph: Graph): Uint8Array {
  return encodeModel({
    graph,
    irVersion: IR_VERSION,
    opsets: new Map([["", DIALECT]]),
    functions: [],
    producerName: "holdfast",
    producerVersion: VERSION,
    metadata: new Map(),
    origin: null,
  });
}
