import { expect, it } from "vitest";
import { answerGoldens } from "./goldens.fixtures.ts";
import { normaliseVqaAnswer, vqaAccuracy } from "./vqa.ts";

it("answers are normalised as the official scorer does it: contractions, punctuation, digits, articles, spaces", () => {
  const got = answerGoldens.vqa.normalised.map(([answer]) => [answer, normaliseVqaAnswer(answer)]);
  expect(got).toEqual(answerGoldens.vqa.normalised);
});

it("accuracies are the official scorer's for every answer against every ten annotators", () => {
  const { tables, answers, scores } = answerGoldens.vqa;
  for (const [t, humans] of tables.entries()) {
    const got = answers.map((answer) => Number(vqaAccuracy(answer, humans).toFixed(12)));
    expect(got).toEqual(scores[t]!.map((score) => Number(score.toFixed(12))));
  }
});

it("with n of ten annotators agreeing the accuracy is 0, 0.3, 0.6, 0.9 and then 1", () => {
  const humans = (n: number) => Array.from({ length: 10 }, (_, i) => (i < n ? "red" : `other ${i}`));
  const got = [0, 1, 2, 3, 4, 10].map((n) => Number(vqaAccuracy("red", humans(n)).toFixed(12)));
  expect(got).toEqual([0, 0.3, 0.6, 0.9, 1, 1]);
});
