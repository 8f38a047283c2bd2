import type { Preprocessing } from "../data/preprocess/config.ts";
import { joinPath } from "../platform/paths.ts";
import { VERSION } from "../version.ts";
import { vocabularyOf } from "./language-graph.ts";
import { imageTokensOf } from "./language-parts.ts";
import type { PrepareDataOptions } from "./prepare-data.ts";

/** Files of a model's folder that decide what becomes of a text. */
const TEXT_FILES: readonly string[] = ["tokenizer.json", "tokenizer_config.json", "chat_template.jinja"];

/**
 * All that decides what an example becomes on its way to the model, besides the example, as one text: equal texts, equal
 * results. This package's version is part of it, since another one may prepare in another way.
 */
export async function preparationIdentity(
  { files, config, task, model, source }: PrepareDataOptions,
  preprocessing: Preprocessing,
  classes: readonly string[],
): Promise<string> {
  const texts = await Promise.all(
    TEXT_FILES.map(async (name) => {
      const path = joinPath(source.folder, name);
      return (await files.exists(path)) ? files.readText(path) : null;
    }),
  );
  return JSON.stringify({
    version: VERSION,
    task: task.name,
    preprocessing,
    texts,
    vocabulary: vocabularyOf(model),
    imageTokens: imageTokensOf(source),
    classes,
    dialogue: config.dialogue,
    masking: config.masking,
    labelPieces: config.dataset.labelPieces,
  });
}
