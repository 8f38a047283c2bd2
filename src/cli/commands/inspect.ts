import { ConfigError, messageOf } from "../../errors.ts";
import type { Model } from "../../onnx/model.ts";
import { printGraph } from "../../onnx/print-graph.ts";
import { fixInputs } from "../../passes/fix-inputs.ts";
import type { Shape } from "../../tensor/shape.ts";
import { sitesOf } from "../../training/adapters.ts";
import {
  batchSizeOf,
  checkDims,
  concreteShapes,
  shapesLike,
  withBatch,
} from "../../training/input-shapes.ts";
import { type Inspection, inspectModel } from "../../training/inspect.ts";
import { fixEmptyPast } from "../../training/language-graph.ts";
import type { Cli, CliCommand } from "../command.ts";
import { print } from "../command.ts";
import { inspectionLines } from "../inspection-lines.ts";
import { printJson } from "../json-output.ts";
import { layerFacts, layerLines } from "../layer-lines.ts";
import { countArgument, dimArgument, fixFlag, openModelToLook, openShortRuntime } from "../open-model.ts";
import { openTerminal } from "../terminal.ts";

interface Options {
  readonly dim?: ReadonlyMap<string, number>;
  readonly batchSize?: number;
  readonly trainable?: string;
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
    ["holdfast inspect model.onnx --batch-size 16 --parameters", "memory for a batch of 16; every weight"],
    ["holdfast inspect model.onnx --layers", "where LoRA and other adapters can sit"],
    ["holdfast inspect model.onnx --graph", "the graph as text"],
  ],
  define(command, cli) {
    command
      .argument("<model>", "an .onnx file or a model folder")
      .option("--batchSize <n>", "how many examples the memory estimate is for; 1 if left out", countArgument)
      .option(
        "--dim <name=size>",
        "size of a free dimension, for the memory estimate; repeat for several",
        dimArgument,
      )
      .option("--like <npz>", "sample inputs whose shapes are taken instead")
      .option(...fixFlag)
      .option("--trainable <all|regex|…>", "what would be trained, as in finetune; all weights if left out")
      .option("--parameters", "list every stored tensor, by depth")
      .option("--layers", "list the layers that adapters can sit on, by the paths that peft.targets matches")
      .option("--graph", "print the graph and nothing else")
      .option("--json", "everything as JSON");
    command.action(async (path: string, options: Options) => {
      const { source, model } = await openModelToLook(cli, path);
      fixInputs(model, options.fix ?? new Map(), options.dim);
      if (options.graph === true) return void cli.stdout.write(printGraph(model.graph));
      const { shapes, missing } = await shapesFor(cli, model, options);
      const runtime = await openShortRuntime(cli);
      const found = await inspectModel(model, {
        runtime,
        ...(shapes ? { inputShapes: shapes } : {}),
        ...(options.trainable === undefined ? {} : { trainable: options.trainable }),
      });
      const layers = options.layers === true ? sitesOf(model) : null;
      if (options.json === true) {
        const more = layers ? { layers: layerFacts(layers) } : {};
        return printJson(cli, {
          path: source.path,
          ...plain(found),
          ...(missing ? { missing } : {}),
          ...more,
        });
      }
      const shown = source.parts ? source.folder : source.path;
      if (layers) return print(cli, [shown, ...layerLines(layers)]);
      const { style } = openTerminal(cli.stdout, cli.environment);
      print(cli, [shown, ...inspectionLines(found, { missing, all: options.parameters === true, style })]);
    });
  },
};

/** The shapes to build for, or why there are none: dimensions that stay free are no error, ones that do not exist are. */
async function shapesFor(
  cli: Cli,
  model: Model,
  { dim, batchSize, like }: Options,
): Promise<{ shapes: Map<string, Shape> | null; missing: string | null }> {
  if (like !== undefined) return { shapes: await shapesLike(cli.files, like, model), missing: null };
  const given = new Map(dim);
  if (batchSize !== undefined) given.set("batch", batchSize);
  checkDims(model, given);
  const dims = withBatch(model, given);
  fixEmptyPast(model, batchSizeOf(model, dims));
  try {
    return { shapes: concreteShapes(model, dims), missing: null };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
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
