import { findMethod } from "../config/methods.ts";
import type { Config } from "../config/schema.ts";
import { ConfigError } from "../errors.ts";
import { findAnchorRule } from "../optim/anchors/registry.ts";
import { createOptimizer, type ParameterSpec } from "../optim/create-optimizer.ts";
import type { Optimizer } from "../optim/optimizer.ts";
import type { ParamGroup } from "../optim/param-groups.ts";
import type { Role } from "../optim/role.ts";
import type { Hyperparameters } from "../optim/update-rule.ts";
import type { MethodRecord } from "../run/records.ts";
import { peftOf } from "./adapters.ts";
import { layerDecayScales } from "./layer-decay.ts";
import { withoutUndefined } from "./plain.ts";
import type { Network } from "./prepare-network.ts";
import { initialOf, type TrainableParameter, type TrainingGraph } from "./training-graph.ts";

const ruleNames: Readonly<Record<string, string>> = { sgd: "SGD", adam: "Adam", amsgrad: "AMSGrad" };
const anchorNames: Readonly<Record<string, string>> = {
  "weight-decay": "weight decay",
  "l2-sp-decoupled": "L2-SP",
  "l2-sp-coupled": "L2-SP (coupled)",
  spd: "SPD",
};

/** The method of a run after its own settings are put over those of its name. */
export function resolveMethod(config: Config): MethodRecord {
  const method = findMethod(config.method);
  if (!method) throw new ConfigError(`method "${config.method}" is unknown`);
  const { rule, anchor, strength } = config.optimizer;
  const updateRule = rule ?? method.rule;
  const anchorRule = anchor ?? method.anchor;
  const ownStrength = anchor === undefined ? method.strength : undefined;
  const held = anchorNames[anchorRule];
  const adapters = peftOf(config);
  const chosen = config.trainable ?? method.trainable;
  const only = chosen === "all" ? "" : `, ${chosen === "head" ? "head" : chosen} only`;
  const trained = adapters === null ? only : `, ${adapters.title}`;
  return {
    name: `${ruleNames[updateRule] ?? updateRule}${held ? ` + ${held}` : ""}${trained}`,
    updateRule,
    anchorRule,
    strength: strength ?? ownStrength ?? findAnchorRule(anchorRule).strength.default,
  };
}

/** The optimizer of a run: every parameter with its role, anchored where it starts. */
export async function openOptimizer(
  config: Config,
  graph: TrainingGraph,
  network: Network,
): Promise<Optimizer> {
  const { updateRule, anchorRule, strength } = resolveMethod(config);
  const { betas, eps, momentum, nesterov, headLrScale, accumulate } = config.optimizer;
  const chosen = updateRule === "sgd" ? { momentum, nesterov } : { betas, eps };
  const headGroup: ParamGroup[] =
    headLrScale === 1 || network.head === "kept"
      ? []
      : [{ name: "head", role: "head", lrScale: headLrScale }];
  const decay = config.optimizer.layerDecay ?? findMethod(config.method)?.layerDecay ?? 1;
  const scales = decay === 1 ? [] : layerDecayScales(network.model, network, graph.parameters, decay);
  return createOptimizer({
    parameters: graph.parameters.map((p, i) => ({ ...parameterSpec(p, network), lrScale: scales[i] ?? 1 })),
    // What zod parsed has no other kinds of values than hyperparameters have.
    update: { rule: updateRule, hyperparameters: withoutUndefined(chosen) as Hyperparameters },
    anchor: { rule: anchorRule, at: "init", strength },
    groups: [...config.groups.map((g) => withoutUndefined(g) as ParamGroup), ...headGroup],
    accumulate: accumulate > 1,
  });
}

function parameterSpec(p: TrainableParameter, network: Network): ParameterSpec {
  const part = network.adapters?.attached.parameters.find((a) => a.value === p.source);
  const isNewHead = network.head === "new" && network.headParameters.has(p.source);
  const role: Role = isNewHead ? "head" : p.role === "weight" ? "other" : p.role;
  // A head gets its first value as anchor too, so that how far it moved is known; its strength is 0 all the same.
  const anchor = part?.info.anchor ?? "init";
  return { name: p.name, shape: p.type.dims, role, initial: initialOf(p).data, anchor };
}
