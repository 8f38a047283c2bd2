import { findMethod, type Method, unknownMethod } from "../config/methods.ts";
import type { Config } from "../config/schema.ts";
import type { AnchorOptionValues } from "../optim/anchor-options.ts";
import { findAnchorRule } from "../optim/anchors/registry.ts";
import { createOptimizer, type ParameterSpec } from "../optim/create-optimizer.ts";
import type { DepthSchedule } from "../optim/depth-schedule.ts";
import type { Optimizer } from "../optim/optimizer.ts";
import type { AnchorPlace, AnchorValues, ParamGroup } from "../optim/param-groups.ts";
import type { Role } from "../optim/role.ts";
import type { Hyperparameters } from "../optim/update-rule.ts";
import { findUpdateRule } from "../optim/updates/registry.ts";
import type { Files } from "../platform/files.ts";
import type { MethodRecord } from "../run/records.ts";
import { peftOf } from "./adapters.ts";
import { type AnchorSources, openAnchors } from "./anchor-source.ts";
import { blocksOf, layerDecayScales } from "./layer-decay.ts";
import { withoutUndefined } from "./plain.ts";
import type { Network } from "./prepare-network.ts";
import { initialOf, type TrainableParameter, type TrainingGraph } from "./training-graph.ts";

/** What a run's settings come to, put over those of its method. */
interface ResolvedMethod extends MethodRecord {
  readonly anchorOptions: AnchorOptionValues;
  readonly byDepth: DepthSchedule;
}

/** @throws ConfigError if method or a rule is unknown */
function resolve(config: Config): ResolvedMethod {
  const method = findMethod(config.method);
  if (!method) throw unknownMethod(config.method);
  const { rule, anchor, strength, anchorOptions } = config.optimizer;
  const updateRule = findUpdateRule(rule ?? method.rule);
  const anchorRule = findAnchorRule(anchor ?? method.anchor);
  // A method's own numbers are for its own rule.
  const own: Partial<Method> = anchorRule.name === method.anchor ? method : {};
  const byDepth = config.optimizer.strengthByDepth ?? own.strengthByDepth ?? "constant";
  const held = anchorRule.title === "" ? "" : ` + ${anchorRule.title}`;
  const adapters = peftOf(config);
  const chosen = config.trainable ?? method.trainable;
  const only = chosen === "all" ? "" : `, ${chosen} only`;
  const trained = adapters === null ? only : `, ${adapters.title}`;
  return {
    name: `${updateRule.title}${held}${byDepth === "constant" ? "" : " by depth"}${trained}`,
    updateRule: updateRule.name,
    anchorRule: anchorRule.name,
    strength: strength ?? own.strength ?? anchorRule.strength.default,
    // What zod parsed has no other kinds of values than options have.
    anchorOptions: { ...own.anchorOptions, ...(withoutUndefined(anchorOptions) as AnchorOptionValues) },
    byDepth,
  };
}

/** The method of a run after its own settings are put over those of its name, for its records. */
export function resolveMethod(config: Config): MethodRecord {
  const { name, updateRule, anchorRule, strength } = resolve(config);
  return { name, updateRule, anchorRule, strength };
}

/**
 * The optimizer of a run: every parameter with its role, its place in the network and where it is anchored.
 *
 * @throws ConfigError for settings that do not fit, FileError for an anchor's file that cannot be read
 */
export async function openOptimizer(
  config: Config,
  {
    graph,
    network,
    files,
  }: { readonly graph: TrainingGraph; readonly network: Network; readonly files: Files },
): Promise<Optimizer> {
  const { updateRule, anchorRule, strength, anchorOptions, byDepth } = resolve(config);
  const { headLrScale, accumulate, anchorAt, holdVectors } = config.optimizer;
  const known = findUpdateRule(updateRule).defaults;
  // Settings bear the names of hyperparameters; those of other rules are not this one's to take.
  const chosen = Object.entries(config.optimizer).filter(([key]) => key in known);
  const headGroup: ParamGroup[] =
    headLrScale === 1 || network.head !== "new"
      ? []
      : [{ name: "head", role: "head", lrScale: headLrScale, rest: true }];
  const decay = config.optimizer.layerDecay ?? findMethod(config.method)?.layerDecay ?? 1;
  const scales = decay === 1 ? [] : layerDecayScales(network.model, network, graph.parameters, decay);
  const { blocks } = blocksOf(network.model, network, graph.parameters);
  const anchors = await openAnchors(files, config);
  const at = anchors.get(anchorAt) ?? "init"; // every anchor that the settings name was opened
  return createOptimizer({
    parameters: graph.parameters.map((p, i) => ({
      ...parameterSpec(p, network, at),
      lrScale: scales[i] ?? 1,
      depth: blocks[i]!, // one for each parameter
    })),
    // What zod parsed has no other kinds of values than hyperparameters have.
    update: {
      rule: updateRule,
      hyperparameters: withoutUndefined(Object.fromEntries(chosen)) as Hyperparameters,
    },
    anchor: { rule: anchorRule, at, strength, options: anchorOptions, byDepth, vectors: holdVectors },
    groups: [...config.groups.map((g) => paramGroup(g, anchors)), ...headGroup],
    accumulate: accumulate > 1,
  });
}

function paramGroup(group: Config["groups"][number], anchors: AnchorSources): ParamGroup {
  const { anchor, anchorOptions, ...rest } = group;
  const place = anchor === undefined ? undefined : anchors.get(anchor);
  // Only keys that are undefined were taken out, and zod leaves no other kinds of values than options have.
  const options = anchorOptions && (withoutUndefined(anchorOptions) as AnchorOptionValues);
  return withoutUndefined({ ...rest, options, anchor: place }) as ParamGroup;
}

function parameterSpec(
  p: TrainableParameter,
  network: Network,
  at: AnchorPlace | AnchorValues,
): ParameterSpec {
  const part = network.adapters?.attached.parameters.find((a) => a.value === p.source);
  const isNewHead = network.head === "new" && network.headParameters.has(p.source);
  const role: Role = isNewHead ? "head" : p.role === "weight" ? "other" : p.role;
  // A head gets its first value as anchor too, so that how far it moved is known; its strength is 0 all the same. Gains
  // are about 1, so that zero is no place to hold them to.
  const own = part?.info.anchor ?? (isNewHead || (at === "zero" && role === "norm") ? "init" : undefined);
  return {
    name: p.name,
    shape: p.type.dims,
    units: p.units,
    role,
    initial: initialOf(p).data,
    ...(own === undefined ? {} : { anchor: own }),
  };
}
