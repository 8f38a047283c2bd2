import { ConfigError } from "../errors.ts";
import { isCorruptionSpec, namesFor } from "./corruptions/corrupt.ts";
import type { Dataset } from "./dataset.ts";

/** NAME or `*`, then nothing (all five severities), one severity or FROM-TO. */
const SHORTHAND = /^corruption:([^:]+)(?::([1-5])(?:-([1-5]))?)?$/;

/**
 * Shifted sets with every shorthand written out: `corruption:fog:1-5`, or `corruption:fog` for all five, becomes `fog-1`
 * … `fog-5`; `corruption:*:3` becomes every corruption that fits the examples. What stands for one set keeps its name.
 *
 * @param kind what the examples are
 * @throws ConfigError for an unknown corruption, a severity that is none, or two different sets of one name
 */
export function expandShifts(
  shifts: Readonly<Record<string, string>>,
  kind: Dataset["kind"],
): Readonly<Record<string, string>> {
  const sets = new Map<string, string>();
  for (const [name, shift] of Object.entries(shifts)) {
    for (const [set, spec] of expanded(name, shift, kind)) {
      const known = sets.get(set);
      if (known !== undefined && known !== spec)
        throw new ConfigError(
          `shifts.${name}: "${shift}" makes a set "${set}", and another one has that name ("${known}"); rename the other`,
        );
      sets.set(set, spec);
    }
  }
  return Object.fromEntries(sets);
}

function expanded(name: string, shift: string, kind: Dataset["kind"]): (readonly [string, string])[] {
  if (!isCorruptionSpec(shift)) return [[name, shift]];
  const [, corruption, from, to] = SHORTHAND.exec(shift) ?? [];
  const [first, last] = [Number(from ?? 1), Number(to ?? from ?? 5)];
  const every = [...namesFor("image"), ...namesFor("text")];
  const isKnown = corruption === "*" || every.some((known) => known === corruption);
  if (corruption === undefined || !isKnown || first > last)
    throw new ConfigError(
      `shifts.${name}: "${shift}": expected corruption:NAME:SEVERITY with NAME one of ${every.join(", ")}, or * for all that fit, and SEVERITY 1 to 5, a range such as 1-5, or nothing for all five`,
    );
  const names = corruption === "*" ? namesFor(kind) : [corruption];
  if (names.length === 0)
    throw new ConfigError(`shifts.${name}: "${shift}": there is no corruption for examples of kind ${kind}`);
  if (corruption !== "*" && from !== undefined && to === undefined) return [[name, shift]];
  const severities = Array.from({ length: last - first + 1 }, (_, i) => first + i);
  return names.flatMap((each) =>
    severities.map((severity) => [`${each}-${severity}`, `corruption:${each}:${severity}`] as const),
  );
}
