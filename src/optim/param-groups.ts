import { ConfigError } from "../errors.ts";
import { formatShape, type Shape, shapesEqual, sizeOf } from "../tensor/shape.ts";
import type { AnchorOptionValues } from "./anchor-options.ts";
import type { BoundAnchor } from "./anchor-rule.ts";
import { findAnchorRule } from "./anchors/registry.ts";
import { type DepthSchedule, depthFactors } from "./depth-schedule.ts";
import { type Role, roles } from "./role.ts";

/** Where θ0 lies: at zero, at the parameter's first value, or nowhere. */
export type AnchorPlace = "zero" | "init" | "none";

/** Values of θ0 by parameter name, as a file has them. */
export interface AnchorValues {
  /** The file, for messages. */
  readonly from: string;
  readonly tensors: ReadonlyMap<string, { readonly dims: Shape; readonly data: Float32Array }>;
}

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
  /** Options of the anchor rule that differ from the run's, or from the defaults of the group's own rule. */
  readonly options?: AnchorOptionValues;
  /** λ in place of the run's. Whether lr multiplies it is the anchor rule's to say: weight decay yes, SPD no. */
  readonly strength?: number;
  readonly anchor?: AnchorPlace | AnchorValues;
  /** Whether it takes what other groups left, wherever it stands among them; so does a group without a condition. */
  readonly rest?: boolean;
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
  readonly at?: AnchorPlace | AnchorValues;
  /** How λ falls from the parameters nearest the input to those nearest the output; "constant" if left out. */
  readonly byDepth?: DepthSchedule;
  /** Whether tensors of rank 0 and 1 and biases are held too, unless a group gives a strength. True if left out. */
  readonly vectors?: boolean;
}

/** A parameter as groups see it. */
export interface ParameterInfo {
  readonly name: string;
  readonly role: Role;
  /** Needed where anchors come from a file, or vectors are left free. */
  readonly shape?: Shape;
  /** Where it stands between input and output, for strengths that fall by depth. Equal numbers are one layer. */
  readonly depth?: number;
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
  /** "value" is an array: `anchorValues`. */
  readonly anchor: AnchorPlace | "value";
  readonly anchorValues: Float32Array | null;
  readonly frozen: boolean;
}

/**
 * The settings of every parameter, in order. A parameter belongs to the one group that takes it, or else to the first of
 * those that take the rest; what the group leaves out comes from the parameter's role and the run's anchor rule: a role
 * that the rule exempts has strength 0, a head no anchor.
 *
 * @throws ConfigError for a group that takes no parameter or holds a bad value, two groups that take the same one, a
 *   strength beyond the rule's largest, an anchor of another shape, and a parameter that is to be held to an anchor that
 *   it does not have; all problems in one message
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
  const takers = parameters.map((p) => {
    const taker = takerOf(p, matchers, problems);
    if (taker) taker.used = true;
    return taker?.group ?? { name: "default" };
  });
  const strengths = strengthsOf(parameters, takers, runRule, anchor);

  const settings = parameters.map((p, i): ParameterSettings => {
    const group = takers[i]!; // one for each parameter
    const rule = ruleOf(group, runRule);
    const frozen = group.frozen ?? false;
    const strength = strengths[i]!;
    const place = group.anchor ?? p.anchor ?? (p.role === "head" ? "none" : anchor.at) ?? "none";
    const isHeld = !frozen && rule.toward === "anchor" && strength > 0;
    if (strength > (rule.strength.max ?? Number.POSITIVE_INFINITY)) {
      problems.push(
        `parameter "${p.name}" (group "${group.name}"): strength is ${strength}, and anchor rule "${rule.name}" takes 0 to ${rule.strength.max}.`,
      );
    }
    if (isHeld && place === "none") {
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
      ...anchorOf(p, place, isHeld, problems),
      frozen,
    };
  });
  for (const { group, used } of matchers) {
    if (!used) problems.push(unusedGroup(group, parameters));
  }
  if (problems.length > 0) throw new ConfigError(problems.join("\n"), { details: { problems } });
  return settings;
}

interface Matcher {
  readonly group: ParamGroup;
  readonly takes: (p: ParameterInfo) => boolean;
  used: boolean;
}

/** The group of a parameter; a second one that takes it too is a problem, since its settings would go unseen. */
function takerOf(p: ParameterInfo, matchers: readonly Matcher[], problems: string[]): Matcher | undefined {
  const all = matchers.filter((m) => m.takes(p));
  const [first, second] = all.filter((m) => !takesRest(m.group));
  if (first && second) {
    problems.push(
      `groups "${first.group.name}" and "${second.group.name}" both take parameter "${p.name}" (${p.role}): ` +
        "narrow one's match or role, or give the wider one `rest: true` to take what the others leave.",
    );
  }
  return first ?? all[0];
}

function takesRest({ rest, match, role }: ParamGroup): boolean {
  return rest ?? (match === undefined && role === undefined);
}

/** λ of every parameter: its group's, else the run's or its rule's default, less by depth and where vectors are free. */
function strengthsOf(
  parameters: readonly ParameterInfo[],
  takers: readonly ParamGroup[],
  runRule: BoundAnchor,
  { strength: runStrength, byDepth = "constant", vectors = true }: AnchorOptions,
): readonly number[] {
  const isFree = (p: ParameterInfo) => !vectors && ((p.shape?.length ?? 2) <= 1 || p.role === "bias");
  const strengths = parameters.map((p, i) => {
    const group = takers[i]!; // one for each parameter
    const rule = ruleOf(group, runRule);
    if (group.strength !== undefined) return group.strength;
    if (rule.exempt.includes(p.role) || isFree(p)) return 0;
    return (rule.name === runRule.name ? runStrength : undefined) ?? rule.strength.default;
  });
  const falling = parameters.flatMap((p, i) =>
    strengths[i]! > 0 && takers[i]!.strength === undefined ? [{ ...p, i }] : [],
  );
  const factors = depthFactors(byDepth, falling);
  const factorOf = new Map(falling.map(({ i }, k) => [i, factors[k]!]));
  return strengths.map((strength, i) => strength * (factorOf.get(i) ?? 1));
}

/** Where θ0 lies, with its values where they come from an array or a file. */
function anchorOf(
  { name, shape }: ParameterInfo,
  place: AnchorPlace | Float32Array | AnchorValues,
  isHeld: boolean,
  problems: string[],
): Pick<ParameterSettings, "anchor" | "anchorValues"> {
  if (typeof place === "string") return { anchor: place, anchorValues: null };
  if (place instanceof Float32Array) return { anchor: "value", anchorValues: place };
  const found = place.tensors.get(name);
  // Checkpoints of a run hold flat arrays.
  const isFlat = shape !== undefined && found?.dims.length === 1 && found.dims[0] === sizeOf(shape);
  const fits = found && (shape === undefined || isFlat || shapesEqual(found.dims, shape));
  if (fits) return { anchor: "value", anchorValues: found.data };
  if (isHeld) {
    const got = found ? `is ${formatShape(found.dims)} there` : "is not among its tensors";
    problems.push(
      `anchor of parameter "${name}" from ${place.from}: it ${got}, expected ${shape ? formatShape(shape) : "its values"}. ` +
        'Give the model that training starts from, or a group with anchor "init" or strength 0.',
    );
  }
  return { anchor: "none", anchorValues: null };
}

/** The group's own rule with its options, or the run's. */
function ruleOf({ rule = "", options }: ParamGroup, runRule: BoundAnchor): BoundAnchor {
  const isRuns = rule === "" || rule === runRule.name;
  if (isRuns && options === undefined) return runRule;
  const inherited = isRuns ? runRule.options : {};
  return findAnchorRule(isRuns ? runRule.name : rule).bind({ ...inherited, ...options });
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
  return `group "${group.name}" (${wanted || "no condition"}) takes no parameter that other groups left; parameters: ${some.join(", ")}${more}.`;
}
