import { expect, test } from "vitest";
import { createMemoryFiles } from "../platform/memory-files.ts";
import { exportCsv, toCsv } from "./csv.ts";
import { evaluationAt, layerAt, start, stepAt } from "./run.fixtures.ts";
import { readRun } from "./run-reader.ts";
import { createRun } from "./run-writer.ts";

test("cells follow RFC 4180: separators, quotes and line breaks are quoted, missing ones are empty", () => {
  expect(
    toCsv([
      { a: 'say "x"', b: 1 },
      { b: Number.NaN, c: "1,\n2" },
    ]),
  ).toBe('a,b,c\r\n"say ""x""",1,\r\n,NaN,"1,\n2"\r\n');
});

test("a run is exported as three tables, with one column per metric", async () => {
  const files = createMemoryFiles();
  const run = await createRun(files, "r", start);
  await run.steps(stepAt(1), stepAt(2));
  await run.layers([layerAt(2)]);
  await run.evaluations(evaluationAt(2));
  await exportCsv(files, await readRun(files, "r"), "csv");
  const lines = async (name: string) => (await files.readText(`csv/${name}`)).trimEnd().split("\r\n");
  expect(await lines("steps.csv")).toHaveLength(3);
  expect((await lines("layers.csv"))[0]).toBe(
    "step,steps,name,depth,role,elements,anchored,condition,fired,ratio,deviation,norm",
  );
  expect(await lines("evaluations.csv")).toEqual([
    "step,epoch,model,set,kind,count,metric loss,metric accuracy",
    `2,0.2,current,validation,validation,3,0.3,${2 / 3}`,
  ]);
});
