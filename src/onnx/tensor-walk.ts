import type { DescField, DescMessage, Message } from "@bufbuild/protobuf";
import { type TensorProto, TensorProtoSchema } from "./proto/onnx-ml_pb.ts";

/** A stored tensor, and where in its message it stands: `graph.initializer[3]`. */
export interface PlacedTensor {
  readonly proto: TensorProto;
  readonly place: string;
}

/** Fields of a message that hold tensors, at any depth. */
type Route = DescField & ({ fieldKind: "message" } | { fieldKind: "list"; listKind: "message" });

/**
 * Every tensor in a message, wherever it lies: initializers, attributes of nodes, subgraphs, functions, sparse
 * initializers, training graphs. A message that is used in several places is given for each.
 */
export function* tensorsIn(desc: DescMessage, message: Message, place = ""): Generator<PlacedTensor> {
  for (const field of routesOf(desc)) {
    const at = place === "" ? field.name : `${place}.${field.name}`;
    const children = childrenOf(field, message);
    for (let i = 0; i < children.length; i++) {
      const child = children[i]!; // i is below the length
      const where = field.fieldKind === "list" ? `${at}[${i}]` : at;
      if (isTensor(child)) yield { proto: child, place: where };
      else yield* tensorsIn(field.message, child, where);
    }
  }
}

/** The message with each tensor replaced by what `by` gives for it. What does not change is shared, not copied. */
export function replaceTensors<T extends Message>(
  desc: DescMessage,
  message: T,
  by: (proto: TensorProto) => TensorProto,
): T {
  let copy: T | null = null;
  for (const field of routesOf(desc)) {
    const before = childrenOf(field, message);
    const after = before.map((child) =>
      isTensor(child) ? by(child) : replaceTensors(field.message, child, by),
    );
    if (after.every((child, i) => child === before[i])) continue;
    copy ??= shallowCopy(message);
    Object.assign(copy, { [field.localName]: field.fieldKind === "list" ? after : after[0] });
  }
  return copy ?? message;
}

/** A copy of a message that shares its fields, so that replacing one leaves the original alone. */
export function shallowCopy<T extends object>(message: T): T {
  return Object.assign(Object.create(Object.getPrototypeOf(message)), message);
}

function isTensor(message: Message): message is TensorProto {
  return message.$typeName === TensorProtoSchema.typeName;
}

function childrenOf(field: Route, message: Message): readonly Message[] {
  // Generated messages keep each field under its local name; the descriptor says that these hold messages.
  const value = (message as unknown as Record<string, Message | readonly Message[] | undefined>)[
    field.localName
  ];
  if (value === undefined) return [];
  return Array.isArray(value) ? value : [value as Message];
}

const routes = new WeakMap<DescMessage, readonly Route[]>();

function routesOf(desc: DescMessage): readonly Route[] {
  const known = routes.get(desc);
  if (known) return known;
  const found = desc.fields.filter(
    (f): f is Route =>
      (f.fieldKind === "message" || (f.fieldKind === "list" && f.listKind === "message")) &&
      f.oneof === undefined &&
      leadsToTensor(f.message!, new Set()), // a field of this kind has a message
  );
  routes.set(desc, found);
  return found;
}

function leadsToTensor(desc: DescMessage, seen: Set<DescMessage>): boolean {
  if (desc.typeName === TensorProtoSchema.typeName) return true;
  if (seen.has(desc)) return false;
  seen.add(desc);
  return desc.fields.some((f) => f.message !== undefined && leadsToTensor(f.message, seen));
}
