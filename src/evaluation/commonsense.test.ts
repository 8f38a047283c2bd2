import { expect, it } from "vitest";
import { COMMONSENSE_SETS, commonsenseAnswer } from "./commonsense.ts";
import { answerGoldens } from "./goldens.fixtures.ts";

it("the first match in a generated text is that of the official expressions, in all eight sets", () => {
  expect([...new Set(answerGoldens.commonsense.map(([set]) => set))]).toEqual(COMMONSENSE_SETS);
  for (const [set, text, expected] of answerGoldens.commonsense) {
    const name = COMMONSENSE_SETS.find((s) => s === set)!; // the sets are the same, checked above
    expect([set, text, commonsenseAnswer(name, text)]).toEqual([set, text, expected]);
  }
});
