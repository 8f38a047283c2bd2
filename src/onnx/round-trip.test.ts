import { fromBinary, toBinary } from "@bufbuild/protobuf";
import { describe, expect, test } from "vitest";
import type { Files } from "../platform/files.ts";
import { createMemoryFiles } from "../platform/memory-files.ts";
import { nodeFiles } from "../platform/node-files.ts";
import { conformanceCases } from "./conformance.fixtures.ts";
import { loadModel } from "./load.ts";
import { ModelProtoSchema } from "./proto/onnx-ml_pb.ts";
import { saveModel } from "./save.ts";

const missing = "../shared/conformance is not there: nothing to compare";

describe("load then save of an untouched model keeps every field and every byte of weights", () => {
  if (conformanceCases.size === 0) test.skip(missing, () => {});
  test.each([...conformanceCases])("%s", async (_, folder) => {
    const names = (await nodeFiles.list(folder)).map((e) => e.name).filter((n) => n.startsWith("model.onnx"));
    const saved = createMemoryFiles();
    const written = await saveModel(
      await loadModel(`${folder}/model.onnx`, nodeFiles),
      "out/model.onnx",
      saved,
    );
    expect([...written].sort()).toEqual(names.map((name) => `out/${name}`));
    const read = await fields(nodeFiles, `${folder}/model.onnx`);
    expect((await fields(saved, "out/model.onnx")).equals(read)).toBe(true);
    for (const name of names.filter((n) => n !== "model.onnx")) {
      const [now, before] = [await saved.read(`out/${name}`), await nodeFiles.read(`${folder}/${name}`)];
      expect(Buffer.compare(now, before), name).toBe(0);
    }
  });
});

/** The fields of a file in the order of their numbers, written by the protobuf library alone. */
async function fields(files: Files, path: string): Promise<Buffer> {
  return Buffer.from(toBinary(ModelProtoSchema, fromBinary(ModelProtoSchema, await files.read(path))));
}
