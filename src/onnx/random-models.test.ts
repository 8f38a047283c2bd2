import { fromBinary, toBinary } from "@bufbuild/protobuf";
import fc from "fast-check";
import { expect, test } from "vitest";
import { createMemoryFiles } from "../platform/memory-files.ts";
import { loadModel, loadModelBytes } from "./load.ts";
import { ModelProtoSchema } from "./proto/onnx-ml_pb.ts";
import { randomModels } from "./random-models.fixtures.ts";
import { saveModel } from "./save.ts";

test("any model is saved as it was loaded, with every field and every unknown one", async () => {
  await fc.assert(
    fc.asyncProperty(randomModels, async (message) => {
      const bytes = toBinary(ModelProtoSchema, message);
      const files = createMemoryFiles();
      await saveModel(await loadModelBytes(bytes, "model.onnx"), "model.onnx", files);
      const saved = fromBinary(ModelProtoSchema, await files.read("model.onnx"));
      expect(Buffer.from(toBinary(ModelProtoSchema, saved)).equals(Buffer.from(bytes))).toBe(true);
    }),
    { numRuns: 60, seed: 20240607 },
  );
});

test("weights that leave the model file and come back are the same", async () => {
  await fc.assert(
    fc.asyncProperty(randomModels, fc.integer({ min: 0, max: 5000 }), async (message, size) => {
      const first = message.graph?.initializer[0];
      fc.pre(first !== undefined);
      first!.dataType = 2;
      first!.rawData = Uint8Array.from({ length: size }, (_, i) => i * 7);
      first!.dims = [BigInt(size)];
      first!.floatData = [];
      const files = createMemoryFiles({ "model.onnx": toBinary(ModelProtoSchema, message) });
      await saveModel(await loadModel("model.onnx", files), "out/model.onnx", files, { maxInlineBytes: 0 });
      expect(await files.exists("out/model.onnx_data")).toBe(size >= 1024);
      const { graph } = await loadModel("out/model.onnx", files);
      expect(
        Buffer.from(graph.initializers[0]?.constant?.data as Uint8Array).equals(Buffer.from(first!.rawData)),
      ).toBe(true);
    }),
    { numRuns: 25, seed: 20240608 },
  );
});
