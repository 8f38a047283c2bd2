import type { AnchorRule } from "../anchor-rule.ts";

/** The plain update rule. */
export const none: AnchorRule = {
  name: "none",
  toward: "nothing",
  strength: { default: 0, search: [0] },
  exempt: [],
};
