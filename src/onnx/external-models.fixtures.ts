import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { bytesOf } from "../tensor/tensor.ts";
import { valueNamed } from "./edit.ts";
import type { Graph } from "./graph.ts";
import { ModelProtoSchema, type TensorProtoSchema } from "./proto/onnx-ml_pb.ts";

/** `external_data` entries of a tensor. */
function entries(place: Readonly<Record<string, string | number>>): { key: string; value: string }[] {
  return Object.entries(place).map(([key, value]) => ({ key, value: String(value) }));
}

/** A float32 initializer [count] whose data lies in another file. */
export function outside(
  name: string,
  count: number,
  place: Readonly<Record<string, string | number>>,
): MessageInitShape<typeof TensorProtoSchema> {
  return { name, dims: [BigInt(count)], dataType: 1, dataLocation: 1, externalData: entries(place) };
}

/** The bytes of a model that adds float32 initializers [n] to its input `x`: the output `y` is their sum. */
export function sumModel(initializers: readonly MessageInitShape<typeof TensorProtoSchema>[]): Uint8Array {
  const shape = (n: bigint) => ({
    value: {
      case: "tensorType" as const,
      value: { elemType: 1, shape: { dim: [{ value: { case: "dimValue" as const, value: n } }] } },
    },
  });
  const size = initializers[0]?.dims?.[0] ?? 1n;
  const names = initializers.map((i) => i.name ?? "");
  return toBinary(
    ModelProtoSchema,
    create(ModelProtoSchema, {
      irVersion: 8n,
      opsetImport: [{ version: 17n }],
      graph: {
        name: "sum",
        input: [{ name: "x", type: shape(size) }],
        output: [{ name: "y", type: shape(size) }],
        initializer: [...initializers],
        node: [{ opType: "Sum", input: ["x", ...names], output: ["y"] }],
      },
    }),
  );
}

/** The bytes of float32 values. */
export function floatBytes(...values: readonly number[]): Uint8Array {
  return bytesOf(Float32Array.from(values)).slice();
}

/** The elements of an initializer. */
export function elements(graph: Graph, name: string): number[] {
  return Array.from((valueNamed(graph, name).constant?.data ?? []) as ArrayLike<number>);
}
