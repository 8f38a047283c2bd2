import { mkdtempSync, openSync, rmSync, symlinkSync, truncateSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { create, toBinary } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import type { Files } from "../platform/files.ts";
import { createMemoryFiles } from "../platform/memory-files.ts";
import { nodeFiles } from "../platform/node-files.ts";
import type { NumericData } from "../tensor/data-type.ts";
import { bytesOf } from "../tensor/tensor.ts";
import { valueNamed } from "./edit.ts";
import { elements, floatBytes, outside, sumModel } from "./external-models.fixtures.ts";
import { loadModel } from "./load.ts";
import { ModelProtoSchema } from "./proto/onnx-ml_pb.ts";

async function withFolder(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-onnx-"));
  try {
    await body(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test("tensors come from several files, at offsets, aligned or not, shared or whole", async () => {
  const files = createMemoryFiles({
    "m/model.onnx": sumModel([
      outside("a", 2, { location: "one.bin", offset: 8, length: 8 }),
      outside("tied", 2, { location: "./one.bin", offset: 8, length: 8 }),
      outside("odd", 2, { location: "one.bin", offset: 17, length: 8 }),
      outside("whole", 2, { location: "deep/two.bin" }),
    ]),
    "m/one.bin": Uint8Array.from([...floatBytes(9, 9, 1, 2), 0, ...floatBytes(3, 4)]),
    "m/deep/two.bin": floatBytes(5, 6),
  });
  const { graph } = await loadModel("m/model.onnx", files);
  expect(["a", "tied", "odd", "whole"].map((name) => elements(graph, name))).toEqual([
    [1, 2],
    [1, 2],
    [3, 4],
    [5, 6],
  ]);
  const buffer = (name: string) => bytesOf(valueNamed(graph, name).constant?.data as NumericData).buffer;
  expect(buffer("a")).toBe(buffer("tied"));
});

test("tensors behind 2 GiB are read where they lie, without the bytes between them", async () => {
  await withFolder(async (folder) => {
    const far = 5 * 2 ** 29; // 2.5 GiB into a file full of holes
    const path = join(folder, "weights.bin");
    const file = openSync(path, "w");
    writeSync(file, floatBytes(1, 2), 0, 8, 0);
    writeSync(file, floatBytes(3, 4), 0, 8, far);
    truncateSync(path, far + 4096);
    await nodeFiles.write(
      join(folder, "model.onnx"),
      sumModel([
        outside("near", 2, { location: "weights.bin", offset: 0, length: 8 }),
        outside("far", 2, { location: "weights.bin", offset: far, length: 8 }),
      ]),
    );
    let read = 0;
    const counting: Files = {
      ...nodeFiles,
      readRange: async (p, offset, length) => {
        read += length;
        return nodeFiles.readRange(p, offset, length);
      },
    };
    const { graph } = await loadModel(join(folder, "model.onnx"), counting);
    expect(elements(graph, "far")).toEqual([3, 4]);
    expect(read).toBe(16);
  });
});

test("a model file of 2 GiB is refused with the way out, and not read", async () => {
  await withFolder(async (folder) => {
    const path = join(folder, "model.onnx");
    openSync(path, "w");
    truncateSync(path, 2 ** 31);
    await expect(loadModel(path, nodeFiles)).rejects.toThrow("save_as_external_data=True");
  });
});

test("a file of weights that is a link is followed, as download caches have them", async () => {
  await withFolder(async (folder) => {
    await nodeFiles.write(join(folder, "blobs/1f"), floatBytes(1, 2));
    await nodeFiles.write(
      join(folder, "snapshot/model.onnx"),
      sumModel([outside("w", 2, { location: "model.onnx_data" })]),
    );
    symlinkSync("../blobs/1f", join(folder, "snapshot/model.onnx_data"));
    const { graph } = await loadModel(join(folder, "snapshot/model.onnx"), nodeFiles);
    expect(elements(graph, "w")).toEqual([1, 2]);
  });
});

test.each<[string, Record<string, string | number>, string]>([
  [
    "an absolute path",
    { location: "/etc/passwd" },
    '"/etc/passwd" is absolute; expected a relative path inside m',
  ],
  ["a Windows path", { location: "C:\\w.bin" }, "holds a backslash"],
  ["a path out of the folder", { location: "../w.bin" }, "leads out of the folder"],
  ["a path out of the folder by a detour", { location: "deep/../../w.bin" }, "leads out of the folder"],
  ["the folder itself", { location: "." }, "leads out of the folder"],
  ["the model itself", { location: "deep/../model.onnx" }, "lies in the model file itself"],
  ["a NUL in the path", { location: "w.bin\0.png" }, "holds a NUL"],
  ["no location", { offset: 0 }, "no location says in which file"],
  [
    "a missing file",
    { location: "gone.bin" },
    "m/gone.bin, which is not there; put gone.bin beside model.onnx",
  ],
  ["a folder", { location: "deep" }, "m/deep, which is a folder"],
  [
    "an offset behind the end",
    { location: "w.bin", offset: 4096 },
    "8 bytes at 4096 of m/w.bin, which has only 8 bytes",
  ],
  ["an end behind the end", { location: "w.bin", offset: 4 }, "cut short, fetch the file again"],
  [
    "a length that does not fit the dimensions",
    { location: "w.bin", length: 4 },
    "4 bytes, but dimensions [2] need 8",
  ],
  [
    "a huge length",
    { location: "w.bin", length: "9007199254740993" },
    'length is "9007199254740993", expected a whole number',
  ],
  ["a negative offset", { location: "w.bin", offset: -8 }, 'offset is "-8", expected a whole number'],
  ["an offset in hexadecimal", { location: "w.bin", offset: "0x0" }, 'offset is "0x0"'],
])("%s is refused by file and tensor", async (_, place, problem) => {
  const files = createMemoryFiles({
    "m/model.onnx": sumModel([outside("w", 2, place)]),
    "m/w.bin": floatBytes(1, 2),
    "m/deep/x": "",
    "w.bin": floatBytes(1, 2),
  });
  const refused = expect(loadModel("m/model.onnx", files)).rejects;
  await refused.toThrow(problem);
  await refused.toThrow('m/model.onnx: tensor "w"');
});

test("dimensions that promise more than the file holds are refused before anything is read", async () => {
  const files = createMemoryFiles({
    "model.onnx": sumModel([outside("w", 2 ** 38, { location: "w.bin" })]),
    "w.bin": floatBytes(1, 2),
  });
  await expect(loadModel("model.onnx", files)).rejects.toThrow(
    "1099511627776 bytes at 0 of w.bin, which has only 8",
  );
});

test("tensors in attributes, functions and sparse initializers come from other files too", async () => {
  const files = createMemoryFiles({ "w.bin": floatBytes(1, 2) });
  const t = outside("", 2, { location: "w.bin" });
  const constant = { opType: "Constant", output: ["c"], attribute: [{ name: "value", type: 4, t }] };
  const message = create(ModelProtoSchema, {
    graph: { node: [constant], sparseInitializer: [{ values: { ...t, name: "s" } }] },
    functions: [{ name: "f", domain: "d", node: [constant] }],
  });
  await files.write("model.onnx", toBinary(ModelProtoSchema, message));
  const model = await loadModel("model.onnx", files);
  expect(model.external?.bytes.size).toBe(3);
  expect([...(model.graph.nodes[0]!.tensor("value").data as Float32Array)]).toEqual([1, 2]);
});
