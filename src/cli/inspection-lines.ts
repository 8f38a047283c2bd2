import type { SummaryValue } from "../onnx/summary.ts";
import { bytes, integer } from "../report/format.ts";
import type { Inspection, OperatorFacts, ParameterFacts } from "../training/inspect.ts";
import type { Blocker } from "../training/trainable-path.ts";
import { tableLines } from "./table.ts";
import type { Terminal } from "./terminal.ts";

/** What to say beside what was found. */
interface DescribeOptions {
  /** Why there is no memory estimate. */
  readonly missing: string | null;
  /** Whether every stored tensor is listed. */
  readonly all: boolean;
  readonly style: Terminal["style"];
}

/** An inspection as lines for a terminal. */
export function inspectionLines(found: Inspection, { missing, all, style }: DescribeOptions): string[] {
  const { summary, parameters, operators, blocked, problem, memory } = found;
  const weights = parameters.filter((p) => p.constantBecause === null);
  const opsets = [...summary.opsets].map(([domain, version]) => `${domain || "ai.onnx"} ${version}`);
  const facts = [
    ["producer", summary.producer || "not said"],
    ["opset", `${opsets.join(", ")} (IR version ${summary.irVersion})`],
    ...summary.inputs.map((v) => ["input", typed(v)]),
    ...summary.outputs.map((v) => ["output", typed(v)]),
    [
      "nodes",
      `${integer(summary.nodes)}${summary.functions.length ? `, and ${summary.functions.length} functions` : ""}`,
    ],
    ...summary.weights.map((w) => [
      "stored",
      `${integer(w.elements)} ${w.dtype} in ${w.tensors} tensors, ${bytes(w.bytes)}`,
    ]),
    ...summary.externalFiles.map((f) => ["beside it", `${f.name}, ${bytes(f.bytes)}`]),
  ];
  const sum = weights.reduce((n, w) => n + w.elements, 0);
  return [
    ...tableLines(facts, "l"),
    "",
    style("bold", `Weights: ${integer(sum)} numbers in ${weights.length} tensors`),
    ...roleLines(weights),
    "",
    ...(all ? parameterLines(parameters) : blockLines(weights, sum)),
    ...constantLines(parameters, all),
    "",
    style("bold", "Operators"),
    ...operatorLines(operators, style),
    "",
    ...(problem === null
      ? [style("green", "Every operator on a trainable path has a gradient.")]
      : [
          style("red", `${blocked.length > 0 ? "Cannot be trained whole" : "Cannot be trained"}: ${problem}`),
          ...blockerLines(blocked),
        ]),
    ...(summary.quantizedWeights.length > 0
      ? [
          `${summary.quantizedWeights.length} large tensors are quantised and stay as they are; train adapters beside them (--method lora), or start from the float32 export.`,
        ]
      : []),
    ...memoryLines(memory, missing),
  ];
}

function typed({ name, type }: SummaryValue): string {
  return type === null
    ? name
    : `${name} ${type.dtype} [${type.dims?.map((d) => d ?? "?").join(", ") ?? "?"}]`;
}

function roleLines(weights: readonly ParameterFacts[]): string[] {
  const roles = new Map<string, { tensors: number; elements: number }>();
  for (const { role, elements } of weights) {
    const before = roles.get(role) ?? { tensors: 0, elements: 0 };
    roles.set(role, { tensors: before.tensors + 1, elements: before.elements + elements });
  }
  const rows = [...roles].map(([role, r]) => [`  ${role}`, `${integer(r.elements)}`, `in ${r.tensors}`]);
  return tableLines(rows, "lrr");
}

function parameterLines(parameters: readonly ParameterFacts[]): string[] {
  const sorted = [...parameters].sort((a, b) => a.depth - b.depth);
  const rows = sorted.map((p) => [
    String(p.depth),
    p.name,
    `[${p.dims.join(", ")}]`,
    p.constantBecause === null ? p.role : `constant: ${p.constantBecause}`,
  ]);
  return tableLines([["depth", "name", "shape", "role"], ...rows], "rlll");
}

function constantLines(parameters: readonly ParameterFacts[], all: boolean): string[] {
  const reasons = new Map<string, number>();
  for (const { constantBecause: why } of parameters)
    if (why !== null) reasons.set(why, (reasons.get(why) ?? 0) + 1);
  if (reasons.size === 0 || all) return [];
  const rows = [...reasons].map(([why, n]) => [`  ${n}`, why]);
  return ["Stored tensors that are no weights (listed by --parameters):", ...tableLines(rows, "rl")];
}

function operatorLines(operators: readonly OperatorFacts[], style: Terminal["style"]): string[] {
  const words = { yes: "yes", zero: "ends here", none: "none", unknown: "unknown" } as const;
  const rows = operators.map(({ domain, opType, count, gradient, onTrainablePath }) => {
    const inTheWay = onTrainablePath > 0 && (gradient === "none" || gradient === "unknown");
    const word = words[gradient];
    return [
      domain ? `${domain}.${opType}` : opType,
      String(count),
      inTheWay ? style("red", word) : word,
      onTrainablePath === 0 ? "–" : String(onTrainablePath),
    ];
  });
  return tableLines([["operator", "count", "gradient", "on a trainable path"], ...rows], "lrlr");
}

/** Where the weights lie: one line a block, with the share of all as a bar. */
function blockLines(weights: readonly ParameterFacts[], sum: number): string[] {
  const blocks = new Map<number | null, ParameterFacts[]>();
  for (const w of weights) blocks.set(w.block, [...(blocks.get(w.block) ?? []), w]);
  if (blocks.size < 2) return [];
  const order = [...blocks].sort(
    ([a], [b]) => (a ?? Number.POSITIVE_INFINITY) - (b ?? Number.POSITIVE_INFINITY),
  );
  const rows = order.map(([block, list]) => {
    const elements = list.reduce((n, w) => n + w.elements, 0);
    const [first, last] = [list[0], list.at(-1)];
    const names = first === last ? first?.name : `${first?.name} … ${last?.name}`;
    const bar = "▇".repeat(Math.max(1, Math.round((BAR * elements) / sum)));
    return [block === null ? "–" : String(block), integer(elements), `in ${list.length}`, bar, names ?? ""];
  });
  const hint = blocks.has(null) ? ["–: the first output does not depend on these."] : [];
  return [...tableLines([["block", "numbers", "tensors", "share", "names"], ...rows], "rrrll"), ...hint];
}

const BAR = 20;

/** The nodes that are in the way, the first few of them, and what can be done. */
function blockerLines(blocked: readonly Blocker[]): string[] {
  const shown = blocked.slice(0, MAX_BLOCKERS).map(({ node, opType, domain, opset, why, remedy }) => {
    const name = `${domain ? `${domain}.` : ""}${opType} "${node}" (${domain || "ai.onnx"} ${opset})`;
    return `  ${name}: ${why || "no gradient"}. What can be done: ${remedy}.`;
  });
  return blocked.length > MAX_BLOCKERS
    ? [...shown, `  … and ${blocked.length - MAX_BLOCKERS} more (--json)`]
    : shown;
}

const MAX_BLOCKERS = 5;

function memoryLines(memory: Inspection["memory"], missing: string | null): string[] {
  if (missing !== null) return [`No memory estimate: ${missing}`];
  if (memory === null) return [];
  const shapes = Object.entries(memory.inputShapes).map(([name, dims]) => `${name} [${dims.join(", ")}]`);
  return [
    `Training with ${shapes.join(", ")} takes about ${bytes(memory.total)} of memory:`,
    ...tableLines(
      [
        ["  activations, at most at once", bytes(memory.activations)],
        ["  weights, gradients, moments, anchors", bytes(memory.parameters)],
        ["  copies: the best weights, gradients in ONNX Runtime", bytes(memory.copies)],
        ["  the model as it was read, frozen weights", bytes(memory.model)],
        ["  Node, ONNX Runtime, graphs", bytes(memory.process)],
      ],
      "lr",
    ),
  ];
}
