import { z } from "zod";
import type { AnchorOption, AnchorOptionValue } from "../optim/anchor-options.ts";
import type { AnchorRule } from "../optim/anchor-rule.ts";
import { anchorRules } from "../optim/anchors/registry.ts";
import { updateRules } from "../optim/updates/registry.ts";

// z.enum needs a non-empty tuple; both registries have entries.
const names = (rules: readonly { readonly name: string }[]) =>
  rules.map((r) => r.name) as [string, ...string[]];

/** Names of update rules, and of anchor rules, as the registries have them. */
export const updateRuleSchema = z.enum(names(updateRules));
export const anchorRuleSchema = z.enum(names(anchorRules));

/** Options of the anchor rules: a key for each name that any rule has. Whether the chosen rule has it is checked later. */
export const anchorOptionsSchema: z.ZodType<AnchorOptionSettings, AnchorOptionSettings> = z
  .strictObject(Object.fromEntries([...optionsByName()].map(([name, of]) => [name, optionSchema(of)])))
  .describe("options of the anchor rule; holdfast methods lists them");

/** What a user gave; a rule fills in the rest. */
export type AnchorOptionSettings = Readonly<Record<string, AnchorOptionValue | undefined>>;

interface OptionOfRule {
  readonly rule: string;
  readonly option: AnchorOption;
}

function optionsByName(): Map<string, OptionOfRule[]> {
  const found = new Map<string, OptionOfRule[]>();
  for (const { name: rule, options } of anchorRules) {
    for (const [name, option] of Object.entries(options))
      found.set(name, [...(found.get(name) ?? []), { rule, option }]);
  }
  return found;
}

/** What any of the rules takes: their ranges and words together. */
function optionSchema(
  rules: readonly OptionOfRule[],
): z.ZodType<AnchorOptionValue | undefined, AnchorOptionValue | undefined> {
  const described = rules
    .map(({ rule, option }) => `${rule}: ${option.help}; ${option.default} if left out`)
    .join(". ");
  const options = rules.map((r) => r.option);
  const kind = typeof options[0]!.default; // a name in the map has a rule at least
  if (kind === "boolean") return z.boolean().optional().describe(described);
  if (kind === "string") {
    const words = [...new Set(options.flatMap((o) => o.choices ?? []))];
    return (words.length > 0 ? z.enum(words) : z.string()).optional().describe(described);
  }
  const number = options.every((o) => o.integer === true) ? z.int() : z.number();
  const least = Math.min(...options.map((o) => o.min ?? Number.NEGATIVE_INFINITY));
  return (Number.isFinite(least) ? number.min(least) : number).optional().describe(described);
}

/**
 * What is worth searching for an anchor rule, by dotted key of the settings: its strength, or, where a rule's strength is
 * a switch, the first of its options that has numbers to try; nothing for a rule that has neither.
 */
export function anchorSearch(rule: AnchorRule): Readonly<Record<string, readonly number[]>> {
  if (rule.strength.search.length > 1) return { "optimizer.strength": rule.strength.search };
  for (const [name, { search = [], max }] of Object.entries(rule.options)) {
    const values = search.filter((v) => typeof v === "number");
    // A range that ends could not be widened.
    if (max === undefined && values.length > 1) return { [`optimizer.anchorOptions.${name}`]: values };
  }
  return {};
}
