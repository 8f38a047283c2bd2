import { ConfigError, UnsupportedOpError } from "../errors.ts";
import { Graph } from "../onnx/graph.ts";
import { type Model, opsetOf } from "../onnx/model.ts";
import { Node } from "../onnx/node.ts";
import { outerValues } from "../onnx/outer-values.ts";
import { Value } from "../onnx/value.ts";
import {
  axisOf,
  constantNumbers,
  DIALECT,
  isComposite,
  type LowerContext,
  type PrimitiveOp,
} from "../ops/define.ts";
import type { OpBuilder } from "../ops/op-builder.ts";
import { createOpBuilder, opOf } from "../ops/registry.ts";
import type { DataType } from "../tensor/data-type.ts";
import { inFloat32, widened } from "../tensor/half-tensor.ts";
import type { Shape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { ConstantRegion, type Evaluate } from "./constant-region.ts";
import { withoutHalves } from "./half-precision.ts";
import { callFunction } from "./inline-function.ts";
import { lowerMaskedScatter } from "./masked-scatter.ts";
import { Refusals, sequenceOutput } from "./refusals.ts";
import { rewrites } from "./rewrites/registry.ts";

export interface LowerOptions {
  /** Concrete shape of each model input, by name. */
  readonly inputShapes: ReadonlyMap<string, Shape>;
  /** Source values (initializers, outputs of Constant nodes) that become inputs of the lowered graph, under these names. */
  readonly parameters: readonly { readonly value: Value; readonly name: string }[];
  /** Keep half floats as they are, to see the types of the file. Default: they become float32. */
  readonly keepHalves?: boolean;
  /** Makes float32 of the half floats of an initializer; `widening()` shares what it makes. Default: each graph its own. */
  readonly widen?: (stored: Tensor) => Tensor;
  /** Runs a graph without inputs; ONNX Runtime in production. Constant parts of the model are computed with it. */
  readonly evaluate: Evaluate;
  /** Source values that are changed on the way: what reads them in the lowered graph reads what is made of them here. */
  readonly transform?: ReadonlyMap<Value, (b: OpBuilder, value: Value) => Value>;
}

/** A model with every shape concrete, in one dialect of ai.onnx, with its constant parts computed. */
export interface Lowered {
  readonly graph: Graph;
  readonly b: OpBuilder;
  /** The model's inputs by name. */
  readonly inputs: ReadonlyMap<string, Value>;
  /** The model's outputs by name, without refused ones. */
  readonly outputs: ReadonlyMap<string, Value>;
  /** The parameters by source value: inputs of the lowered graph without a constant. */
  readonly parameters: ReadonlyMap<Value, Value>;
  /** What each source value became. */
  readonly valueOf: ReadonlyMap<Value, Value>;
  /** Source values that cannot be computed, because an operator is unknown or a shape depends on data: every reason. */
  readonly refused: ReadonlyMap<Value, readonly UnsupportedOpError[]>;
  /** Versions of the operator sets that the lowered graph uses. */
  readonly opsets: ReadonlyMap<string, number>;
}

/**
 * Rewrites a model for one set of input shapes: shapes become numbers and shape arithmetic disappears; functions are
 * inlined; old operator versions and composite operators are expanded; whatever depends neither on inputs nor on
 * parameters is computed once; half floats become float32.
 *
 * What cannot be computed in a graph of static shapes is left out and listed in `refused`, with all that depends on it:
 * the caller throws if it needs it.
 *
 * @throws ModelError if types do not fit
 */
export async function lower(model: Model, options: LowerOptions): Promise<Lowered> {
  return new Lowering(model, options).run();
}

class Lowering {
  private readonly model: Model;
  private readonly options: LowerOptions;
  private readonly graph: Graph;
  private readonly b: OpBuilder;
  private readonly constants: ConstantRegion;
  private readonly map = new Map<Value, Value>();
  private readonly parameters = new Map<Value, Value>();
  /** The elements of sequences, by the values that stand for them; none of these is in the lowered graph. */
  private readonly sequences = new Map<Value, readonly Value[]>();
  private readonly refused = new Refusals();
  private readonly names = new Set<string>();
  private readonly nodeNames = new Set<string>();
  private readonly domains = new Set<string>([""]);

  constructor(model: Model, options: LowerOptions) {
    this.model = model;
    this.options = options;
    this.graph = new Graph(model.graph.name);
    const opset = Math.max(opsetOf(model) ?? 1, DIALECT);
    this.constants = new ConstantRegion(opset, options.evaluate);
    this.b = createOpBuilder(this.graph, opset, (node) => this.constants.observe(node));
  }

  async run(): Promise<Lowered> {
    const source = this.model.graph;
    const stored = new Set(source.initializers);
    const inputs = new Map<string, Value>();
    for (const { value, name } of this.options.parameters) this.addParameter(value, name);
    for (const input of source.inputs) {
      // An initializer that may be overridden, or an input with one value for good: that value holds.
      if (stored.has(input) || input.constant !== null) continue;
      const value = this.addInput(input);
      inputs.set(input.name, value);
    }
    for (const initializer of source.initializers) this.addConstant(initializer);
    await this.walk(source.nodes, this.model.opsets);
    const outputs = new Map<string, Value>();
    for (const output of source.outputs) {
      if (this.refused.has(output)) continue;
      const value = this.lowered(output);
      if (this.sequences.has(value)) this.refuse([output], [sequenceOutput(output)]);
      else outputs.set(output.name, value);
    }
    this.graph.outputs = [...outputs.values()];
    await this.constants.settle(this.graph);
    this.b.forgetRemoved();
    return {
      graph: this.graph,
      b: this.b,
      inputs,
      outputs,
      parameters: this.parameters,
      valueOf: this.map,
      refused: this.refused.map,
      opsets: new Map(
        [...this.domains].map((d) => [d, d === "" ? this.b.opset : (this.model.opsets.get(d) ?? 1)]),
      ),
    };
  }

  private addInput(input: Value): Value {
    const dims = this.options.inputShapes.get(input.name);
    if (!dims || !input.declared) {
      throw new ConfigError(
        `model input "${input.name}" has no concrete shape; give one with --dim or sample inputs`,
        {
          details: { input: input.name },
        },
      );
    }
    const value = new Value(input.name, { dtype: this.dtypeOf(input.declared.dtype), dims });
    this.names.add(input.name);
    this.graph.inputs.push(value);
    this.map.set(input, value);
    return value;
  }

  private addParameter(source: Value, name: string): void {
    const { constant } = source;
    if (constant === null) throw new ConfigError(`"${name}" is no stored weight, so it cannot be trained`);
    const value = new Value(name, { dtype: this.dtypeOf(constant.dtype), dims: constant.dims });
    this.names.add(name);
    this.graph.inputs.push(value);
    this.map.set(source, value);
    this.parameters.set(source, value);
  }

  private dtypeOf(dtype: DataType): DataType {
    return this.options.keepHalves ? dtype : widened(dtype);
  }

  private addConstant(initializer: Value): void {
    if (this.map.has(initializer) || initializer.constant === null) return;
    const { keepHalves, widen = inFloat32 } = this.options;
    const constant = keepHalves ? initializer.constant : widen(initializer.constant);
    this.map.set(initializer, this.b.constant(constant, this.freshName(initializer.name)));
  }

  private lowered(value: Value): Value {
    const found = this.map.get(value);
    if (found) return found;
    this.refused.check(value);
    if (value.constant !== null && value.producer === null) {
      this.addConstant(value);
      return this.map.get(value)!;
    }
    throw new UnsupportedOpError(`internal: value "${value.name}" was read before it was lowered`);
  }

  /** Lowers nodes in order. `opsets` are those of the model or of the function that the nodes come from. */
  private async walk(nodes: readonly Node[], opsets: ReadonlyMap<string, number>): Promise<void> {
    const { transform } = this.options;
    for (const node of nodes) {
      await this.lowerNode(node, this.model.nodeOpsets?.get(node) ?? opsets);
      if (!transform) continue;
      for (const v of node.outputs) {
        const [change, value] = v === null ? [] : [transform.get(v), this.map.get(v)];
        if (v && change && value) this.map.set(v, change(this.b, value));
      }
    }
  }

  /** Lowers a node, or refuses its outputs. */
  private async lowerNode(source: Node, opsets: ReadonlyMap<string, number>): Promise<void> {
    try {
      await this.lowerSupported(source, opsets);
    } catch (error) {
      if (!(error instanceof UnsupportedOpError)) throw error;
      this.refuse(source.outputs, error.problems);
    }
  }

  private async lowerSupported(source: Node, opsets: ReadonlyMap<string, number>): Promise<void> {
    const node = this.options.keepHalves ? source : withoutHalves(source);
    // The output of a Constant node that is a parameter is an input of the lowered graph.
    if (node.outputs.length === 1 && node.outputs[0] && this.parameters.has(node.outputs[0])) return;
    const refusal = this.refused.of(node.inputs);
    if (refusal.length > 0) {
      const output = lowerMaskedScatter(node, { b: this.b, valueOf: (v) => this.map.get(v) ?? null });
      if (output !== null) this.bind(node.output(), output);
      else this.refuse(node.outputs, refusal);
      return;
    }
    const inputs = node.inputs.map((v) => (v === null ? null : this.lowered(v)));
    const call = callFunction(this.model, node);
    if (call) {
      call.body.inputs.forEach((formal, i) => {
        const actual = inputs[i] ?? null;
        if (actual !== null) this.map.set(formal, actual);
      });
      await this.walk(call.body.nodes, call.opsets);
      call.body.outputs.forEach((formal, i) => {
        const target = node.outputs[i];
        if (target && this.refused.has(formal)) this.refuse([target], this.refused.of([formal]));
        else if (target) this.bind(target, this.lowered(formal));
      });
      return;
    }
    if (await this.rewrite(node, inputs)) return;
    const opset = node.domain === "" ? (opsets.get("") ?? 1) : 1;
    const def = opOf(node, opset, opsets.get(node.domain));
    await this.constants.compute(...(def.reads ?? []).map((i) => inputs[i] ?? null));
    if (isComposite(def)) {
      const outputs = await def.lower(this.contextOf(node, inputs, opsets));
      node.outputs.forEach((target, i) => {
        const value = outputs[i] ?? null;
        if (target && value) this.bind(target, value);
        else if (target && target.uses.size > 0)
          node.fail(`output ${i} ("${target.name}") is used, but Holdfast's expansion does not compute it`);
      });
      return;
    }
    const passed = inputs.find((v) => v !== null && this.sequences.has(v));
    if (passed) {
      // Of the operators that stay, only one that passes its input on takes a sequence.
      if (inputs.length !== 1) node.fail("takes tensors, got a sequence");
      this.bind(node.output(), passed);
      return;
    }
    const rewritten = def.rewrite?.(this.contextOf(node, inputs, opsets));
    if (rewritten) {
      node.outputs.forEach((target, i) => {
        if (target) this.bind(target, rewritten[i] ?? node.fail(`output ${i} is missing from its expansion`));
      });
      return;
    }
    await this.copy(node, inputs, def);
  }

  /** Puts a better form in the place of one that ends with this node. @returns whether there was one */
  private async rewrite(node: Node, inputs: readonly (Value | null)[]): Promise<boolean> {
    if (node.domain !== "" || inputs.includes(null)) return false;
    for (const rule of rewrites) {
      if (rule.last !== node.opType) continue;
      const result = await rule.apply({
        node,
        inputs: inputs.filter((v) => v !== null),
        b: this.b,
        constant: (value) => this.constantOf(value),
      });
      if (result === null) continue;
      this.bind(node.output(), result);
      return true;
    }
    return false;
  }

  private async constantOf(value: Value): Promise<Tensor | null> {
    await this.constants.compute(value);
    return value.constant;
  }

  private refuse(values: readonly (Value | null)[], reasons: readonly UnsupportedOpError[]): void {
    for (const v of values) if (v !== null) this.map.delete(v); // what it was in an earlier turn of a loop
    this.refused.add(values, reasons);
  }

  private async copy(node: Node, inputs: readonly (Value | null)[], def: PrimitiveOp): Promise<void> {
    const outputs = node.outputs.map((v) => (v === null ? null : new Value(this.freshName(v.name))));
    // Bodies that are written out several times name their nodes alike, which ONNX Runtime refuses.
    const name = this.nodeNames.has(node.name) ? "" : node.name;
    this.nodeNames.add(name);
    const twin = new Node(node.opType, inputs, outputs, { domain: node.domain, name });
    for (const [name, attribute] of node.attributes) twin.attributes.set(name, attribute);
    if (def.dataDependent && (await this.constants.computeNode(twin))) {
      twin.detach();
      for (const value of outputs) if (value !== null) this.graph.initializers.push(value);
    } else {
      this.domains.add(def.domain ?? "");
      try {
        this.b.append(twin);
      } catch (error) {
        twin.detach();
        throw error;
      }
    }
    node.outputs.forEach((v, i) => {
      if (v !== null) this.map.set(v, outputs[i]!); // made just above, in the same places
    });
  }

  private bind(target: Value, value: Value): void {
    if (value.name === "" && value.producer !== null) value.name = this.freshName(target.name);
    this.map.set(target, value);
  }

  /** The name, if no value of the lowered graph has it: bodies of functions and loops are copied more than once. */
  private freshName(name: string): string {
    if (this.names.has(name)) return "";
    this.names.add(name);
    return name;
  }

  /** Puts a gate before what a body reads of the graphs around it. @returns how to take the gates away again */
  private close(body: Graph, gate: (outer: Value) => Value): () => void {
    const before = new Map<Value, Value>();
    for (const outer of outerValues(body)) {
      const value = this.map.get(outer);
      if (!value || this.sequences.has(value) || this.constants.isConstant(value)) continue;
      before.set(outer, value);
      this.map.set(outer, gate(value));
    }
    return () => {
      for (const [outer, value] of before) this.map.set(outer, value);
    };
  }

  private contextOf(
    node: Node,
    inputs: readonly (Value | null)[],
    opsets: ReadonlyMap<string, number>,
  ): LowerContext {
    return {
      node,
      b: this.b,
      opset: node.domain === "" ? (opsets.get("") ?? 1) : 1,
      input: (i) => inputs[i] ?? node.fail(`input ${i} is missing`),
      optional: (i) => inputs[i] ?? null,
      numbers: (i) => {
        const value = inputs[i] ?? null;
        if (value === null) return null;
        // A one-input stand-in, so that the same check and message serve lowered inputs.
        const standIn = new Node(node.opType, Array(i).fill(null).concat(value), 0, {
          name: node.name,
          domain: node.domain,
        });
        try {
          return constantNumbers(standIn, i, node.domain === "" ? opsets.get("") : undefined);
        } finally {
          standIn.detach();
        }
      },
      axis: (axis, rank) => axisOf(node, axis, rank),
      constant: (value) => this.constantOf(value),
      body: async (graph, actuals, gate) => {
        for (const initializer of graph.initializers) this.addConstant(initializer);
        graph.inputs.forEach((formal, i) => {
          const actual = actuals[i];
          if (actual) this.map.set(formal, actual);
        });
        const reopen = gate ? this.close(graph, gate) : null;
        try {
          await this.walk(graph.nodes, opsets);
          return graph.outputs.map((v) => this.lowered(v));
        } finally {
          reopen?.();
        }
      },
      sequence: (i) => this.sequences.get(inputs[i]!) ?? node.fail(`input ${i} is no sequence`),
      isSequence: (i) => this.sequences.has(inputs[i]!),
      makeSequence: (elements) => {
        const handle = new Value("sequence");
        this.sequences.set(handle, elements);
        return handle;
      },
    };
  }
}
