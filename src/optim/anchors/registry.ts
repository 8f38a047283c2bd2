import { ConfigError, unknownName } from "../../errors.ts";
import type { AnchorRule } from "../anchor-rule.ts";
import { cautious } from "./cautious.ts";
import { digrap } from "./digrap.ts";
import { ftp } from "./ftp.ts";
import { l2SpCoupled } from "./l2-sp-coupled.ts";
import { l2SpDecoupled } from "./l2-sp-decoupled.ts";
import { marsSp } from "./mars-sp.ts";
import { none } from "./none.ts";
import { spd, spdAlways, spdFull } from "./spd.ts";
import { spdRows } from "./spd-rows.ts";
import { tpgm } from "./tpgm.ts";
import { weightDecay } from "./weight-decay.ts";

/** Every anchor rule. A new one is its file and its entry here. */
export const anchorRules: readonly AnchorRule[] = [
  none,
  weightDecay,
  cautious,
  l2SpCoupled,
  l2SpDecoupled,
  spd,
  spdRows,
  spdAlways,
  spdFull,
  marsSp,
  tpgm,
  ftp,
  digrap,
];

/** @throws ConfigError if no rule has this name */
export function findAnchorRule(name: string): AnchorRule {
  const rule = anchorRules.find((r) => r.name === name);
  if (rule) return rule;
  const known = anchorRules.map((r) => r.name);
  throw new ConfigError(unknownName("anchor rule", name, known), { details: { name, known } });
}
