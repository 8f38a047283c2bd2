import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { graphOf, modelOf } from "../../test/support/graph-of.ts";
import type { Batch } from "../data/loader.ts";
import { saveModel } from "../onnx/save.ts";
import { nodeFiles } from "../platform/node-files.ts";
import { openRuntime, type Runtime } from "../runtime/runtime.ts";
import { int64s, tensor } from "../tensor/tensor.ts";
import { verifyExport } from "./export-model.ts";

let runtime: Runtime;
const open = (path: string) => runtime.createSession({ path });
let folder: string;
beforeAll(async () => {
  runtime = await openRuntime({ prefer: "native", threads: 1 });
  folder = mkdtempSync(join(tmpdir(), "holdfast-export-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Five rows of two numbers. */
const x = Float32Array.of(1, 2, -1, 0, 0.5, 3, -2, 1, 4, 4);
const batch: Batch = {
  cursor: { epoch: 0, batch: 0 },
  next: { epoch: 0, batch: 1 },
  inputs: new Map([["x", tensor("float32", [5, 2], x)]]),
  targets: int64s([0, 1, 0, 1, 0]),
  indices: [0, 1, 2, 3, 4],
  count: 5,
};

/** A model that ends in an operator, and takes as many rows as `rows` says. Its logits are x·[[1, 0], [0, −1]]. */
async function save(rows: number | string, last: string): Promise<string> {
  const declared = { dtype: "float32", dims: [rows, 2] } as const;
  const graph = graphOf({
    inputs: { x: declared },
    constants: { w: tensor("float32", [2, 2], Float32Array.of(1, 0, 0, -1)) },
    nodes: [
      ["MatMul", ["x", "w"], ["l"]],
      [last, ["l"], ["y"]],
    ],
    outputs: ["y"],
    declared: { y: declared },
  });
  const path = join(folder, `${last}-${rows}.onnx`);
  await saveModel(modelOf(graph, 17), path, nodeFiles);
  return path;
}

const asLogits = (data: Float32Array<ArrayBuffer>) => tensor("float32", [5, 2], data);
const signed = x.map((v, i) => (i % 2 === 0 ? v : -v));
const logits = asLogits(signed);

describe("an exported model is compared with what was trained", () => {
  test.each([
    ["Identity", "logits"],
    ["Softmax", "softmax"],
    ["LogSoftmax", "log-softmax"],
    ["Sigmoid", "sigmoid"],
  ] as const)("where it ends in %s", async (last, kind) => {
    const path = await save("batch", last);
    await expect(
      verifyExport({ session: await open(path), path, output: "y", kind, batch, logits }),
    ).resolves.toBeUndefined();
    const other = asLogits(signed.map((v, i) => (i === 2 ? v + 0.1 : v)));
    await expect(
      verifyExport({ session: await open(path), path, output: "y", kind, batch, logits: other }),
    ).rejects.toThrow(/does not compute what was trained/);
  });

  test.each([1, 2, 5, 8])("where its file insists on %i rows at a time", async (rows) => {
    const path = await save(rows, "Identity");
    const options = { path, output: "y", kind: "logits", batch } as const;
    await expect(verifyExport({ ...options, session: await open(path), logits })).resolves.toBeUndefined();
    const other = asLogits(signed.map((v, i) => (i === 8 ? v + 0.1 : v)));
    await expect(verifyExport({ ...options, session: await open(path), logits: other })).rejects.toThrow(
      /differs by 0\.10/,
    );
  });

  test("a value that is no number is a difference", async () => {
    const path = await save("batch", "Identity");
    const none = asLogits(signed.map((v, i) => (i === 3 ? Number.NaN : v)));
    const options = { path, output: "y", kind: "logits", batch } as const;
    await expect(verifyExport({ ...options, session: await open(path), logits: none })).rejects.toThrow(
      /does not compute/,
    );
  });
});
