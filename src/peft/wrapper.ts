import { ConfigError } from "../errors.ts";
import type { Model } from "../onnx/model.ts";
import { parameterPath, scopeOf } from "./module-name.ts";

/** Before every module's path in PEFT's files, and in what was exported from a `PeftModel`. */
export const PEFT_WRAPPER = "base_model.model.";
/** Only children of models of transformers (CLIPTextModel and its like), whose adapters do name them. */
const LONE_CHILDREN: ReadonlySet<string> = new Set(["text_model", "vision_model"]);

/**
 * What stands before every module's path in the file, and not in the Python model: exports often go through a module that
 * holds the model and gives its logits alone, so that `lm_head` became `m.lm_head`. Each ends with a dot. Several stand for
 * each other, as PEFT's own does: TorchScript's scopes skip `base_model`, which is never called, and weights' names do not.
 *
 * It is told by the one name that all modules lie under. Weights' names alone do not tell, since an output layer that
 * is tied to the embeddings has none, so nodes must bear scopes. A module whose children are numbered is a list of
 * layers, which is seldom a model of its own, and stays.
 */
export function findWrapper({ graph }: Model): readonly string[] {
  const scopes = graph.nodes.flatMap((node) => scopeOf(node) ?? []);
  if (scopes.length === 0) return [];
  const parameters = graph.initializers.flatMap(({ name }) => parameterPath(name) ?? []);
  const paths = [...new Set([...scopes, ...parameters])];
  return pathsOfPeft(paths) ?? loneModule(paths);
}

/** The wrapper of a PeftModel, in whatever else it is; null if the model is none. */
function pathsOfPeft(paths: readonly string[]): readonly string[] | null {
  const one = paths.find((path) => `.${path}`.includes(`.${PEFT_WRAPPER}`));
  if (one === undefined) return null;
  const outer = one.slice(0, one.indexOf(PEFT_WRAPPER));
  const wrappers = [`${outer}${PEFT_WRAPPER}`, `${outer}model.`];
  const isUnder = (path: string) => wrappers.some((w) => path.startsWith(w) || w.startsWith(`${path}.`));
  return paths.every(isUnder) ? wrappers : null;
}

function loneModule(paths: readonly string[]): readonly string[] {
  const [name = "", ...others] = new Set(paths.map(firstOf));
  if (others.length > 0 || LONE_CHILDREN.has(name)) return [];
  const children = paths.filter((path) => path !== name).map((path) => firstOf(path.slice(name.length + 1)));
  return children.length === 0 || children.every((child) => /^\d+$/u.test(child)) ? [] : [`${name}.`];
}

/**
 * The wrapper that a setting names: `auto`, `none`, or its path.
 *
 * @param paths of the modules that bear adapters
 * @throws ConfigError if no module lies under it
 */
export function wrapperOf(model: Model, setting: string, paths: readonly string[]): readonly string[] {
  if (setting === "auto") return findWrapper(model);
  if (setting === "none") return [];
  const wrapper = setting.endsWith(".") ? setting : `${setting}.`;
  if (paths.some((path) => path.startsWith(wrapper))) return [wrapper];
  throw new ConfigError(
    `peft.wrapper "${setting}": no adapted layer lies under it; they are ${paths.slice(0, 4).join(", ")}${paths.length > 4 ? ", …" : ""}. ` +
      "Name what stands before their paths in the file and not in the Python model, or none",
    { details: { wrapper: setting } },
  );
}

/** A path as the Python model has it. */
export function withoutWrapper(path: string, wrapper: readonly string[]): string {
  return path.slice(wrapper.find((w) => path.startsWith(w))?.length ?? 0);
}

function firstOf(path: string): string {
  return path.split(".", 1)[0] ?? "";
}
