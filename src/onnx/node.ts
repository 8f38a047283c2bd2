import { ModelError } from "../errors.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { type Attribute, type AttributeInit, toAttribute } from "./attribute.ts";
import type { Graph } from "./graph.ts";
import type { NodeProto } from "./proto/onnx-ml_pb.ts";
import { type Use, Value } from "./value.ts";

export interface NodeInit {
  readonly domain?: string;
  readonly name?: string;
  readonly overload?: string;
  readonly attributes?: Readonly<Record<string, AttributeInit>>;
}

/**
 * One application of an operator. Inputs and outputs are values by identity; an omitted optional input or output is
 * null. Inputs change only through `setInput`, which keeps the uses of values true.
 */
export class Node {
  readonly opType: string;
  /** The operator's domain; "" for ai.onnx. */
  readonly domain: string;
  name: string;
  /** Overload of a model-local function; "" for none. */
  readonly overload: string;
  readonly attributes: Map<string, Attribute>;
  private readonly outputList: (Value | null)[];
  private readonly inputList: (Value | null)[] = [];
  private readonly inputUses: (Use | null)[] = [];
  /** The message this node was read from; keeps what the IR does not model. */
  origin: NodeProto | null = null;

  constructor(
    opType: string,
    inputs: readonly (Value | null)[],
    outputs: number | readonly (Value | null)[],
    init: NodeInit = {},
  ) {
    this.opType = opType;
    this.domain = init.domain ?? "";
    this.name = init.name ?? "";
    this.overload = init.overload ?? "";
    this.attributes = new Map(Object.entries(init.attributes ?? {}).map(([k, v]) => [k, toAttribute(v)]));
    const values = typeof outputs === "number" ? Array.from({ length: outputs }, () => new Value()) : outputs;
    this.outputList = [];
    for (const value of values) this.addOutput(value);
    for (const input of inputs) this.addInput(input);
  }

  /** This very node as seen with other attributes: inputs, outputs and uses are shared, and stay this node's. */
  seenWith(attributes: ReadonlyMap<string, Attribute>): Node {
    return Object.create(this, { attributes: { value: attributes, enumerable: true } }) as Node; // its prototype is this
  }

  get inputs(): readonly (Value | null)[] {
    return this.inputList;
  }

  get outputs(): readonly (Value | null)[] {
    return this.outputList;
  }

  private addOutput(value: Value | null): void {
    this.outputList.push(null);
    if (value !== null) this.setOutput(this.outputList.length - 1, value);
  }

  private setOutput(index: number, value: Value): void {
    this.outputList[index] = value;
    value.producer = this;
    value.outputIndex = index;
  }

  /** Output `i`, which the operator can give; the node computes it from now on if it left it out. */
  ensureOutput(i: number): Value {
    while (this.outputList.length <= i) this.addOutput(null);
    const present = this.outputList[i];
    if (present) return present;
    const value = new Value();
    this.setOutput(i, value);
    return value;
  }

  addInput(value: Value | null): void {
    this.inputList.push(null);
    this.inputUses.push(null);
    this.setInput(this.inputList.length - 1, value);
  }

  setInput(index: number, value: Value | null): void {
    const old = this.inputUses[index];
    if (old) this.inputList[index]?.uses.delete(old);
    this.inputList[index] = value;
    const use = value === null ? null : { node: this, index };
    this.inputUses[index] = use;
    if (value !== null && use !== null) value.uses.add(use);
  }

  /** Forgets all inputs, so that the values no longer count this node among their uses. */
  detach(): void {
    for (let i = 0; i < this.inputList.length; i++) this.setInput(i, null);
  }

  /** Input `i`, which the operator requires. @throws ModelError if it is missing */
  input(i: number): Value {
    return this.inputList[i] ?? this.fail(`input ${i} is missing`);
  }

  /** Output `i`, which the node must have. @throws ModelError if it is missing */
  output(i = 0): Value {
    return this.outputs[i] ?? this.fail(`output ${i} is missing`);
  }

  hasInput(i: number): boolean {
    return (this.inputList[i] ?? null) !== null;
  }

  hasOutput(i: number): boolean {
    return (this.outputs[i] ?? null) !== null;
  }

  int(name: string, otherwise?: number): number {
    return this.read(name, "int", otherwise);
  }

  float(name: string, otherwise?: number): number {
    return this.read(name, "float", otherwise);
  }

  string(name: string, otherwise?: string): string {
    return this.read(name, "string", otherwise);
  }

  ints(name: string, otherwise?: readonly number[]): readonly number[] {
    return this.readList(name, "ints", otherwise);
  }

  floats(name: string, otherwise?: readonly number[]): readonly number[] {
    return this.readList(name, "floats", otherwise);
  }

  strings(name: string, otherwise?: readonly string[]): readonly string[] {
    return this.read(name, "strings", otherwise);
  }

  tensor(name: string): Tensor {
    return this.read<Tensor>(name, "tensor", undefined);
  }

  graph(name: string): Graph {
    return this.read<Graph>(name, "graph", undefined);
  }

  has(name: string): boolean {
    return this.attributes.has(name);
  }

  /** `Gemm "fc1"`, the way messages name a node. */
  describe(): string {
    const named = this.name || this.outputs.find((v) => v?.name)?.name;
    const op = this.domain ? `${this.domain}.${this.opType}` : this.opType;
    return named ? `${op} "${named}"` : op;
  }

  /** Throws a ModelError that names this node. */
  fail(problem: string): never {
    throw new ModelError(`${this.describe()}: ${problem}`, {
      details: { node: this.name, opType: this.opType, domain: this.domain },
    });
  }

  // An empty list of ints and one of floats look the same to a writer that leaves the kind out.
  private readList(name: string, kind: "ints" | "floats", otherwise?: readonly number[]): readonly number[] {
    const found = this.attributes.get(name);
    if (found && (found.kind === "ints" || found.kind === "floats") && found.value.length === 0) return [];
    return this.read(name, kind, otherwise);
  }

  private read<T>(name: string, kind: Attribute["kind"], otherwise: T | undefined): T {
    const found = this.attributes.get(name);
    if (found === undefined) return otherwise ?? this.fail(`attribute ${name} (${kind}) is missing`);
    if (found.kind !== kind) this.fail(`attribute ${name} is of kind ${found.kind}, expected ${kind}`);
    // The kind was checked just above, and the kind decides the type of the value.
    return (found as unknown as { value: T }).value;
  }
}
