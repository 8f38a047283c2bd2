import { ConfigError, unknownName } from "../../errors.ts";
import type { UpdateRule } from "../update-rule.ts";
import { adafactor } from "./adafactor.ts";
import { adam } from "./adam.ts";
import { amsgrad } from "./amsgrad.ts";
import { lion } from "./lion.ts";
import { muon } from "./muon.ts";
import { nadam } from "./nadam.ts";
import { radam } from "./radam.ts";
import { sgd } from "./sgd.ts";

/** Every update rule. A new one is its file and its entry here. */
export const updateRules: readonly UpdateRule[] = [sgd, adam, amsgrad, nadam, radam, lion, adafactor, muon];

/** @throws ConfigError if no rule has this name */
export function findUpdateRule(name: string): UpdateRule {
  const rule = updateRules.find((r) => r.name === name);
  if (rule) return rule;
  const known = updateRules.map((r) => r.name);
  throw new ConfigError(unknownName("optimizer", name, known), { details: { name, known } });
}
