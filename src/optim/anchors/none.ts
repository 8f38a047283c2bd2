import { type AnchorRule, defineAnchorRule } from "../anchor-rule.ts";

/** The plain update rule. */
export const none: AnchorRule = defineAnchorRule({
  name: "none",
  toward: "nothing",
  strength: { default: 0, search: [0] },
  exempt: [],
  moments: () => ({}),
});
