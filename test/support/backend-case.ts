import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { fromBinary } from "@bufbuild/protobuf";
import { TensorProtoSchema } from "../../src/onnx/proto/onnx-ml_pb.ts";
import { decodeTensor } from "../../src/onnx/tensor-proto.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";

/** A test of the ONNX backend suite: a model, its inputs, and what they must give. */
export interface BackendCase {
  /** Without the leading "test_". */
  readonly name: string;
  readonly model: Uint8Array;
  /** In the order of the model's inputs; null for one that is no tensor. */
  readonly inputs: readonly (Tensor | null)[];
  readonly outputs: readonly (Tensor | null)[];
}

/** The cases of a file that scripts/goldens/backend_nodes.py packed; the script describes its form. */
export function unpackCases(path: URL | string): BackendCase[] {
  const bytes = gunzipSync(readFileSync(path));
  let at = 0;
  const count = (): number => {
    at += 4;
    return bytes.readUInt32LE(at - 4);
  };
  const sized = (): Uint8Array => {
    const length = count();
    at += length;
    return Uint8Array.from(bytes.subarray(at - length, at));
  };
  const tensors = () => Array.from({ length: count() }, () => tensorOf(sized()));
  const cases: BackendCase[] = [];
  while (at < bytes.length) {
    const name = new TextDecoder().decode(sized());
    cases.push({ name, model: sized(), inputs: tensors(), outputs: tensors() });
  }
  return cases;
}

/** The cases of a folder as the package onnx lays them out: test_NAME/{model.onnx, test_data_set_0/{input,output}_I.pb}. */
export function readCases(folder: string): BackendCase[] {
  return readdirSync(folder)
    .filter((name) => existsSync(join(folder, name, "model.onnx")))
    .sort()
    .map((name) => ({
      name: name.replace(/^test_/, ""),
      model: readFileSync(join(folder, name, "model.onnx")),
      inputs: readTensors(join(folder, name, "test_data_set_0"), "input"),
      outputs: readTensors(join(folder, name, "test_data_set_0"), "output"),
    }));
}

/** The tensors KIND_0.pb, KIND_1.pb, … of a folder, null for numbers that are left out or hold no tensor. */
function readTensors(folder: string, kind: string): (Tensor | null)[] {
  const numbers = readdirSync(folder).flatMap((name) => {
    const match = new RegExp(`^${kind}_(\\d+)\\.pb$`).exec(name);
    return match ? [Number(match[1])] : [];
  });
  return Array.from({ length: Math.max(-1, ...numbers) + 1 }, (_, i) => {
    const path = join(folder, `${kind}_${i}.pb`);
    return existsSync(path) ? tensorOf(readFileSync(path)) : null;
  });
}

/** The tensor of a message; null for an empty message, and for one of another kind (older suites store sequences). */
function tensorOf(message: Uint8Array): Tensor | null {
  if (message.length === 0) return null;
  try {
    return decodeTensor(fromBinary(TensorProtoSchema, message));
  } catch {
    return null;
  }
}
