import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { DataError } from "../../errors.ts";
import { createMemoryFiles } from "../../platform/memory-files.ts";
import { openDataset } from "../open-dataset.ts";

const golden = (name: string) => readFileSync(new URL(`../goldens/${name}`, import.meta.url));
const asSamples = { labelling: "sample" } as const;

test("instructions are read as Alpaca has them, from an array or from lines", async () => {
  const rows = [
    { instruction: "Name it.", input: "a cat", output: "the correct answer is cat", answer: "cat" },
    { instruction: "Say hi.", input: "", output: "hi" },
  ];
  const files = createMemoryFiles({
    "a.json": JSON.stringify(rows),
    "a.jsonl": rows.map((row) => JSON.stringify(row)).join("\n"),
  });
  for (const path of ["a.json", "a.jsonl"]) {
    const set = await openDataset(files, path, asSamples);
    expect([set.kind, set.labelling, set.classes, set.length], path).toEqual(["dialogue", "sample", null, 2]);
    expect(await set.load(0), path).toEqual({
      kind: "dialogue",
      messages: [
        { role: "user", content: "Name it.\n\na cat" },
        { role: "assistant", content: "the correct answer is cat" },
      ],
      instruction: { text: "Name it.", input: "a cat" },
      answer: "cat",
    });
    expect(await set.load(1), path).not.toHaveProperty("answer");
  }
});

test("of what several people answered, the most usual is the response", async () => {
  const [yes, no] = ["yes", "no"].map((answer, i) => ({ answer, answer_id: i + 1 }));
  const files = createMemoryFiles({
    "v.jsonl": JSON.stringify({ question: "is it?", answers: ["no", "yes", "yes"] }),
    "w.jsonl": JSON.stringify({ question: "is it?", answers: [no, yes, yes] }),
  });
  for (const path of ["v.jsonl", "w.jsonl"])
    expect(await (await openDataset(files, path, asSamples)).load(0), path).toEqual({
      kind: "dialogue",
      messages: [
        { role: "user", content: "is it?" },
        { role: "assistant", content: "yes" },
      ],
      answers: ["no", "yes", "yes"],
    });
});

test("what one person answered is the response, with nobody to agree with", async () => {
  const files = createMemoryFiles({
    "list.jsonl": JSON.stringify({ question: "how many?", answers: ["2"] }),
    "lone.jsonl": JSON.stringify({ question: "how many?", answers: "2" }),
    "lone.csv": "question,answers\nhow many?,2\n",
  });
  for (const path of ["list.jsonl", "lone.jsonl", "lone.csv"])
    expect(await (await openDataset(files, path, asSamples)).load(0), path).toEqual({
      kind: "dialogue",
      messages: [
        { role: "user", content: "how many?" },
        { role: "assistant", content: "2" },
      ],
    });
});

test("prompts and responses are found by usual names, or named", async () => {
  const files = createMemoryFiles({
    "p.csv": "prompt,completion,choices\n2 + 2,4,x\n",
    "q.jsonl": JSON.stringify({ asked: "2 + 2", said: "it is 4", right: "4", choices: ["3", "4"] }),
    "g.jsonl": JSON.stringify({ question: "2 + 2", answer: "4" }),
  });
  const messages = [
    { role: "user", content: "2 + 2" },
    { role: "assistant", content: "4" },
  ];
  expect(await (await openDataset(files, "p.csv", asSamples)).load(0)).toEqual({
    kind: "dialogue",
    messages,
  });
  expect(await (await openDataset(files, "g.jsonl", asSamples)).load(0)).toEqual({
    kind: "dialogue",
    messages,
  });
  const named = { ...asSamples, promptColumn: "asked", responseColumn: "said", answerColumn: "right" };
  expect(await (await openDataset(files, "q.jsonl", named)).load(0)).toMatchObject({
    messages: [{ role: "user" }, { role: "assistant", content: "it is 4" }],
    answer: "4",
    choices: ["3", "4"],
  });
  await expect(openDataset(files, "q.jsonl", { ...named, promptColumn: "ask" })).rejects.toThrow(
    /no column "ask", it has asked, said, right, choices; name the right one with promptColumn/u,
  );
});

test("messages are read from Parquet, and from JSON with the names of ShareGPT", async () => {
  const shared = {
    conversations: [
      { from: "human", value: "Hi" },
      { from: "gpt", value: "Hello" },
    ],
  };
  const files = createMemoryFiles({
    "d.parquet": golden("dialogues.parquet"),
    "s.jsonl": JSON.stringify(shared),
  });
  const hello = [
    { role: "user", content: "Hi" },
    { role: "assistant", content: "Hello" },
  ];
  const parquet = await openDataset(files, "d.parquet", asSamples);
  expect(await parquet.load(0)).toEqual({ kind: "dialogue", messages: hello, answer: "Hello" });
  const json = await openDataset(files, "s.jsonl", asSamples);
  expect(await json.load(0)).toEqual({ kind: "dialogue", messages: hello });
});

test("rows without a prompt, a response or a list of turns are listed together", async () => {
  const files = createMemoryFiles({
    "p.csv": "prompt,response\na,b\n,b\nc,\nd,\n",
    "m.jsonl": ['{"messages": "hello"}', '{"messages": [{"role": "user"}]}'].join("\n"),
    "n.json": "[1, {}]",
  });
  await expect(openDataset(files, "p.csv", asSamples)).rejects.toThrow(/no prompt.*in rows p.csv:2/u);
  await expect(openDataset(files, "m.jsonl", asSamples)).rejects.toThrow(/in rows m.jsonl:1, m.jsonl:2/u);
  await expect(openDataset(files, "n.json", asSamples)).rejects.toThrow(DataError);
  const mute = createMemoryFiles({ "p.csv": "prompt,response\na,b\nc,\nd,\n" });
  await expect(openDataset(mute, "p.csv", asSamples)).rejects.toThrow(
    /the assistant says nothing in rows p.csv:2, p.csv:3/u,
  );
});

test("a table of prompts without any column of responses is refused with the names that it could have", async () => {
  const files = createMemoryFiles({ "p.csv": "prompt,mood\na,b\nc,d\n" });
  await expect(openDataset(files, "p.csv", asSamples)).rejects.toThrow(
    "p.csv: no column output, response, completion, answer of what the model is to answer, it has prompt, mood; name it with responseColumn",
  );
  const named = await openDataset(files, "p.csv", { ...asSamples, responseColumn: "mood" });
  expect(named.length).toBe(2);
});
