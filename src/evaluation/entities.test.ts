import { describe, expect, it } from "vitest";
import { EntityCounts, entitiesOf } from "./entities.ts";
import { metricGoldens } from "./goldens.fixtures.ts";
import { averageScores, scoresOf } from "./precision-recall.ts";

describe.each(metricGoldens.tagging)("tags at random", (golden) => {
  it("are read as seqeval reads them", () => {
    const got = golden.truth.map((s) => entitiesOf(s).map((e) => [e.type, e.start, e.end]));
    expect(got).toEqual(golden.entities);
  });

  it("have seqeval's scores by type and on average", () => {
    const counts = new EntityCounts();
    for (const [i, truth] of golden.truth.entries()) counts.add(truth, golden.predicted[i]!);
    const byType = counts.byType();
    expect([...byType.keys()]).toEqual(Object.keys(golden.byType).sort());
    for (const [type, expected] of Object.entries(golden.byType)) {
      const scores = scoresOf(byType.get(type)!);
      for (const key of ["precision", "recall", "f1", "support"] as const)
        expect(scores[key]).toBeCloseTo(expected[key], 12);
    }
    for (const how of ["macro", "micro", "weighted"] as const) {
      const scores = averageScores([...byType.values()], how);
      for (const key of ["precision", "recall", "f1"] as const)
        expect(scores[key]).toBeCloseTo(golden.averages[how][key], 12);
    }
  });
});

it("labels without a prefix are one entity as long as they stay the same; a bare prefix has the type _", () => {
  expect(entitiesOf(["PER", "PER", "O", "LOC", "PER"])).toEqual([
    { type: "PER", start: 0, end: 1 },
    { type: "LOC", start: 3, end: 3 },
    { type: "PER", start: 4, end: 4 },
  ]);
  expect(entitiesOf(["B", "I", "O", "S"])).toEqual([
    { type: "_", start: 0, end: 1 },
    { type: "_", start: 3, end: 3 },
  ]);
});
