import { describe, expect, test } from "vitest";
import { createMemoryFiles } from "../../platform/memory-files.ts";
import { classCounts, type Dataset } from "../dataset.ts";
import { openDataset } from "../open-dataset.ts";
import { evenly, mapClasses, subset } from "../views.ts";
import type { ReaderOptions } from "./reader.ts";

const open = (name: string, text: string, options: ReaderOptions) =>
  openDataset(createMemoryFiles({ [name]: text }), name, options);
const labelsOf = (set: Dataset) => Array.from({ length: set.length }, (_, i) => set.labels?.(i));

describe("several classes for an example", () => {
  const expected = [[1, 2], [0], [], [2]];
  const sources: [string, string, ReaderOptions][] = [
    ["t.csv", "text,label\na,sad; late\nb,angry\nc,\nd,sad|sad\n", {}],
    ["t.csv", "text,label\na,sad/late\nb,angry\nc,\nd,sad\n", { labelSeparator: "/" }],
    [
      "t.csv",
      "text,angry,late,sad\na,0,1,1\nb,1,0,0\nc,0,0,0\nd,0,0,1\n",
      { labelColumns: ["angry", "late", "sad"] },
    ],
    [
      "t.jsonl",
      '{"text":"a","labels":["sad","late"]}\n{"text":"b","labels":["angry"]}\n{"text":"c","labels":[]}\n{"text":"d","labels":["sad"]}\n',
      {},
    ],
  ];

  test.each(sources)("stand in %s as %j %j", async (name, text, options) => {
    const set = await open(name, text, { labelling: "classes", ...options });
    expect(set).toMatchObject({ labelling: "classes", classes: ["angry", "late", "sad"], kind: "text" });
    expect(labelsOf(set)).toEqual(expected);
    expect([set.label(0), set.label(2), classCounts(set)]).toEqual([1, -1, [1, 1, 2]]);
  });

  test("are mapped onto a model's classes by name, and follow every view", async () => {
    const set = await open("t.csv", sources[0]![1], { labelling: "classes" });
    const mapped = mapClasses(set, ["sad", "late", "glad", "angry"]);
    expect(labelsOf(mapped)).toEqual([[0, 1], [3], [], [0]]);
    expect(mapped.label(2)).toBe(-1);
    expect(mapped.warnings).toEqual(["t.csv: no example of 1 of 4 classes: glad."]);
    expect(labelsOf(subset(mapped, [3, 0]))).toEqual([[0], [0, 1]]);
    expect(labelsOf(evenly(mapped, 2))).toEqual([[0, 1], []]);
  });

  test("must be 0 or 1 in columns of their own", async () => {
    const options = { labelling: "classes", labelColumns: ["x", "y"] } as const;
    await expect(open("t.csv", "text,x,y\na,1,0\nb,2,0\nc,0,\n", options)).rejects.toThrow(
      't.csv: labels that are not 0 or 1, in rows t.csv:2 ("x": "2"), t.csv:3 ("y": "")',
    );
    await expect(open("t.csv", "text,label\na,\nb,\n", { labelling: "classes" })).rejects.toThrow(
      'no label in any row of column "label"',
    );
    const rows = '{"text":"a","label":["x"]}\n{"text":"b","label":"y"}\n';
    await expect(open("t.jsonl", rows, {})).rejects.toThrow(/one class is expected .* in rows t.jsonl:1$/);
  });
});

describe("numbers to predict", () => {
  test("are a vector of several columns, or a list, or one", async () => {
    const table = "text,a,b,label\nx,1,-2.5,7\ny,3e2,0,8\n";
    const set = await open("t.csv", table, { labelling: "numbers", labelColumns: ["b", "a"] });
    expect([set.classes, set.labelling, labelsOf(set), set.label(0)]).toEqual([
      null,
      "numbers",
      [
        [-2.5, 1],
        [0, 300],
      ],
      -2.5,
    ]);
    expect(labelsOf(await open("t.csv", table, { labelling: "numbers" }))).toEqual([[7], [8]]);
    const lists = '{"text":"a","label":[1,2]}\n{"text":"b","label":[3,4]}\n';
    expect(labelsOf(await open("t.jsonl", lists, { labelling: "numbers" }))).toEqual([
      [1, 2],
      [3, 4],
    ]);
  });

  test("that are none, or not as many everywhere, are listed", async () => {
    const open1 = (text: string) => open("t.jsonl", text, { labelling: "numbers" });
    await expect(open1('{"text":"a","label":1}\n{"text":"b","label":"?"}\n{"text":"c"}\n')).rejects.toThrow(
      't.jsonl: labels that are no numbers, in rows t.jsonl:2 ("?"), t.jsonl:3 ("")',
    );
    await expect(open1('{"text":"a","label":[1,2]}\n{"text":"b","label":[1]}\n')).rejects.toThrow(
      "the first row has 2 numbers, others have rows t.jsonl:2 (1)",
    );
  });
});

describe("classes of words", () => {
  const rows =
    '{"tokens":["Ada","lives","here"],"ner_tags":["B-PER","O","O"]}\n{"tokens":["Rome"],"ner_tags":["B-LOC"]}\n';

  test("lie in the samples, and the dataset's classes are theirs", async () => {
    const set = await open("t.jsonl", rows, { labelling: "sample" });
    expect(set).toMatchObject({ labelling: "sample", classes: ["B-LOC", "B-PER", "O"], length: 2 });
    expect(await set.load(0)).toEqual({
      kind: "text",
      text: "Ada lives here",
      words: ["Ada", "lives", "here"],
      tags: [1, 2, 2],
    });
    expect([set.label(0), classCounts(set)]).toEqual([-1, []]);
    const mapped = mapClasses(set, ["O", "B-PER", "I-PER", "B-LOC"]);
    expect(await subset(mapped, [1]).load(0)).toMatchObject({ words: ["Rome"], tags: [3] });
  });

  test("must be as many as the words", async () => {
    const text = `${rows}{"tokens":["a","b"],"ner_tags":["O"]}\n{"tokens":[],"ner_tags":[]}\n`;
    await expect(open("t.jsonl", text, { labelling: "sample" })).rejects.toThrow(/no words .* t.jsonl:4/);
    await expect(
      open("t.jsonl", text.replace('{"tokens":[],"ner_tags":[]}\n', ""), { labelling: "sample" }),
    ).rejects.toThrow(/as many tags as words .* t.jsonl:3 \(2 words, 1 tags\)/);
  });
});

describe("columns beside the label", () => {
  test("name groups and weights, are no features, and follow every view", async () => {
    const text = "patient,x,w,label\np1,1,0.5,a\np2,2,1,b\np1,3,2,a\n";
    const set = await open("t.csv", text, { groupColumn: "patient", weightColumn: "w" });
    expect([0, 1, 2].map((i) => [set.group?.(i), set.weight?.(i)])).toEqual([
      ["p1", 0.5],
      ["p2", 1],
      ["p1", 2],
    ]);
    expect(await set.load(2)).toEqual({ kind: "array", dims: [1], data: Float32Array.of(3) });
    const last = subset(set, [2]);
    expect([last.group?.(0), last.weight?.(0)]).toEqual(["p1", 2]);
  });

  test("that do not hold what they should are listed by row", async () => {
    const text = "p,x,w,label\n,1,-1,a\np2,2,?,b\n";
    await expect(open("t.csv", text, { weightColumn: "w", groupColumn: "p" })).rejects.toThrow(
      /no group in column "p" in rows t.csv:1/,
    );
    await expect(open("t.csv", text, { weightColumn: "w", featureColumns: ["x"] })).rejects.toThrow(
      'that are no numbers of at least 0, in rows t.csv:1 ("-1"), t.csv:2 ("?")',
    );
  });
});
