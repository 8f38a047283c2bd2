import { ConfigError } from "../errors.ts";
import type { Value } from "../onnx/value.ts";
import { sizeOf } from "../tensor/shape.ts";
import type { PeftMethod } from "./method.ts";
import type { Site } from "./site.ts";

const MOST_LISTED = 12;

/**
 * The sites that `targets` names: `all-linear`, every linear layer and 1×1 convolution but those of the classifier (for
 * a method of another kind, the sites that it takes by default); or a regular expression that must match somewhere in a module's path or in its weight's name.
 *
 * @throws ConfigError if nothing matches, listing what could; or if a site that a regular expression matches cannot
 *   bear the method
 */
export function chooseSites(
  sites: readonly Site[],
  targets: string,
  options: { readonly method: PeftMethod; readonly head: ReadonlySet<Value> },
): Site[] {
  const { method, head } = options;
  const fitting = sites.filter((s) => method.kinds.includes(s.kind));
  if (targets === "all-linear") {
    const free = fitting.filter((s) => isFree(s, method) && !head.has(s.weight));
    const chosen = method.defaultSites?.(free) ?? free.filter(isLinear);
    const others = sites.filter((s) => !method.kinds.includes(s.kind));
    return chosen.length > 0 ? [...chosen] : nothing(sites, targets, method, others);
  }
  const pattern = patternOf(targets, "peft.targets");
  const isNamed = (s: Site) => pattern.test(s.module) || pattern.test(s.weight.name);
  const chosen = fitting.filter(isNamed);
  if (chosen.length === 0) return nothing(sites, targets, method, sites.filter(isNamed));
  const refused = chosen.filter((s) => !isFree(s, method));
  if (refused.length > 0) {
    throw new ConfigError(
      `peft.targets "${targets}" takes in layers that no adapter can sit on; leave them out:\n` +
        refused.map((s) => `${s.module}: ${s.refusal}`).join("\n"),
    );
  }
  return chosen;
}

/** A regular expression of the settings. @throws ConfigError naming its key if it is none */
export function patternOf(text: string, key: string): RegExp {
  try {
    return new RegExp(text, "u");
  } catch (cause) {
    throw new ConfigError(`${key} "${text}" is no regular expression`, { cause });
  }
}

function isFree({ refusal }: Site, { keepsWeight }: PeftMethod): boolean {
  return refusal === null || keepsWeight === true;
}

/** A 1×1 convolution is a linear layer on channels. */
function isLinear({ kind, shape }: Site): boolean {
  return kind === "linear" || (kind === "conv" && sizeOf(shape.slice(2)) === 1);
}

/** @param named sites that `targets` names, all of kinds that the method does not sit on */
function nothing(
  sites: readonly Site[],
  targets: string,
  method: PeftMethod,
  named: readonly Site[] = [],
): never {
  const possible = sites.filter((s) => isFree(s, method) && method.kinds.includes(s.kind));
  const wrong =
    named.length > 0
      ? `, which sits on layers of kind ${method.kinds.join(", ")} alone, not on ${listed(named)}`
      : "";
  throw new ConfigError(
    `peft.targets "${targets}" matches no layer for ${method.title}${wrong}; ` +
      (possible.length > 0
        ? `layers that it can sit on: ${listed(possible)}. Name some by a regular expression, as in --peft.targets '${possible[0]?.module}'`
        : "the model has none in its main graph that it could sit on"),
    { details: { targets, possible: possible.map((s) => s.module) } },
  );
}

function listed(sites: readonly Site[]): string {
  const shown = sites.slice(0, MOST_LISTED).map((s) => `${s.module} (${s.kind})`);
  return shown.join(", ") + (sites.length > shown.length ? `, and ${sites.length - shown.length} more` : "");
}
