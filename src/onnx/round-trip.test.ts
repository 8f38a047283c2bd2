import { readdirSync, readFileSync } from "node:fs";
import { equals, fromBinary } from "@bufbuild/protobuf";
import { describe, expect, test } from "vitest";
import { decodeModelProto, parseModelProto } from "./decode.ts";
import { encodeModel } from "./encode.ts";
import { ModelProtoSchema } from "./proto/onnx-ml_pb.ts";

const root = new URL("../../../shared/conformance/cases/", import.meta.url);
const cases = (() => {
  try {
    return readdirSync(root);
  } catch {
    return [];
  }
})();

describe.skipIf(cases.length === 0)("load then save of an untouched model", () => {
  test.each(cases)("%s", (name) => {
    const bytes = readFileSync(new URL(`${name}/model.onnx`, root));
    const proto = parseModelProto(bytes);
    const external = () => undefined;
    let model: ReturnType<typeof decodeModelProto>;
    try {
      model = decodeModelProto(proto, external);
    } catch (e) {
      if (String(e).includes("another file")) return;
      throw e;
    }
    const again = fromBinary(ModelProtoSchema, encodeModel(model));
    expect(equals(ModelProtoSchema, again, proto)).toBe(true);
  });
});
