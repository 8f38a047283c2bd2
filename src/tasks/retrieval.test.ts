import { expect, test } from "vitest";
import { tensor } from "../tensor/tensor.ts";
import { createRetrieval } from "./retrieval.ts";
import type { Said } from "./task.ts";

const PIXEL = { kind: "image", height: 1, width: 1, channels: 1, data: new Uint8Array(1) } as const;

/** What towers say of a pair: embeddings in a plane, at angles in degrees, of some lengths. */
function said(image: number, text: number, words: string): Said {
  const at = (degrees: number, length: number) => [
    length * Math.cos((degrees * Math.PI) / 180),
    length * Math.sin((degrees * Math.PI) / 180),
  ];
  return {
    output: tensor("float32", [2, 2], Float32Array.from([...at(image, 100), ...at(text, 0.1)])),
    sample: { kind: "image-text", image: PIXEL, text: { kind: "text", text: words } },
    tokenizer: null,
    classes: [],
  };
}

test("images and texts are ranked by the cosine of their angles, and what comes twice is one thing", () => {
  const ranking = createRetrieval();
  ranking.add(said(0, 50, "far"), "a.png");
  ranking.add(said(0, 10, "near"), "a.png");
  ranking.add(said(70, 10, "near"), "b.png");
  const answers = [...ranking.answers(5)];
  expect(answers.map(({ input, fields }) => [input, fields.kind])).toEqual([
    ["a.png", "image"],
    ["b.png", "image"],
    ["far", "text"],
    ["near", "text"],
  ]);
  const matches = answers.map(({ fields }) => fields.matches as { match: string; similarity: number }[]);
  expect(matches.map((list) => list.map(({ match }) => match))).toEqual([
    ["near", "far"],
    ["far", "near"],
    ["b.png", "a.png"],
    ["a.png", "b.png"],
  ]);
  const cosines = [10, 50, 20, 60, 20, 50, 10, 60].map((d) => Math.cos((d * Math.PI) / 180));
  for (const [i, { similarity }] of matches.flat().entries()) expect(similarity).toBeCloseTo(cosines[i]!, 6);
});

test("only the nearest are named, and all rows have the columns of the longest", () => {
  const ranking = createRetrieval();
  for (const degrees of [0, 30, 60]) ranking.add(said(10, degrees, `at ${degrees}`), "only.png");
  const [image, text] = [...ranking.answers(2)];
  expect(image!.columns.map(([name]) => name)).toEqual([
    "kind",
    "match",
    "similarity",
    "match_2",
    "similarity_2",
  ]);
  expect([image!.columns[1]![1], image!.columns[3]![1]]).toEqual(["at 0", "at 30"]);
  expect(text!.columns.slice(3)).toEqual([
    ["match_2", ""],
    ["similarity_2", ""],
  ]);
});
