import { ConfigError, messageOf } from "../../errors.ts";
import type { Model } from "../../onnx/model.ts";
import { printGraph } from "../../onnx/print-graph.ts";
import type { SummaryValue } from "../../onnx/summary.ts";
import { fixInputs } from "../../passes/fix-inputs.ts";
import { bytes, integer } from "../../report/format.ts";
import type { Shape } from "../../tensor/shape.ts";
import { sitesOf } from "../../training/adapters.ts";
import { concreteShapes, shapesLike } from "../../training/input-shapes.ts";
import {
  type Inspection,
  inspectModel,
  type OperatorFacts,
  type ParameterFacts,
} from "../../training/inspect.ts";
import type { Cli, CliCommand } from "../command.ts";
import { print } from "../command.ts";
import { printJson } from "../json-output.ts";
import { layerFacts, layerLines } from "../layer-lines.ts";
import { dimArgument, fixFlag, openModel, openShortRuntime } from "../open-model.ts";
import { tableLines } from "../table.ts";
import { openTerminal, type Terminal } from "../terminal.ts";

interface Options {
  readonly dim?: ReadonlyMap<string, number>;
  readonly fix?: ReadonlyMap<string, number>;
  readonly like?: string;
  readonly graph?: boolean;
  readonly parameters?: boolean;
  readonly layers?: boolean;
  readonly json?: boolean;
}

export const inspect: CliCommand = {
  name: "inspect",
  summary: "Say what is in a model, and whether it can be trained.",
  group: "Look:",
  examples: [
    ["holdfast inspect model.onnx", "inputs, outputs, operators and their gradients"],
    ["holdfast inspect model.onnx --dim batch=16 --parameters", "memory for a batch of 16; every weight"],
    ["holdfast inspect model.onnx --layers", "where LoRA and other adapters can sit"],
    ["holdfast inspect model.onnx --graph", "the graph as text"],
  ],
  define(command, cli) {
    command
      .argument("<model>", "an .onnx file or a model folder")
      .option(
        "--dim <name=size>",
        "size of a free dimension, for the memory estimate; repeat for several",
        dimArgument,
      )
      .option("--like <npz>", "sample inputs whose shapes are taken instead")
      .option(...fixFlag)
      .option("--parameters", "list every stored tensor, by depth")
      .option("--layers", "list the layers that adapters can sit on, by the paths that peft.targets matches")
      .option("--graph", "print the graph and nothing else")
      .option("--json", "everything as JSON");
    command.action(async (path: string, options: Options) => {
      const { source, model } = await openModel(cli, path);
      fixInputs(model, options.fix ?? new Map());
      if (options.graph === true) return void cli.stdout.write(printGraph(model.graph));
      const { shapes, missing } = await shapesFor(cli, model, options);
      const runtime = await openShortRuntime(cli);
      const found = await inspectModel(model, { runtime, ...(shapes ? { inputShapes: shapes } : {}) });
      const layers = options.layers === true ? sitesOf(model) : null;
      if (options.json === true) {
        const more = layers ? { layers: layerFacts(layers) } : {};
        return printJson(cli, { path: source.path, ...plain(found), ...more });
      }
      const terminal = openTerminal(cli.stdout, cli.environment);
      if (layers) return print(cli, [source.path, ...layerLines(layers)]);
      print(cli, [source.path, ...describe(found, missing, options.parameters === true, terminal)]);
    });
  },
};

/** The shapes to build for, or why there are none: what was asked for must hold, what was not need not. */
async function shapesFor(
  cli: Cli,
  model: Model,
  { dim, like }: Options,
): Promise<{ shapes: Map<string, Shape> | null; missing: string | null }> {
  if (like !== undefined) return { shapes: await shapesLike(cli.files, like, model), missing: null };
  try {
    return { shapes: concreteShapes(model, dim ?? new Map([["batch", 1]])), missing: null };
  } catch (error) {
    if (dim !== undefined || !(error instanceof ConfigError)) throw error;
    return { shapes: null, missing: messageOf(error) };
  }
}

function plain({ summary, ...rest }: Inspection): object {
  const { opsets, metadata, ...facts } = summary;
  return {
    ...facts,
    opsets: Object.fromEntries(opsets),
    metadata: Object.fromEntries(metadata),
    ...rest,
  };
}

function describe(found: Inspection, missing: string | null, all: boolean, { style }: Terminal): string[] {
  const { summary, parameters, operators, problem, memory } = found;
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
    ...(all ? ["", ...parameterLines(parameters)] : []),
    ...constantLines(parameters, all),
    "",
    style("bold", "Operators"),
    ...operatorLines(operators, style),
    "",
    ...(problem === null
      ? [style("green", "Every operator on a trainable path has a gradient.")]
      : [style("red", `Cannot be trained whole: ${problem}`)]),
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

function memoryLines(memory: Inspection["memory"], missing: string | null): string[] {
  if (missing !== null) return [`No memory estimate: ${missing}`];
  if (memory === null) return [];
  const shapes = Object.entries(memory.inputShapes).map(([name, dims]) => `${name} [${dims.join(", ")}]`);
  return [
    `Training with ${shapes.join(", ")} takes about ${bytes(memory.parameters + memory.activations)}: ` +
      `${bytes(memory.parameters)} for weights, gradients, moments and anchors, ${bytes(memory.activations)} for activations.`,
  ];
}
