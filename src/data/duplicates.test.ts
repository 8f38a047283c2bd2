import { expect, test } from "vitest";
import { createMemoryFiles } from "../platform/memory-files.ts";
import type { Dataset } from "./dataset.ts";
import { fingerprinted, sharedWithTraining, trainingDuplicates } from "./duplicates.ts";
import { openDataset } from "./open-dataset.ts";

async function read(text: string): Promise<ReturnType<typeof fingerprinted>> {
  const set: Dataset = await openDataset(createMemoryFiles({ "t.csv": text }), "t.csv", {
    groupColumn: "who",
  });
  const seen = fingerprinted(set);
  for (let i = 0; i < set.length; i++) await seen.dataset.load(i);
  return seen;
}

test("copies of texts are told within training and between sets, with labels compared by name", async () => {
  const train = await read("text,label,who\ngood,yes,p1\nbad,no,p1\ngood,yes,p2\nbad,yes,p3\n");
  expect(trainingDuplicates(train)).toEqual([
    "train: 2 examples are copies of another one: t.csv:1 = t.csv:3, t.csv:2 = t.csv:4.",
    "train: 1 copy has another label than the original: t.csv:2 = t.csv:4. One of the two is wrong.",
  ]);
  const set = await read("text,label,who\ngood,aye,p9\nnew,yes,p8\n");
  expect(sharedWithTraining("test", train, set)).toEqual([
    "test: 1 of 2 examples are in the training set too, so that a score on them says nothing; 1 with another label there: " +
      "t.csv:1 = t.csv:1.",
  ]);
});

test("a group that is trained and judged on is told", async () => {
  const train = await read("text,label,who\na,x,p1\nb,y,p2\n");
  const set = await read("text,label,who\nc,x,p2\nd,x,p3\n");
  expect(sharedWithTraining("test", train, set)).toEqual(["test: 1 group is in the training set too: p2."]);
  expect(sharedWithTraining("other", train, await read("text,label,who\nc,x,p7\n"))).toEqual([]);
});
