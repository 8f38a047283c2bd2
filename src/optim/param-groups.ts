import { ConfigError } from "../errors.ts";
import type { AnchorOptionValues } from "./anchor-options.ts";
import type { BoundAnchor } from "./anchor-rule.ts";
import { findAnchorRule } from "./anchors/registry.ts";
import { type Role, roles } from "./role.ts";

/** Where θ0 lies: at zero, at the parameter's first value, or nowhere. */
export type AnchorPlace = "zero" | "init" | "none";

/** Settings for the parameters that it takes: those whose name matches and whose role is listed. */
export interface ParamGroup {
  readonly name: string;
  /** Regular expression that must match somewhere in the parameter's name; every name if left out. */
  readonly match?: string;
  /** Every role if left out. */
  readonly role?: Role | readonly Role[];
  /** Factor on the step's learning rate; 1 if left out. */
  readonly lrScale?: number;
  /** Anchor rule in place of the run's, by name: for example "weight-decay" for a new head. */
  readonly rule?: string;
  /** λ in place of the run's. Whether lr multiplies it is the anchor rule's to say: weight decay yes, SPD no. */
  readonly strength?: number;
  readonly anchor?: AnchorPlace;
  /** Frozen parameters get no gradient, no state and no step. */
  readonly frozen?: boolean;
}

/** The anchor rule of a run, where groups say nothing else. */
export interface AnchorOptions {
  readonly rule: string;
  /** λ; the rule's default if left out. */
  readonly strength?: number;
  /** The rule's own options where they differ from its defaults. */
  readonly options?: AnchorOptionValues;
  /** θ0 of parameters whose own anchor is not given. Left out, a rule that needs an anchor refuses them. */
  readonly at?: AnchorPlace;
}

/** A parameter as groups see it. */
export interface ParameterInfo {
  readonly name: string;
  readonly role: Role;
  /** θ0: values of the parameter's size, for example from another checkpoint, or a place. */
  readonly anchor?: AnchorPlace | Float32Array;
  /** Factor on the step's learning rate, on top of its group's; 1 if left out. */
  readonly lrScale?: number;
}

/** What holds for one parameter after groups, roles and the run's settings are weighed. */
export interface ParameterSettings {
  readonly name: string;
  readonly role: Role;
  /** Name of the group that took it, or "default". */
  readonly group: string;
  readonly lrScale: number;
  readonly rule: BoundAnchor;
  readonly strength: number;
  /** "value" is an array that the parameter came with. */
  readonly anchor: AnchorPlace | "value";
  readonly frozen: boolean;
}

/**
 * The settings of every parameter, in order. The first group that takes a parameter decides; what it leaves out comes
 * from the parameter's role and the run's anchor rule: a role that the rule exempts has strength 0, a head no anchor.
 *
 * @throws ConfigError for a group that takes no parameter or holds a bad value, and for a parameter that is to be held
 *   to an anchor that it does not have; all problems in one message
 */
export function resolveSettings(
  parameters: readonly ParameterInfo[],
  anchor: AnchorOptions,
  groups: readonly ParamGroup[] = [],
): readonly ParameterSettings[] {
  const problems: string[] = [];
  const runRule = findAnchorRule(anchor.rule).bind(anchor.options ?? {});
  if (anchor.strength !== undefined) problems.push(...strengthProblems("anchor", anchor.strength));
  const matchers = groups.map((group) => ({ group, takes: matcherOf(group, problems), used: false }));

  const settings = parameters.map((p): ParameterSettings => {
    const taker = matchers.find((m) => m.takes(p));
    if (taker) taker.used = true;
    const group: ParamGroup = taker?.group ?? { name: "default" };
    const rule = ruleOf(group, runRule);
    const ruleStrength = rule === runRule ? anchor.strength : undefined;
    const strength =
      group.strength ?? (rule.exempt.includes(p.role) ? 0 : (ruleStrength ?? rule.strength.default));
    if (strength > (rule.strength.max ?? Number.POSITIVE_INFINITY)) {
      problems.push(
        `parameter "${p.name}" (group "${group.name}"): strength is ${strength}, and anchor rule "${rule.name}" takes 0 to ${rule.strength.max}.`,
      );
    }
    const at = group.anchor ?? p.anchor ?? (p.role === "head" ? "none" : anchor.at);
    const frozen = group.frozen ?? false;
    if (!frozen && rule.toward === "anchor" && strength > 0 && (at === undefined || at === "none")) {
      problems.push(
        `parameter "${p.name}" (role ${p.role}, group "${group.name}") has no anchor, and anchor rule "${rule.name}" ` +
          `holds it to one with strength ${strength}: give its pretrained values, "init" or "zero", or set strength 0.`,
      );
    }
    return {
      name: p.name,
      role: p.role,
      group: group.name,
      lrScale: (group.lrScale ?? 1) * (p.lrScale ?? 1),
      rule,
      strength,
      anchor: at instanceof Float32Array ? "value" : (at ?? "none"),
      frozen,
    };
  });
  for (const { group, used } of matchers) {
    if (!used) problems.push(unusedGroup(group, parameters));
  }
  if (problems.length > 0) throw new ConfigError(problems.join("\n"), { details: { problems } });
  return settings;
}

/** The group's own rule with the defaults of its options, or the run's. */
function ruleOf({ rule }: ParamGroup, runRule: BoundAnchor): BoundAnchor {
  return rule === undefined || rule === runRule.name ? runRule : findAnchorRule(rule).bind({});
}

function matcherOf(group: ParamGroup, problems: string[]): (p: ParameterInfo) => boolean {
  const { lrScale, strength, role } = group;
  const where = `group "${group.name}"`;
  if (lrScale !== undefined && !(lrScale >= 0 && Number.isFinite(lrScale))) {
    problems.push(`${where}: lrScale is ${lrScale}, expected a finite number of at least 0.`);
  }
  if (strength !== undefined) problems.push(...strengthProblems(where, strength));
  const wanted = role === undefined ? roles : typeof role === "string" ? [role] : role;
  let pattern: RegExp;
  try {
    pattern = new RegExp(group.match ?? "", "u");
  } catch (cause) {
    throw new ConfigError(`${where}: match ${JSON.stringify(group.match)} is no regular expression.`, {
      cause,
    });
  }
  return (p) => wanted.includes(p.role) && pattern.test(p.name);
}

function strengthProblems(where: string, strength: number): string[] {
  if (strength >= 0 && Number.isFinite(strength)) return [];
  return [`${where}: strength is ${strength}, expected a finite number of at least 0.`];
}

function unusedGroup(group: ParamGroup, parameters: readonly ParameterInfo[]): string {
  const wanted = [
    ...(group.match === undefined ? [] : [`match ${JSON.stringify(group.match)}`]),
    ...(group.role === undefined ? [] : [`role ${[group.role].flat().join(" or ")}`]),
  ].join(" and ");
  const some = parameters.slice(0, 5).map((p) => `"${p.name}" (${p.role})`);
  const more = parameters.length > some.length ? `, and ${parameters.length - some.length} more` : "";
  return `group "${group.name}" (${wanted || "no condition"}) takes no parameter that an earlier group left; parameters: ${some.join(", ")}${more}.`;
}
