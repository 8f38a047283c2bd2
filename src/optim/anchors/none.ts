import { type AnchorRule, defineAnchorRule } from "../anchor-rule.ts";

/** The plain update rule. */
export const none: AnchorRule = defineAnchorRule({
  name: "none",
  title: "",
  summary: "the update rule alone",
  source: null,
  toward: "nothing",
  strength: { default: 0, search: [0] },
  exempt: [],
  moments: () => ({}),
});
