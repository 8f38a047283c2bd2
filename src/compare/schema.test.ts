import { expect, it } from "vitest";
import { parseCompare } from "./schema.ts";

const good = { out: "c", base: { model: "m", data: "d" }, methods: ["adamw", "spd"] };
const refusal = (over: object): string => {
  try {
    parseCompare({ ...good, ...over }, "compare.yaml");
  } catch (error) {
    return String(error);
  }
  return "accepted";
};

it("fills in seeds, trials, and AdamW as the baseline", () => {
  expect(parseCompare(good)).toMatchObject({
    seeds: [1, 2, 3],
    trials: 4,
    tuningSeed: 0,
    widen: 2,
    baseline: "adamw",
    methods: [
      { name: "adamw", method: "adamw", settings: {} },
      { name: "spd", method: "spd", settings: {} },
    ],
  });
  expect(parseCompare({ ...good, methods: ["spd", "l2-sp"] }).baseline).toBe("spd");
});

it("keeps an entry's own settings apart from its name and its range", () => {
  const entry = {
    name: "strong",
    method: "spd",
    search: { "optimizer.strength": [2, 4] },
    optimizer: { lr: 1 },
  };
  expect(parseCompare({ ...good, methods: ["adamw", entry] }).methods[1]).toEqual({
    name: "strong",
    method: "spd",
    search: { "optimizer.strength": [2, 4] },
    settings: { optimizer: { lr: 1 } },
  });
});

it.each([
  [{ methods: ["adamw", "sdp"] }, /methods\.1: method "sdp" is unknown; did you mean "spd"\?/],
  [{ methods: [] }, /methods: is empty/],
  [{ methods: ["spd", "spd"] }, /two entries are called spd; give each a name of its own/],
  [{ methods: [{ optimizer: {} }] }, /methods\.0\.method is missing/],
  [{ methods: [{ method: "spd", name: "a/b" }] }, /methods\.0\.name: expected letters/],
  [{ methods: [{ method: "spd", search: { "optimizer.strength": [] } }] }, /methods\.0\.search/],
  [{ seeds: [] }, /seeds: is empty; give at least one seed/],
  [{ seeds: [1, 1] }, /seeds: 1 is there twice/],
  [{ seeds: [0, 1] }, /tuningSeed: 0 is a reported seed too/],
  [{ seeds: [1.5] }, /seeds\.0/],
  [{ trials: -1 }, /trials/],
  [
    { trials: 0, methods: [{ method: "spd", search: { "optimizer.strength": [1, 2] } }] },
    /methods\.0: searches optimizer\.strength, but trials is 0/,
  ],
  [{ baseline: "sgd" }, /baseline: "sgd" is none of the methods \(adamw, spd\)/],
  [{ judgeTrials: ["sgd"] }, /judgeTrials: "sgd" is none of the methods/],
  [{ trails: 3 }, /unknown key trails; did you mean trials\?/],
  [{ base: undefined }, /base is missing/],
  [{ base: "settings" }, /base/],
])("refuses %j and says why", (over, message) => {
  expect(refusal(over)).toMatch(message);
  expect(refusal(over)).toContain("compare.yaml");
});

it("lists all problems at once", () => {
  const text = refusal({ methods: ["sdp"], seeds: [0, 0] });
  expect(text).toMatch(/sdp/);
  expect(text).toMatch(/0 is there twice/);
});
