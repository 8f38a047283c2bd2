import type { AnchorOptionValues } from "../optim/anchor-options.ts";
import { type AnchorPlace, type AnchorValues, resolveSettings } from "../optim/param-groups.ts";
import type { Hyperparameters } from "../optim/update-rule.ts";
import { findUpdateRule } from "../optim/updates/registry.ts";
import type { Files } from "../platform/files.ts";
import { type Tensor, tensor } from "../tensor/tensor.ts";
import type { Adapters } from "./adapters.ts";
import { openAnchor } from "./anchor-source.ts";
import { buildOptimizerGraph, type OptimizerGraphOptions } from "./optimizer-graph/build-optimizer-graph.ts";
import type { TrainingGraph } from "./training-graph.ts";

/** The optimizer of training artifacts, as a user names it. */
export interface OptimizerChoice {
  /** Update rule by name, and hyperparameters that differ from its defaults. */
  readonly rule: string;
  readonly hyperparameters?: Hyperparameters;
  /** Anchor rule by name. */
  readonly anchor: string;
  /** λ; the rule's default if left out. */
  readonly strength?: number;
  readonly anchorOptions?: AnchorOptionValues;
  /** `init`, `zero`, or a model or `.safetensors` file whose tensors bear the parameters' names. */
  readonly at: string;
}

/** Adam + SPD, held to the values that training starts from. */
export const DEFAULT_OPTIMIZER: OptimizerChoice = { rule: "adam", anchor: "spd", at: "init" };

export interface ArtifactOptimizer {
  /** `optimizer_model.onnx`. */
  readonly model: Uint8Array;
  /** What `artifacts.json` says of the optimizer. */
  readonly description: Readonly<Record<string, unknown>>;
  /** What it says of each parameter beside its own. */
  readonly parameters: ReadonlyMap<string, Readonly<Record<string, unknown>>>;
  /** Values of anchors that are neither zero nor the first values, under the names of the inputs that take them. */
  readonly anchors: ReadonlyMap<string, Tensor>;
}

/**
 * One optimizer step over the parameters of a training graph as a model, and what a reader must know to run it.
 *
 * @throws ConfigError for unknown rules and settings, and for an anchor rule that has no form as a graph
 */
export async function buildArtifactOptimizer(
  files: Files,
  graph: TrainingGraph,
  choice: OptimizerChoice,
  adapters: Adapters | null,
): Promise<ArtifactOptimizer> {
  const at = await openAnchor(files, choice.at);
  const options = optionsFor(graph, choice, at, adapters);
  const { model, parameters } = buildOptimizerGraph(options);
  const settings = new Map(
    resolveSettings(options.parameters, options.anchor, options.groups).map((s) => [s.name, s]),
  );
  const anchors = new Map<string, Tensor>();
  const described = new Map<string, Record<string, unknown>>();
  for (const { name, shape, states, anchor } of parameters) {
    const s = settings.get(name)!; // made from the same list
    if (anchor !== null && s.anchorValues !== null)
      anchors.set(anchor, tensor("float32", shape, s.anchorValues));
    described.set(name, {
      states: states.map((state) => ({ name: state.name, dtype: "float32", shape: state.shape })),
      // The input that takes θ0, and where its value lies: under the parameter's name or under the input's own.
      anchorInput: anchor,
      anchor: s.anchorValues === null ? s.anchor : "file",
      strength: s.strength,
      group: s.group,
    });
  }
  const update = findUpdateRule(choice.rule).bind(choice.hyperparameters ?? {});
  return {
    model,
    parameters: described,
    anchors,
    description: {
      model: "optimizer_model.onnx",
      rule: choice.rule,
      hyperparameters: update.hyperparameters,
      anchorRule: choice.anchor,
      ...(choice.anchorOptions ? { anchorOptions: choice.anchorOptions } : {}),
      anchorAt: choice.at,
      inputs: [
        { name: "lr", dtype: "float32", shape: [] },
        { name: "step", dtype: "int64", shape: [] },
      ],
    },
  };
}

function optionsFor(
  graph: TrainingGraph,
  choice: OptimizerChoice,
  at: AnchorPlace | AnchorValues,
  adapters: Adapters | null,
): OptimizerGraphOptions {
  const own = new Map(adapters?.attached.parameters.map((p) => [p.value, p.info.anchor]));
  return {
    parameters: graph.parameters.map(({ name, type, role, units, source }) => {
      // Gains are about 1, so that zero is no place to hold them to.
      const anchor = own.get(source) ?? (at === "zero" && role === "norm" ? "init" : undefined);
      return {
        name,
        shape: type.dims,
        units,
        role: role === "weight" ? "other" : role,
        ...(anchor === undefined ? {} : { anchor }),
      };
    }),
    update: {
      rule: choice.rule,
      ...(choice.hyperparameters ? { hyperparameters: choice.hyperparameters } : {}),
    },
    anchor: {
      rule: choice.anchor,
      at,
      ...(choice.strength === undefined ? {} : { strength: choice.strength }),
      ...(choice.anchorOptions ? { options: choice.anchorOptions } : {}),
    },
  };
}
