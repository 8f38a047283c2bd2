import { Option } from "commander";
import { ConfigError } from "../../errors.ts";
import type { Model } from "../../onnx/model.ts";
import type { PictureDepth } from "../../picture/picture.ts";
import { basename, dirname, joinPath } from "../../platform/paths.ts";
import type { Shape } from "../../tensor/shape.ts";
import { drawModel } from "../../training/draw-model.ts";
import { checkDims, concreteShapes, shapesLike, withBatch } from "../../training/input-shapes.ts";
import type { Cli, CliCommand } from "../command.ts";
import { print } from "../command.ts";
import { dimArgument, openModelToLook, openShortRuntime } from "../open-model.ts";

interface Options {
  readonly out?: string;
  readonly depth?: PictureDepth;
  readonly dim?: ReadonlyMap<string, number>;
  readonly like?: string;
}

export const graph: CliCommand = {
  name: "graph",
  summary: "Draw the blocks of a network as an SVG picture.",
  group: "Look:",
  examples: [
    ["holdfast graph model.onnx", "writes model.svg: blocks, layers, shapes, where the weights are"],
    [
      "holdfast graph model.onnx --out net.svg --depth blocks --dim batch=1 --dim sequence=128",
      "blocks alone",
    ],
  ],
  define(command, cli) {
    command
      .description(
        "Draw the blocks of a network: data flows from top to bottom, equal blocks are drawn once, each with its share of " +
          "the weights. A browser shows the file; it follows the light or dark theme.",
      )
      .argument("<model>", "an .onnx file or a model folder")
      .option("--out <file>", "where the picture goes; the model's name with .svg if left out")
      .addOption(
        new Option(
          "--depth <depth>",
          "how much is drawn; layers if left out, blocks for very large networks",
        ).choices(["blocks", "layers", "nodes"]),
      )
      .option(
        "--dim <name=size>",
        "size of a free dimension, for the shapes; repeat for several",
        dimArgument,
      )
      .option("--like <npz>", "sample inputs whose shapes are taken instead");
    command.action(async (path: string, options: Options) => {
      const { source, model } = await openModelToLook(cli, path);
      const shapes = await shapesFor(cli, model, options);
      const name = basename(source.path).replace(/\.onnx$/, "");
      const svg = await drawModel(model, {
        title: name,
        runtime: await openShortRuntime(cli),
        ...(options.depth ? { depth: options.depth } : {}),
        ...(shapes ? { inputShapes: shapes } : {}),
      });
      const out = options.out ?? joinPath(dirname(source.path), `${name}.svg`);
      await cli.files.write(out, svg);
      print(cli, [out]);
    });
  },
};

/** The shapes to draw; null where dimensions stay free, and the file's own are drawn. */
async function shapesFor(cli: Cli, model: Model, { dim, like }: Options): Promise<Map<string, Shape> | null> {
  if (like !== undefined) return shapesLike(cli.files, like, model);
  const given = new Map(dim);
  checkDims(model, given);
  try {
    return concreteShapes(model, withBatch(model, given));
  } catch (error) {
    if (error instanceof ConfigError) return null;
    throw error;
  }
}
