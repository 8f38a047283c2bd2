import { findMethod } from "../config/methods.ts";
import type { Config } from "../config/schema.ts";
import { ConfigError } from "../errors.ts";
import type { Model } from "../onnx/model.ts";
import type { Value } from "../onnx/value.ts";
import { type StoredTensor, storedTensors } from "../passes/parameters.ts";
import { ADAPTER_FILES, adapterContent } from "../peft/adapter-file.ts";
import {
  type Attached,
  attach,
  mergeAdapters,
  mergedDistance,
  mergeProblems,
  type SiteAdapter,
  startAdapters,
} from "../peft/attach.ts";
import type { Parts, PeftMethod, PeftSettings } from "../peft/method.ts";
import { findPeftMethod } from "../peft/registry.ts";
import { findSites, type Site } from "../peft/site.ts";
import { chooseSites, patternOf } from "../peft/targets.ts";
import { wrapperOf } from "../peft/wrapper.ts";
import type { Files } from "../platform/files.ts";
import { joinPath } from "../platform/paths.ts";
import { encodeSafetensors } from "../tensor/safetensors.ts";
import { type Tensor, tensor } from "../tensor/tensor.ts";
import { FINGERPRINT, fingerprintOf } from "./fingerprint.ts";
import type { TrainableParameter, TrainingGraphOptions } from "./training-graph.ts";

/** The adapters of a run, in the graph of its model while it trains. */
export interface Adapters {
  readonly method: PeftMethod;
  readonly settings: PeftSettings;
  readonly adapters: readonly SiteAdapter[];
  readonly attached: Attached;
  /** Why the trained model keeps its adapters as nodes of their own; null if they become part of the weights. */
  readonly keptBecause: string | null;
  /** What stands before paths of modules in the model's file alone. */
  readonly wrapper: readonly string[];
}

/** The kind of adapters that the settings ask for; null for none. */
export function peftOf(config: Pick<Config, "method" | "peft">): PeftMethod | null {
  const name = config.peft.method ?? findMethod(config.method)?.peft ?? "none";
  return name === "none" ? null : findPeftMethod(name);
}

/** Puts the adapters that the settings ask for into a model's graph; null if they ask for none. @throws ConfigError */
export function attachAdapters(
  model: Model,
  config: Pick<Config, "method" | "peft" | "seed">,
  head: ReadonlySet<Value>,
): Adapters | null {
  const method = peftOf(config);
  if (method === null) return null;
  const settings = settingsOf(config.peft, method);
  const sites = chooseSites(sitesOf(model), config.peft.targets, { method, head });
  const adapters = startAdapters({ method, settings, sites, seed: config.seed });
  const paths = sites.map((s) => s.module);
  return {
    method,
    settings,
    adapters,
    attached: attach(model, adapters, { method }),
    keptBecause: mergeProblems(method, adapters)[0] ?? null,
    wrapper: wrapperOf(model, config.peft.wrapper, paths),
  };
}

/** The layers of a model that adapters can sit on. */
export function sitesOf(model: Model): Site[] {
  const weights = new Set(storedTensors(model).flatMap((t) => (t.constantBecause === null ? [t.value] : [])));
  return findSites(model, (value) => weights.has(value));
}

/** The trained tensors of adapters, as weights of the model. @throws ConfigError if the model's own weights are trained beneath them */
export function adapterTensors({ attached }: Adapters): StoredTensor[] {
  return attached.parameters.map(({ name, value, info }) => ({
    value,
    name,
    role: info.role,
    constantBecause: null,
    isAdded: false,
  }));
}

/** What the training graph of a model with adapters does besides training them. */
export function adapterGraphOptions(
  run: Adapters | null,
): Pick<TrainingGraphOptions, "dropout" | "detached"> {
  if (run === null) return {};
  const { attached, settings } = run;
  return { dropout: { ratio: settings.dropout, at: attached.dropped }, detached: attached.detached };
}

/** What a user should know of the adapters of a run. */
export function describeAdapters({ method, adapters, keptBecause, wrapper }: Adapters): string[] {
  const modules = adapters.map((a) => a.site.module);
  const shown = `${modules.slice(0, 6).join(", ")}${modules.length > 6 ? ", …" : ""}`;
  const unnamed = adapters.filter((a) => a.site.namedBy === "file").length;
  return [
    `${method.title} on ${modules.length} layers: ${shown}.`,
    ...(keptBecause === null
      ? []
      : [`The trained model keeps its adapters as nodes of their own: ${keptBecause}.`]),
    ...(wrapper.length === 0
      ? []
      : [
          `The adapter's file names modules without "${wrapper[0]}", which only the export has; --peft.wrapper none keeps it.`,
        ]),
    ...(unnamed > 0
      ? [
          `The file does not say which modules ${unnamed} of them were; their adapters bear the names of its tensors.`,
        ]
      : []),
  ];
}

function settingsOf(peft: Config["peft"], method: PeftMethod): PeftSettings {
  const rank = peft.rank ?? method.defaults.rank ?? 1; // a method without one does not read it
  if (!method.inits.includes(peft.init)) {
    throw new ConfigError(
      `peft.init ${peft.init} is not for ${method.title}; it takes ${method.inits.join(", ")}`,
    );
  }
  if (peft.dropout > 0 && !method.hasDropout)
    throw new ConfigError(`peft.dropout is not for ${method.title}; leave it out`);
  const feedforward = peft.feedforward === undefined ? null : patternOf(peft.feedforward, "peft.feedforward");
  return {
    rank,
    alpha: peft.alpha ?? 2 * rank,
    dropout: peft.dropout,
    rsLora: peft.rsLora,
    init: peft.init,
    anchor: peft.anchor,
    activation: peft.activation,
    placement: peft.placement,
    isFeedforward: (module) => feedforward?.test(module) ?? false,
  };
}

/** What was trained in a run with adapters, by site. */
function trainedParts(
  { attached, adapters }: Adapters,
  values: ReadonlyMap<string, Float32Array>,
): (site: Site) => Parts {
  const bySite = new Map<Site, Map<string, Tensor<"float32">>>();
  for (const { site, start } of adapters) {
    const parts = attached.parameters.filter((p) => p.site === site);
    bySite.set(
      site,
      // A start has every part of its site; a part that the loss does not depend on keeps its first value.
      new Map(parts.map(({ part, name }) => [part, withData(start.get(part)!, values.get(name))])),
    );
  }
  return (site) => bySite.get(site)!; // every site of the run was just entered
}

function withData(first: Tensor<"float32">, data: Float32Array | undefined): Tensor<"float32"> {
  return data ? tensor("float32", first.dims, data) : first;
}

/**
 * Writes `adapter_model.safetensors` and `adapter_config.json` as Python PEFT has them.
 *
 * @param run its adapters may be in the graph or not, but not in the weights
 */
export async function saveAdapters(
  run: Adapters,
  options: {
    readonly files: Files;
    readonly folder: string;
    /** Where the base model lies. */
    readonly base: string;
    readonly parameters: readonly TrainableParameter[];
    readonly values: ReadonlyMap<string, Float32Array>;
  },
): Promise<void> {
  const { files, folder, base, parameters, values } = options;
  const { method, adapters, wrapper } = run;
  const others = new Map(
    otherParameters(run, parameters).map(({ name, type }) => [
      name,
      tensor("float32", type.dims, values.get(name)!), // the values of a run are those of its parameters
    ]),
  );
  const now = trainedParts(run, values);
  const { config, tensors } = adapterContent({ method, adapters, now, others, base, wrapper });
  await files.write(
    joinPath(folder, ADAPTER_FILES.weights),
    encodeSafetensors(tensors, { format: "pt", [FINGERPRINT]: await fingerprintOf(adapters) }),
  );
  await files.write(joinPath(folder, ADAPTER_FILES.config), `${JSON.stringify(config, null, 2)}\n`);
}

/** `adapter_config.json` of adapters that somebody else trains. @throws ConfigError for a start that their file would not hold */
export function adapterConfig(run: Adapters, base: string): Record<string, unknown> {
  const { method, adapters, wrapper } = run;
  if (adapters.some((a) => method.file.export?.(a.settings, a.start, a.start))) {
    throw new ConfigError(
      "peft.init pissa: what the adapters start from would have to be taken off again by whoever trains them; use --peft.init default",
    );
  }
  const now = (site: Site) => startOf(adapters, site);
  return { ...adapterContent({ method, adapters, now, others: new Map(), base, wrapper }).config };
}

function startOf(adapters: readonly SiteAdapter[], site: Site): Parts {
  return adapters.find((a) => a.site === site)!.start; // it is asked for sites of these
}

/** The trained parameters that are no parts of adapters. */
export function otherParameters(
  { attached }: Adapters,
  parameters: readonly TrainableParameter[],
): TrainableParameter[] {
  const parts = new Set(attached.parameters.map((p) => p.value));
  return parameters.filter((p) => !parts.has(p.source));
}

/**
 * Takes the change of a run's adapters into the weights of its model, which they were detached from; adapters that cannot
 * become part of the weights are put back as nodes, without dropout.
 */
export function bakeAdapters(model: Model, run: Adapters, values: ReadonlyMap<string, Float32Array>): void {
  const { method, adapters, keptBecause } = run;
  const now = trainedParts(run, values);
  if (keptBecause === null) mergeAdapters(adapters, { method, now, share: 1 });
  else attach(model, adapters, { method, now, dropout: false });
}

/** ‖ΔW‖ of the trained adapters; how far their own tensors moved, where there are no weights that they could be part of. */
export function adapterDistance(run: Adapters, values: ReadonlyMap<string, Float32Array>): number {
  const { method, adapters, keptBecause } = run;
  const now = trainedParts(run, values);
  if (keptBecause === null) return mergedDistance(adapters, { method, now, share: 1 });
  let sum = 0;
  for (const { site, start } of adapters) {
    const parts = now(site);
    for (const [part, { data }] of start) {
      const moved = parts.get(part)!.data; // trained parts are those of the start
      data.forEach((v, i) => {
        sum += (moved[i]! - v) ** 2;
      });
    }
  }
  return Math.sqrt(sum);
}
