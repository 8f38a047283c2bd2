import { formatAttribute, formatDeclaredType, formatElements, formatName } from "./format.ts";
import type { Graph } from "./graph.ts";
import type { Node } from "./node.ts";
import type { Value } from "./value.ts";

export interface PrintOptions {
  /** Adds each node's own name behind it. Default false: exporters' names are long and say little. */
  readonly nodeNames?: boolean;
}

/** Names longer than this do not widen the column for all others. */
const MAX_COLUMN = 44;
/** Unnamed constants of at most this many elements are written where they are used. */
const MAX_INLINE = 4;

/**
 * A graph as text, one line for each value in the order of the file:
 *
 *     mlp(x: float32[batch, 4])
 *       w    float32[4, 3]      = {0.1, −0.2, …}
 *       xw   float32[batch, 3]  = MatMul(x, w)
 *       y                       = Relu(xw)
 *       return y
 *
 * Values without a name are numbered `%0`, `%1` … as they appear; an omitted input is `_`. The text depends on the
 * graph alone, so it serves as a snapshot.
 */
export function printGraph(graph: Graph, options: PrintOptions = {}): string {
  return `${new Printer(options).graph(graph, "").join("\n")}\n`;
}

interface Row {
  readonly name: string;
  readonly type: string;
  readonly text: string;
  /** Lines that stand below: the graphs in a node's attributes. */
  readonly below: readonly string[];
}

class Printer {
  private readonly options: PrintOptions;
  private readonly names = new Map<Value, string>();

  constructor(options: PrintOptions) {
    this.options = options;
  }

  graph(graph: Graph, indent: string): string[] {
    const inputs = graph.inputs.map((v) => [this.nameOf(v), typeOf(v)].filter(Boolean).join(": "));
    const rows = [
      ...graph.initializers.filter((v) => !isInline(v)).map((v) => this.initializer(v)),
      ...graph.nodes.map((n) => this.node(n, indent)),
    ];
    const nameWidth = columnWidth(rows.map((r) => r.name));
    const typeWidth = columnWidth(rows.map((r) => r.type));
    const typeColumn = (type: string) => (typeWidth === 0 ? "" : `  ${type.padEnd(typeWidth)}`);
    return [
      `${indent}${formatName(graph.name || "graph")}(${inputs.join(", ")})`,
      ...rows.flatMap((r) => [
        `${indent}  ${r.name.padEnd(nameWidth)}${typeColumn(r.type)}  = ${r.text}`,
        ...r.below,
      ]),
      `${indent}  return ${graph.outputs.map((v) => this.operand(v)).join(", ")}`,
    ];
  }

  private initializer(value: Value): Row {
    const elements = value.constant ? formatElements(value.constant) : "{…}";
    return { name: this.nameOf(value), type: typeOf(value), text: elements, below: [] };
  }

  private node(node: Node, indent: string): Row {
    const inputs = node.inputs.map((v) => this.operand(v)).join(", ");
    const outputs = node.outputs.map((v) => (v === null ? "_" : this.nameOf(v)));
    const types = node.outputs.map((v) => (v === null ? "_" : typeOf(v) || "?"));
    const attributes: string[] = [];
    const below: string[] = [];
    for (const [name, attribute] of node.attributes) {
      if (attribute.kind !== "graph" && attribute.kind !== "graphs") {
        attributes.push(` ${name}=${formatAttribute(attribute)}`);
        continue;
      }
      for (const graph of attribute.kind === "graph" ? [attribute.value] : attribute.value)
        below.push(`${indent}    ${name}:`, ...this.graph(graph, `${indent}      `));
    }
    const op = `${node.domain && `${node.domain}.`}${node.opType}${node.overload && `:${node.overload}`}`;
    const label = this.options.nodeNames && node.name ? `  # ${formatName(node.name)}` : "";
    return {
      name: outputs.join(", "),
      type: types.every((t) => t === "?" || t === "_") ? "" : types.join(", "),
      text: `${formatName(op)}(${inputs})${attributes.join("")}${label}`,
      below,
    };
  }

  private operand(value: Value | null): string {
    if (value === null) return "_";
    if (isInline(value) && value.constant) return `${value.constant.dtype} ${formatElements(value.constant)}`;
    return this.nameOf(value);
  }

  private nameOf(value: Value): string {
    if (value.name) return formatName(value.name);
    const known = this.names.get(value) ?? `%${this.names.size}`;
    this.names.set(value, known);
    return known;
  }
}

function isInline(value: Value): boolean {
  const { constant, producer } = value;
  return value.name === "" && producer === null && constant !== null && constant.data.length <= MAX_INLINE;
}

function typeOf(value: Value): string {
  return formatDeclaredType(value.declared ?? (value.isTyped ? value.type : null));
}

function columnWidth(texts: readonly string[]): number {
  return Math.max(0, ...texts.map((t) => t.length).filter((n) => n <= MAX_COLUMN));
}
