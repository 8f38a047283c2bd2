import type { Config } from "../config/schema.ts";
import { openTokenizer } from "../data/preprocess/tokenizer.ts";
import { ConfigError } from "../errors.ts";
import { cutAt, valueNamed } from "../onnx/edit.ts";
import { loadModel } from "../onnx/load.ts";
import type { Model } from "../onnx/model.ts";
import type { Files } from "../platform/files.ts";
import { dirname, joinPath } from "../platform/paths.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { inFloat32 } from "../tensor/half-tensor.ts";
import { sizeOf } from "../tensor/shape.ts";
import { type Tensor, tensor } from "../tensor/tensor.ts";
import { findModel, type ModelSource } from "./model-source.ts";
import { embedTexts } from "./text-tower.ts";

/** What class names are put into, where settings name no templates. */
export const DEFAULT_TEMPLATES: readonly string[] = [
  "a photo of a {}.",
  "a photo of the {}.",
  "a close-up photo of a {}.",
  "a blurry photo of a {}.",
  "a bright photo of a {}.",
  "a photo of a large {}.",
  "a photo of a small {}.",
];

/** What CLIP trained to, and what it may not go beyond: where no file tells the scale, this is it. */
const USUAL_SCALE = 100;

/** Where the towers of a pair lie by the names of Transformers.js. */
const TEXT_FILES = ["onnx/text_model.onnx", "text_model.onnx"] as const;

/** A classifier made of texts. */
export interface ZeroShotClassifier {
  /** float32 [C, D]: one unit embedding for each class, times the logit scale. */
  readonly weight: Tensor<"float32">;
  readonly notes: readonly string[];
}

export interface ZeroShotOptions {
  readonly files: Files;
  readonly runtime: Runtime;
  readonly head: Config["head"];
  /** The model that images go through. */
  readonly source: ModelSource;
  readonly classes: readonly string[];
}

/** Cuts a model of images and texts down to what embeds images, so that images alone are fed to it. Others stay as they are. */
export function cutToImages(model: Model, { from }: Config["head"]): void {
  const { graph } = model;
  const wanted =
    from === undefined ? graph.outputs.find((v) => v.name === "image_embeds") : valueNamed(graph, from);
  if (wanted) cutAt(graph, [wanted]);
}

/**
 * The classifier that class names make: each is put into every template, underscores read as spaces; the texts'
 * embeddings are normalised, averaged over the templates and normalised again. Radford et al., ICML 2021, 3.1.4.
 * https://arxiv.org/abs/2103.00020
 *
 * @throws ConfigError if there is no text tower, no tokenizer, or a template without a place for the name
 */
export async function zeroShotClassifier(options: ZeroShotOptions): Promise<ZeroShotClassifier> {
  const { files, runtime, head, source, classes } = options;
  const templates = await templatesOf(head.templates, files);
  const text = await textSource(options);
  const tokenizer = (await openTokenizer(files, text.folder)) ?? (await openTokenizer(files, source.folder));
  if (!tokenizer)
    throw new ConfigError(
      `${text.folder}: class names need the text tower's tokenizer; put its tokenizer.json there`,
    );
  const model = await loadModel(text.path, files);
  const found = head.logitScale ?? storedScale(model);
  const scale = found ?? USUAL_SCALE;
  const texts = classes.flatMap((name) =>
    templates.map((t) => t.replaceAll("{}", name.replaceAll("_", " "))),
  );
  const embeds = await embedTexts(texts, { model, path: text.path, tokenizer, runtime });
  const notes = [
    `The zero-shot head is made of ${classes.length} class names in ${templates.length} templates by ${text.path}; ` +
      `the logit scale is ${Number(scale.toPrecision(4))}${found === null ? ", CLIP's, since no file tells it (head.logitScale)" : ""}.`,
  ];
  return { weight: averaged(embeds, { classes: classes.length, scale }), notes };
}

async function templatesOf(given: Config["head"]["templates"], files: Files): Promise<readonly string[]> {
  const isFile = typeof given === "string" && !given.includes("{}");
  const lines = isFile ? (await files.readText(given)).split(/\r?\n/u) : [given ?? DEFAULT_TEMPLATES].flat();
  const templates = lines.map((line) => line.trim()).filter((line) => line !== "");
  const wrong = templates.find((t) => !t.includes("{}"));
  if (wrong !== undefined || templates.length === 0) {
    throw new ConfigError(
      `head.templates${isFile ? ` ${given}` : ""}: ${wrong === undefined ? "there are none" : `"${wrong}" has no {}`}; ` +
        'each takes the class name at {}, such as "a photo of a {}."',
    );
  }
  return templates;
}

/** The text tower: the one that is named, the one beside the image tower, or the model itself if it has both. */
async function textSource({ files, head, source }: ZeroShotOptions): Promise<ModelSource> {
  const { textModel } = head;
  if (textModel !== undefined) {
    const inFolder = await existing(
      files,
      TEXT_FILES.map((name) => joinPath(textModel, name)),
    );
    return findModel(files, inFolder ?? textModel);
  }
  const beside = [
    ...TEXT_FILES.map((name) => joinPath(source.folder, name)),
    joinPath(dirname(source.path), "text_model.onnx"),
  ];
  const found = await existing(
    files,
    beside.filter((path) => path !== source.path),
  );
  if (found !== null) return findModel(files, found);
  return source;
}

async function existing(files: Files, paths: readonly string[]): Promise<string | null> {
  for (const path of paths) if (await files.exists(path)) return path;
  return null;
}

/** e to the stored scalar `logit_scale`, as CLIP keeps it; null if there is none. */
function storedScale({ graph }: Model): number | null {
  const value = graph.initializers.find((v) => /(^|[./])logit_scale$/u.test(v.name));
  const held = value?.constant && inFloat32(value.constant);
  return held && sizeOf(held.dims) === 1 ? Math.exp(Number(held.data[0])) : null;
}

/** The mean over templates of unit rows, made units times `scale`: float32 [C · templates, D] to [C, D]. */
function averaged(
  { dims, data }: Tensor<"float32">,
  { classes, scale }: { readonly classes: number; readonly scale: number },
): Tensor<"float32"> {
  const [rows = 0, width = 0] = dims;
  const perClass = rows / classes;
  const out = new Float32Array(classes * width);
  for (let c = 0; c < classes; c++) {
    const mean = new Float64Array(width);
    for (let k = 0; k < perClass; k++) {
      const at = (c * perClass + k) * width;
      const norm = Math.hypot(...data.subarray(at, at + width));
      for (let d = 0; d < width; d++) mean[d]! += data[at + d]! / norm;
    }
    const norm = Math.hypot(...mean);
    for (let d = 0; d < width; d++) out[c * width + d] = (scale * mean[d]!) / norm;
  }
  return tensor("float32", [classes, width], out);
}
