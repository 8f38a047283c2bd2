import { ConfigError } from "../errors.ts";
import { inFloat32 } from "../tensor/half-tensor.ts";
import { type Tensor, tensor } from "../tensor/tensor.ts";
import { partProblems, type SiteAdapter } from "./attach.ts";
import { type Parts, type PeftMethod, type PeftSettings, plainSettings } from "./method.ts";
import { peftMethods } from "./registry.ts";
import type { Site } from "./site.ts";
import { PEFT_WRAPPER, withoutWrapper } from "./wrapper.ts";

/** Names of the two files of an adapter's folder. */
export const ADAPTER_FILES = { weights: "adapter_model.safetensors", config: "adapter_config.json" } as const;

/** What an adapter's folder holds. */
export interface AdapterContent {
  readonly config: Readonly<Record<string, unknown>>;
  /** By PEFT's keys: `base_model.model.encoder.fc.lora_A.weight`. */
  readonly tensors: ReadonlyMap<string, Tensor>;
}

export interface AdapterSource {
  readonly method: PeftMethod;
  readonly adapters: readonly SiteAdapter[];
  readonly now: (site: Site) => Parts;
  /** Weights of the model that were trained too, such as those of a new head, by name. */
  readonly others: ReadonlyMap<string, Tensor>;
  /** Where the base model lies, for people and for PEFT. */
  readonly base: string;
  /** What stands before paths of modules in the model's file alone, and is left out. */
  readonly wrapper: readonly string[];
}

/** Adapters as Python PEFT saves them. */
export function adapterContent(source: AdapterSource): AdapterContent {
  const { method, adapters, now, others, base, wrapper } = source;
  const inPython = (path: string) => withoutWrapper(path, wrapper);
  const tensors = new Map<string, Tensor>();
  let written: PeftSettings | null = null;
  for (const { site, settings, start } of adapters) {
    const plain = { settings, parts: now(site) };
    const out = method.file.export?.(settings, plain.parts, start) ?? plain;
    written = out.settings;
    for (const [part, { key }] of method.parts(site, out.settings))
      tensors.set(`${PEFT_WRAPPER}${inPython(site.module)}.${key}`, out.parts.get(part)!); // exports hold the method's parts
  }
  for (const [name, content] of others) tensors.set(`${PEFT_WRAPPER}${inPython(name)}`, content);
  if (written === null) throw new ConfigError("internal: an adapter of no layers is written");
  const byPath = new Map(adapters.map((adapter) => [inPython(adapter.site.module), adapter]));
  const isFeedforward = (path: string) => {
    const { site, settings } = byPath.get(path)!; // it is asked of the paths below
    return settings.isFeedforward(site.module);
  };
  const saved = [...new Set([...others.keys()].map((name) => inPython(name).replace(/\.[^.]*$/u, "")))];
  return {
    config: {
      peft_type: method.file.peftType,
      task_type: null,
      auto_mapping: null,
      base_model_name_or_path: base,
      inference_mode: true,
      ...method.file.write({ ...written, isFeedforward }, [...byPath.keys()]),
      modules_to_save: saved.length > 0 ? saved : null,
    },
    tensors,
  };
}

/** An adapter from a file, on the layers of a model. */
export interface FittedAdapter {
  readonly method: PeftMethod;
  readonly adapters: readonly SiteAdapter[];
  readonly now: (site: Site) => Parts;
  /** Whole weights that the file holds beside its adapters, by name. */
  readonly others: ReadonlyMap<string, Tensor<"float32">>;
}

/**
 * Finds the layers of a model that an adapter's tensors belong to.
 *
 * A module of the file is the layer of the same path, or the one layer whose path ends with it or that it ends with:
 * exporters wrap models and unwrap them.
 *
 * @param what names the adapter in messages
 * @param wrapper stands before the paths of the model's layers, and need not in the file
 * @throws ConfigError listing every module that the model does not have, and every tensor of another shape
 */
export function fitAdapter(
  content: AdapterContent,
  sites: readonly Site[],
  what: string,
  wrapper: readonly string[] = [],
): FittedAdapter {
  const { config } = content;
  const method = methodOf(config, what);
  const { modules, others } = sortTensors(content, method);
  const problems: string[] = [];
  const adapters: SiteAdapter[] = [];
  const parts = new Map<Site, Parts>();
  for (const [module, byKey] of modules) {
    const site = siteFor(module, sites, { method, wrapper });
    if (typeof site === "string") {
      problems.push(site);
      continue;
    }
    const settings: PeftSettings = { ...plainSettings, ...method.file.read(config, module) };
    const got = new Map<string, Tensor<"float32">>();
    for (const [part, { key }] of method.parts(site, settings)) {
      const found = byKey.get(key);
      byKey.delete(key);
      if (found) got.set(part, found);
    }
    problems.push(
      ...[...byKey.keys()].map((key) => `"${module}": its tensor ${key} is not known to ${method.title}`),
    );
    problems.push(...partProblems(site, method.shapes(site, settings), got));
    if (parts.has(site)) problems.push(`"${module}": its layer "${site.module}" has an adapter already`);
    parts.set(site, got);
    adapters.push({ site, settings, start: got });
  }
  if (adapters.length === 0 && problems.length === 0) problems.push(`it holds no tensors of ${method.title}`);
  if (problems.length > 0) throw foreign(what, problems, sites, method);
  return { method, adapters, now: (site) => parts.get(site)!, others }; // every adapter's site was just entered
}

function methodOf(config: AdapterContent["config"], what: string): PeftMethod {
  const found = peftMethods.find((m) => m.file.peftType === config.peft_type && m.file.isMine(config));
  if (found) return found;
  const known = [...new Set(peftMethods.map((m) => m.file.peftType))].join(", ");
  throw new ConfigError(`${what}: peft_type is ${JSON.stringify(config.peft_type)}; known are ${known}`);
}

/** The tensors by module and by their key in it; whole weights apart. */
function sortTensors({ tensors }: AdapterContent, method: PeftMethod) {
  const modules = new Map<string, Map<string, Tensor<"float32">>>();
  const others = new Map<string, Tensor<"float32">>();
  for (const [name, content] of tensors) {
    const path = name.startsWith(PEFT_WRAPPER) ? name.slice(PEFT_WRAPPER.length) : name;
    const at = path.search(method.file.keys);
    if (at < 0) others.set(path, floatTensor(content, name));
    else {
      const module = path.slice(0, at);
      const byKey = modules.get(module) ?? new Map<string, Tensor<"float32">>();
      modules.set(module, byKey.set(path.slice(at + 1), floatTensor(content, name)));
    }
  }
  return { modules, others };
}

function floatTensor(stored: Tensor, name: string): Tensor<"float32"> {
  const { dtype, dims, data } = inFloat32(stored);
  if (dtype === "float32") return tensor(dtype, dims, data as Float32Array);
  throw new ConfigError(`tensor "${name}" of the adapter is ${dtype}, expected a float type`);
}

/** The layer of a module; else why there is none, in words. */
function siteFor(
  module: string,
  sites: readonly Site[],
  { method, wrapper }: { readonly method: PeftMethod; readonly wrapper: readonly string[] },
): Site | string {
  const fitting = sites.filter((s) => method.kinds.includes(s.kind));
  const exact = fitting.filter((s) => [s.module, withoutWrapper(s.module, wrapper)].includes(module));
  const near = fitting.filter((s) => s.module.endsWith(`.${module}`) || module.endsWith(`.${s.module}`));
  const [site, ...more] = exact.length > 0 ? exact : near;
  if (!site) return `"${module}" is no layer of the model`;
  if (more.length > 0) return `"${module}" could be ${[site, ...more].map((s) => s.module).join(" or ")}`;
  return site.refusal === null || method.keepsWeight
    ? site
    : `"${module}" cannot bear an adapter: ${site.refusal}`;
}

function foreign(
  what: string,
  problems: readonly string[],
  sites: readonly Site[],
  method: PeftMethod,
): ConfigError {
  const layers = sites.filter((s) => s.refusal === null && method.kinds.includes(s.kind));
  const shown = layers.slice(0, 8).map((s) => `${s.module} [${s.shape.join(", ")}]`);
  return new ConfigError(
    `${what} does not fit this model; was it trained on another one?\n` +
      `${problems.slice(0, 10).join("\n")}${problems.length > 10 ? `\n… and ${problems.length - 10} more` : ""}\n` +
      `The model's layers: ${shown.join(", ")}${layers.length > shown.length ? ", …" : ""}`,
    { details: { problems } },
  );
}
