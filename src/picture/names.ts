import type { Box, Network } from "./boxes.ts";
import type { Card } from "./cards.ts";

/** Names that exporters make up, and parts that only repeat the operator, say nothing about the place. */
const MADE_UP = /^(onnx::|val_|p2o\.|node_|_|\d+$)|:/;

/** What a card is, by what it holds: `Transformer layer`, `Residual block`. */
export function titleOf(boxes: readonly Box[], network: Network): string {
  const last = network.boxes.findLast((b) => b.elements > 0);
  const isHead = boxes.some((b) => b === last && (b.kind === "linear" || b.kind === "conv"));
  const has = (kind: Box["kind"]) => boxes.some((b) => b.kind === kind);
  const joins = boxes.filter((b) => b.kind === "join");
  const attends = has("attention") && boxes.filter((b) => b.kind === "linear").length >= 3;
  if (attends) return joins.filter((b) => b.title === "+").length > 1 ? "Transformer layer" : "Attention";
  if (isHead && joins.length === 0) return "Head";
  if (has("recurrent")) return "Recurrent layers";
  if (has("conv")) {
    const isGate = joins.some((b) => b.title === "×") && has("pool");
    if (isGate && boxes.length <= 6) return "Squeeze and excitation";
    const isResidual = joins.some((b) => b.title === "+");
    const isDepthwise = boxes.some((b) => b.title.startsWith("Depthwise"));
    if (isResidual) return isDepthwise ? "Inverted residual" : "Residual block";
    if (isDepthwise) return "Depthwise convolutions";
    return boxes.filter((b) => b.kind === "conv").length > 1 ? "Convolutions" : "Convolution";
  }
  if (has("embedding")) return "Embeddings";
  if (has("linear"))
    return boxes.filter((b) => b.kind === "linear").length > 1 ? "Dense layers" : "Dense layer";
  if (has("norm")) return "Normalisation";
  if (has("pool")) return "Pooling";
  return boxes.length === 1 ? (boxes[0]?.title ?? "") : "Operators";
}

/**
 * Where the file says that a card is: the part that all names in it have in common, a number that counts its copies
 * written as a range: `encoder.layer.0 – 11`. Empty where names say nothing.
 */
export function placeOf(card: Card, boxes: readonly Box[]): string {
  const paths = (indices: readonly number[]) =>
    indices.flatMap((i) =>
      (boxes[i]?.nodes ?? []).map((n) => pathOf(n.node.name)).filter((p) => p.length > 0),
    );
  const common = commonPrefix(paths(card.members));
  if (card.count > 1) {
    const size = card.members.length / card.count;
    const copies = Array.from({ length: card.count }, (_, i) =>
      commonPrefix(paths(card.members.slice(i * size, (i + 1) * size))),
    );
    const numbers = copies.map((p) => p[common.length]);
    if (numbers.every((n) => n !== undefined && /^\d+$/.test(n)))
      return [...common, `${numbers[0]} – ${numbers.at(-1)}`].join(".");
  }
  return common.join(".");
}

function pathOf(name: string): string[] {
  if (!/[/.]/.test(name) || MADE_UP.test(name)) return [];
  // The last part names the operator itself.
  return name.split(/[/.]/).filter(Boolean).slice(0, -1);
}

function commonPrefix(paths: readonly (readonly string[])[]): string[] {
  const [first, ...others] = paths;
  if (!first) return [];
  let length = first.length;
  for (const path of others) {
    let i = 0;
    while (i < length && path[i] === first[i]) i++;
    length = i;
  }
  return first.slice(0, length);
}

/** 1234567 → `1.23 M`. */
export function amount(n: number): string {
  const units = ["", " k", " M", " G"];
  let unit = 0;
  let value = n;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${unit === 0 ? value : Number(value.toPrecision(3))}${units[unit]}`;
}

/** A share of 1: `4.2 %`. */
export function share(x: number): string {
  return `${x >= 0.0995 ? Math.round(100 * x) : Number((100 * x).toPrecision(2))} %`;
}

/** Dimensions as they stand on an edge: `1 × 197 × 384`. */
export function dimsText(dims: Box["dims"]): string {
  if (dims === null) return "";
  return dims.length === 0 ? "one number" : dims.map((d) => d ?? "?").join(" × ");
}
