import { type Method, methods } from "../config/methods.ts";
import { anchorSearch } from "../config/rule-settings.ts";
import { weightMethods } from "../config/weight-methods.ts";
import type { AnchorOptionTable } from "../optim/anchor-options.ts";
import type { AnchorRule, BoundAnchor } from "../optim/anchor-rule.ts";
import { anchorRules, findAnchorRule } from "../optim/anchors/registry.ts";
import { citation, type Source } from "../optim/source.ts";
import type { UpdateRule } from "../optim/update-rule.ts";
import { findUpdateRule, updateRules } from "../optim/updates/registry.ts";
import { peftMethods } from "../peft/registry.ts";
import { sizeOf } from "../tensor/shape.ts";

/** What a list of methods says of one. Generated from the registries, so that a new entry is in it at once. */
export interface MethodFacts {
  readonly kind: MethodKind;
  readonly name: string;
  readonly summary: string;
  readonly paper: string;
  readonly url: string | null;
  /** How it is asked for. */
  readonly use: string;
  /** What is set where nobody says otherwise. */
  readonly defaults: Readonly<Record<string, unknown>>;
  /** Copies of the trained weights beside the weights and their gradients. */
  readonly extraCopies: number;
  /** Values worth trying, by setting. */
  readonly search: Readonly<Record<string, readonly unknown[]>>;
  /** What can be set, and what it does. */
  readonly options: Readonly<Record<string, string>>;
}

export type MethodKind = "method" | "update rule" | "anchor rule" | "PEFT method" | "weight-space method";

/** Everything that can be named, by kind. */
export function listMethods(): readonly MethodFacts[] {
  return [
    ...methods.map(methodFacts),
    ...updateRules.map(updateFacts),
    ...anchorRules.map(anchorFacts),
    ...peftMethods.map(
      ({ name, summary, paper, defaults }): MethodFacts => ({
        ...{ kind: "PEFT method", name, summary, use: `--peft.method ${name}` },
        ...cited(methods.find((m) => m.peft === name)?.source ?? null),
        ...{ url: paper, defaults: { ...defaults }, search: {}, options: {}, extraCopies: 0 },
      }),
    ),
    ...weightMethods.map(
      ({ name, summary, source, use, copies, search }): MethodFacts => ({
        ...{ kind: "weight-space method", name, summary, use, ...cited(source) },
        ...{ defaults: {}, extraCopies: copies, search, options: {} },
      }),
    ),
  ];
}

function methodFacts(method: Method): MethodFacts {
  const { name, summary, source, rule, anchor, strength, anchorOptions, trainable } = method;
  const [updateRule, anchorRule] = [findUpdateRule(rule), findAnchorRule(anchor)];
  const bound = anchorRule.bind(anchorOptions ?? {});
  const { probe, layerDecay, distillation, maskShare, strengthByDepth } = method;
  const own = { probe, layerDecay, distillation, maskShare, strengthByDepth, ...anchorOptions };
  return {
    ...{ kind: "method", name, summary, use: `--method ${name}`, ...cited(source) },
    defaults: {
      rule,
      anchor,
      strength: strength ?? anchorRule.strength.default,
      trainable: method.peft ? `adapters (${method.peft})` : trainable,
      ...Object.fromEntries(Object.entries(own).filter(([, value]) => value !== undefined)),
    },
    // Adapters start at zero, which no anchor need be kept for.
    extraCopies: statesOf(updateRule) + (method.peft ? 0 : copiesOf(bound)),
    search: anchor === "none" ? searchOfLr(updateRule) : anchorSearch(anchorRule),
    options: optionHelp(anchorRule.options),
  };
}

function updateFacts(rule: UpdateRule): MethodFacts {
  const { name, summary, source, defaultLr, defaults } = rule;
  return {
    ...{ kind: "update rule", name, summary, use: `--optimizer.rule ${name}`, ...cited(source) },
    defaults: { lr: defaultLr, ...defaults },
    extraCopies: statesOf(rule),
    search: searchOfLr(rule),
    options: {},
  };
}

function anchorFacts(rule: AnchorRule): MethodFacts {
  const { name, summary, source, strength, options } = rule;
  const own = Object.entries(options).map(([key, option]) => [key, option.default] as const);
  return {
    ...{ kind: "anchor rule", name, summary, use: `--optimizer.anchor ${name}`, ...cited(source) },
    defaults: { strength: strength.default, ...Object.fromEntries(own) },
    extraCopies: copiesOf(rule.bind({})),
    search: anchorSearch(rule),
    options: optionHelp(options),
  };
}

/** What the rule remembers of a matrix as large as those of a transformer, in copies of it. */
function statesOf(rule: UpdateRule): number {
  const shape = [1024, 1024];
  const { states } = rule.bind({}).forParameter({ shape, role: "other" });
  const held = states.reduce((sum, state) => sum + sizeOf(state.shape), 0);
  return Math.round((100 * held) / sizeOf(shape)) / 100;
}

/** The anchor itself, arrays of the rule's own, and the copy that a projection sets aside. */
function copiesOf({ toward, memory, projection }: BoundAnchor): number {
  return (toward === "anchor" ? 1 : 0) + (memory?.array === undefined ? 0 : 1) + (projection ? 1 : 0);
}

function optionHelp(table: AnchorOptionTable): Record<string, string> {
  const entries = Object.entries(table).map(([name, { help, choices }]) => {
    return [`optimizer.anchorOptions.${name}`, choices ? `${help} (${choices.join(", ")})` : help] as const;
  });
  return Object.fromEntries(entries);
}

function cited(source: Source | null): Pick<MethodFacts, "paper" | "url"> {
  return source === null ? { paper: "", url: null } : { paper: citation(source), url: source.url };
}

/** Fine-tuning takes less than the rate that a rule starts from elsewhere. */
function searchOfLr({ defaultLr }: UpdateRule): MethodFacts["search"] {
  const rates = [0.01, 0.03, 0.1, 0.3, 1].map((share) => Number((share * defaultLr).toPrecision(2)));
  return { "optimizer.lr": rates };
}
