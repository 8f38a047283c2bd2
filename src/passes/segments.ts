import { ConfigError } from "../errors.ts";
import { allNodes, type Model } from "../onnx/model.ts";
import type { Node } from "../onnx/node.ts";
import { tensorType } from "../onnx/type.ts";
import { Value } from "../onnx/value.ts";
import type { OpBuilder } from "../ops/op-builder.ts";
import { tensor } from "../tensor/tensor.ts";
import type { Lowered } from "./lower.ts";

/** Stands for −∞ where a token must not be seen: its exponential is 0 in float32, and sums with it stay finite. */
const UNSEEN = -1e30;

/**
 * Makes a language model read several texts in one row, each as if it stood alone.
 *
 * No token sees one of another text: before each Softmax over scores [B, …, T, T] what is of another text becomes UNSEEN.
 * Tables of positions are read as if each text began the row. Rotated and relative positions need no change, since
 * attention knows their differences alone. Whether that is all that a model does with its texts is for a trial to
 * say: `training/packing.ts`.
 */
export class Segments {
  readonly input: Value;
  /** For `lower`: what is looked up by position in a table. */
  readonly transform: ReadonlyMap<Value, (b: OpBuilder, value: Value) => Value>;
  private readonly size: readonly [batch: number, length: number];
  private shift: Value | null = null;

  /**
   * @param name of the new input, int64 [batch, length]: which text of its row a token is of, from 1 on; 0 behind them
   * @throws ConfigError if the model has an input of that name already
   */
  constructor(model: Model, name: string, size: readonly [batch: number, length: number]) {
    if (model.graph.inputs.some((v) => v.name === name)) {
      throw new ConfigError(
        `preprocess.packing: the model has an input "${name}" of its own; leave packing out`,
      );
    }
    this.size = size;
    this.input = new Value(name, tensorType("int64", size));
    const lookups = [...allNodes(model.graph)].filter(
      (node) => node.domain === "" && node.opType === "Gather",
    );
    this.transform = new Map(
      lookups.map((node) => [node.output(), (b: OpBuilder, value: Value) => this.restarted(b, value)]),
    );
  }

  /** Masks every attention of a lowered graph. @throws ConfigError if it has none */
  mask({ graph, b }: Lowered): void {
    const [, length] = this.size;
    const attentions = graph.nodes.filter((node) => isAttention(node, this.size));
    if (attentions.length === 0) {
      throw new ConfigError(
        `preprocess.packing: the model has no attention over the ${length} tokens of a row that texts could be kept apart in; leave packing out`,
      );
    }
    this.register(b);
    const same = insertedAt(0, b, () => {
      const rows = b.unsqueeze(this.input, [2]);
      const equal = b.op("Equal", [rows, b.unsqueeze(this.input, [1])]);
      // Whatever the rest of a row sees goes nowhere; if it saw nothing, it would be no number.
      const isFilling = b.op("Equal", [rows, b.scalar(0, "int64")]);
      return b.op("Or", [equal, isFilling]);
    });
    for (const softmax of attentions) {
      const scores = softmax.input(0);
      const at = graph.nodes.indexOf(softmax);
      const seen = insertedAt(at, b, () => {
        const [batch, length] = this.size;
        const between = new Array<number>(scores.dims.length - 3).fill(1);
        return b.where(
          b.reshape(same, [batch, ...between, length, length]),
          scores,
          b.scalar(UNSEEN, scores.dtype),
        );
      });
      softmax.setInput(0, seen);
    }
  }

  private register(b: OpBuilder): void {
    if (!b.graph.inputs.includes(this.input)) b.graph.inputs.push(this.input);
  }

  /** Rows of a table at positions that begin anew with each text; other lookups as they are. */
  private restarted(b: OpBuilder, value: Value): Value {
    const node = value.producer;
    const [table, index] = node?.inputs ?? [];
    if (!node || !table || !index || node.opType !== "Gather" || node.int("axis", 0) !== 0) return value;
    if (table.dims.length !== 2 || !this.isByPosition(index) || readsTokens(index)) return value;
    this.register(b);
    this.shift ??= this.tokensBefore(b);
    const restarted = b.sub(b.cast(index, "int64"), this.shift);
    return b.op("Gather", [table, restarted], { axis: 0 });
  }

  private isByPosition({ dims }: Value): boolean {
    const [batch, length] = this.size;
    const [first, second] = dims.length === 1 ? [1, dims[0]] : dims;
    return dims.length <= 2 && second === length && (first === 1 || first === batch);
  }

  /** How many tokens of a row stand before the text of each, int64 [B, T]; 0 for what it is filled up with. */
  private tokensBefore(b: OpBuilder): Value {
    const [, length] = this.size;
    const earlier = Float32Array.from({ length: length * length }, (_, i) =>
      i % length < Math.floor(i / length) ? 1 : 0,
    );
    const rows = b.unsqueeze(this.input, [2]);
    const isOther = b.op("Not", [b.op("Equal", [rows, b.unsqueeze(this.input, [1])])]);
    const before = b.mul(
      b.cast(isOther, "float32"),
      b.constant(tensor("float32", [length, length], earlier)),
    );
    const isText = b.op("Not", [b.op("Equal", [this.input, b.scalar(0, "int64")])]);
    return b.cast(b.mul(b.reduceSum(before, [2], false), b.cast(isText, "float32")), "int64");
  }
}

function isAttention(node: Node, [batch, length]: readonly [number, number]): boolean {
  if (node.opType !== "Softmax" || node.domain !== "") return false;
  const { dims } = node.input(0);
  const axis = (node.int("axis", -1) + dims.length) % dims.length;
  return (
    dims.length >= 3 &&
    dims[0] === batch &&
    axis === dims.length - 1 &&
    dims.at(-1) === length &&
    dims.at(-2) === length
  );
}

/** Whether a value is computed of an input other than masks and positions. */
function readsTokens(value: Value): boolean {
  const seen = new Set<Value>();
  const reads = (v: Value): boolean => {
    if (seen.has(v) || v.constant !== null) return false;
    seen.add(v);
    if (v.producer === null) return !/mask|position/iu.test(v.name);
    return v.producer.inputs.some((input) => input !== null && reads(input));
  };
  return reads(value);
}

/** Runs `body`, whose nodes then stand at one place of the graph and not at its end. */
function insertedAt(at: number, { graph }: OpBuilder, body: () => Value): Value {
  const before = graph.nodes.length;
  const value = body();
  graph.nodes.splice(at, 0, ...graph.nodes.splice(before));
  return value;
}
