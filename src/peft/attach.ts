import { ConfigError } from "../errors.ts";
import type { Model } from "../onnx/model.ts";
import type { Value } from "../onnx/value.ts";
import { createRandom } from "../tensor/random.ts";
import { formatShape, type Shape, shapesEqual } from "../tensor/shape.ts";
import { readLayer, writeLayer } from "./layer-weights.ts";
import type { LayerWeights, PartInfo, Parts, PeftMethod, PeftSettings } from "./method.ts";
import type { Site } from "./site.ts";
import { Surgery } from "./surgery.ts";

export interface AttachOptions {
  readonly method: PeftMethod;
  readonly settings: PeftSettings;
  readonly sites: readonly Site[];
  /** Seeds the first values. */
  readonly seed: number;
}

/** The adapter of one site, and what it started from. */
export interface SiteAdapter {
  readonly site: Site;
  readonly settings: PeftSettings;
  readonly start: Parts;
}

/** A tensor of an adapter that a graph holds as an initializer. */
export interface AdapterParameter {
  /** The module's path, and the part's key in PEFT's files: `encoder.fc.lora_A.weight`. */
  readonly name: string;
  readonly value: Value;
  readonly site: Site;
  readonly part: string;
  readonly info: PartInfo;
}

/** Adapters in a graph. */
export interface Attached {
  readonly parameters: readonly AdapterParameter[];
  /** Values whose elements are to be dropped at random while training; each is an Identity's output. */
  readonly dropped: readonly Value[];
  /** Values that no gradient flows through. */
  readonly detached: readonly Value[];
  /** Takes the adapters out: the graph is then what it was. */
  readonly detach: () => void;
}

/** The adapters of a model before they are in its graph, with first values. @throws ConfigError if a site does not bear them */
export function startAdapters({ method, settings, sites, seed }: AttachOptions): SiteAdapter[] {
  const random = createRandom(seed);
  return sites.map((site) => ({
    site,
    settings,
    start: method.start(site, { settings, random, base: () => readLayer(site) }),
  }));
}

/**
 * Puts adapters into a graph.
 *
 * @param now values of the parts; those that the adapters start from if left out
 */
export function attach(
  model: Model,
  adapters: readonly SiteAdapter[],
  how: {
    readonly method: PeftMethod;
    readonly now?: (site: Site) => Parts;
    /** Whether inputs are dropped where the settings say so; true if left out. */
    readonly dropout?: boolean;
  },
): Attached {
  const { method, now, dropout = true } = how;
  const surgery = new Surgery(model);
  const parameters: AdapterParameter[] = [];
  const dropped: Value[] = [];
  const detached: Value[] = [];
  for (const { site, settings, start } of adapters) {
    const contents = now?.(site) ?? start;
    const values = new Map<string, Value>();
    for (const [part, info] of method.parts(site, settings)) {
      const content = contents.get(part);
      if (!content) throw new ConfigError(`internal: "${site.module}" has no part ${part}`);
      const value = surgery.store(`${site.module}.${info.key}`, content);
      values.set(part, value);
      parameters.push({ name: value.name, value, site, part, info });
    }
    const context = {
      surgery,
      settings,
      values,
      start,
      dropped: (place: ReturnType<Surgery["after"]>, value: Value) => {
        if (!dropout || settings.dropout === 0) return value;
        const copy = place.op("Identity", [value]);
        dropped.push(copy);
        return copy;
      },
      detached: (value: Value) => {
        detached.push(value);
      },
    };
    try {
      for (const use of site.uses) method.wire(site, use, context);
    } catch (error) {
      surgery.undo();
      throw error;
    }
  }
  return { parameters, dropped, detached, detach: () => surgery.undo() };
}

/** Why adapters cannot become part of the weights; empty if all can. */
export function mergeProblems(
  method: PeftMethod,
  adapters: readonly Pick<SiteAdapter, "site" | "settings">[],
): string[] {
  if (method.merge === null) return [`a ${method.title} computes what no plain layer does`];
  return adapters.flatMap(({ site, settings }) =>
    site.isQuantized
      ? [`the weight of "${site.module}" is quantised`]
      : (method.mergeProblem?.(site, settings) ?? []),
  );
}

/** How adapters become part of weights. */
export interface MergeOptions {
  readonly method: PeftMethod;
  readonly now: (site: Site) => Parts;
  /** 1 for the trained model, less for a model between it and the base. */
  readonly share: number;
}

/** Writes the change that adapters make into the weights of a model that they are not attached to. */
export function mergeAdapters(adapters: readonly SiteAdapter[], options: MergeOptions): void {
  for (const adapter of adapters) writeLayer(adapter.site, mergedLayer(adapter, options).next);
}

/** ‖ΔW‖: how far adapters move the weights that they can be merged into. */
export function mergedDistance(adapters: readonly SiteAdapter[], options: MergeOptions): number {
  let sum = 0;
  for (const adapter of adapters) {
    const { base, next } = mergedLayer(adapter, options);
    next.weight.forEach((w, i) => {
      sum += (w - base.weight[i]!) ** 2;
    });
  }
  return Math.sqrt(sum);
}

function mergedLayer(
  { site, settings, start }: SiteAdapter,
  { method, now, share }: MergeOptions,
): { base: LayerWeights; next: LayerWeights } {
  const base = readLayer(site);
  const problems = mergeProblems(method, [{ site, settings }]);
  if (base === null || method.merge === null || problems.length > 0)
    throw new ConfigError(`an adapter of ${method.title} cannot be merged: ${problems.join("; ")}`);
  return { base, next: method.merge(site, base, { settings, parts: now(site), start, share }) };
}

/** Checks tensors from a file against what a method has at a site. @returns the problems, in words */
export function partProblems(site: Site, expected: ReadonlyMap<string, Shape>, got: Parts): string[] {
  return [...expected].flatMap(([part, dims]) => {
    const found = got.get(part);
    if (!found) return [`"${site.module}": ${part} is missing`];
    return shapesEqual(found.dims, dims)
      ? []
      : [`"${site.module}": ${part} has shape ${formatShape(found.dims)}, expected ${formatShape(dims)}`];
  });
}
