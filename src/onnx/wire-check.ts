import { type DescField, type DescMessage, ScalarType } from "@bufbuild/protobuf";
import { ModelError } from "../errors.ts";

/** Messages inside messages; protobuf's own libraries stop here too, ONNX Runtime's among them. */
const MAX_DEPTH = 100;
const MAX_VARINT_BYTES = 10;
const VARINT = 0;
const FIXED64 = 1;
const LENGTH = 2;
const GROUP = 3;
const GROUP_END = 4;
const FIXED32 = 5;

/**
 * Checks that bytes are a whole, well-formed protobuf message of a type, before anything is made of them: every length
 * ends inside the message that holds it, every field has the wire type of its declaration, text is UTF-8, and nesting
 * is bounded. Fields that the type does not know are allowed.
 *
 * @throws ModelError that names the byte and the field: `graph.node[3].attribute[0].name`
 */
export function checkWire(desc: DescMessage, bytes: Uint8Array): void {
  new WireCheck(bytes).message(desc, bytes.length);
}

interface Step {
  readonly field: DescField;
  readonly index: number;
}

class WireCheck {
  private readonly bytes: Uint8Array;
  private pos = 0;
  /** The fields from the root to the message that is being read. */
  private readonly steps: Step[] = [];

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  message(desc: DescMessage, end: number): void {
    if (this.steps.length >= MAX_DEPTH) this.fail(null, `is nested more than ${MAX_DEPTH} messages deep`);
    const fields = fieldsOf(desc);
    const counts = new Map<number, number>();
    while (this.pos < end) {
      const tag = this.varint(end, null);
      const [number, wire] = [Math.floor(tag / 8), tag % 8];
      if (number === 0 || tag > 0xffffffff) this.fail(null, `has a tag of ${tag}, which is none of protobuf`);
      const field = fields.get(number);
      if (field === undefined) {
        this.unknown(number, wire, end, MAX_DEPTH - this.steps.length);
        continue;
      }
      const index = counts.get(number) ?? 0;
      counts.set(number, index + 1);
      this.field(field, index, wire, end);
    }
  }

  private field(field: DescField, index: number, wire: number, end: number): void {
    const expected = wireTypeOf(field);
    const isPacked = wire === LENGTH && expected !== LENGTH && field.fieldKind === "list";
    if (wire !== expected && !isPacked)
      this.fail(field, `has wire type ${wire}, expected ${expected}`, index);
    if (wire !== LENGTH) {
      this.scalar(field, wire, end);
      return;
    }
    const length = this.varint(end, field);
    if (length > end - this.pos)
      this.fail(field, `says it has ${length} bytes, and ${end - this.pos} are left`, index);
    const stop = this.pos + length;
    if (field.message) {
      this.steps.push({ field, index });
      this.message(field.message, stop);
      this.steps.pop();
    } else if (isPacked) {
      this.packed(field, expected, stop);
    } else if (field.scalar === ScalarType.STRING) {
      this.text(field, index, stop);
    }
    this.pos = stop;
  }

  private scalar(field: DescField | null, wire: number, end: number): void {
    if (wire === VARINT) {
      this.varint(end, field);
      return;
    }
    this.pos += wire === FIXED64 ? 8 : 4;
    if (this.pos > end) this.fail(field, "breaks off");
  }

  private packed(field: DescField, wire: number, stop: number): void {
    if (wire === VARINT) {
      while (this.pos < stop) this.varint(stop, field);
      return;
    }
    const width = wire === FIXED64 ? 8 : 4;
    if ((stop - this.pos) % width !== 0)
      this.fail(field, `has ${stop - this.pos} bytes, expected a multiple of ${width}`);
  }

  private text(field: DescField, index: number, stop: number): void {
    let at = this.pos;
    while (at < stop && this.bytes[at]! < 0x80) at++; // inside the bytes: `stop` was checked
    if (at === stop) return;
    try {
      new TextDecoder("utf-8", { fatal: true }).decode(this.bytes.subarray(this.pos, stop));
    } catch {
      this.fail(field, "is no UTF-8 text", index);
    }
  }

  private unknown(number: number, wire: number, end: number, depth: number): void {
    if (wire === VARINT || wire === FIXED64 || wire === FIXED32) {
      this.scalar(null, wire, end);
    } else if (wire === LENGTH) {
      const length = this.varint(end, null);
      if (length > end - this.pos) this.fail(null, `has an unknown field ${number} that breaks off`);
      this.pos += length;
    } else if (wire === GROUP && depth > 0) {
      this.group(number, end, depth - 1);
    } else {
      this.fail(null, `has a field ${number} of wire type ${wire}, which protobuf does not allow here`);
    }
  }

  private group(number: number, end: number, depth: number): void {
    for (;;) {
      const tag = this.varint(end, null);
      const [inner, wire] = [Math.floor(tag / 8), tag % 8];
      if (wire === GROUP_END && inner === number) return;
      this.unknown(inner, wire, end, depth);
    }
  }

  private varint(end: number, field: DescField | null): number {
    let value = 0;
    let scale = 1;
    const last = Math.min(end, this.pos + MAX_VARINT_BYTES);
    while (this.pos < last) {
      const byte = this.bytes[this.pos++]!; // `end` lies inside the bytes
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      scale *= 128;
    }
    return this.fail(field, this.pos >= end ? "breaks off" : "holds a number of more than 64 bits");
  }

  private fail(field: DescField | null, problem: string, index = 0): never {
    const steps = field === null ? this.steps : [...this.steps, { field, index }];
    const isNumbered = (f: DescField) => f.fieldKind === "list" && wireTypeOf(f) === LENGTH;
    const place = steps.map((s) => (isNumbered(s.field) ? `${s.field.name}[${s.index}]` : s.field.name));
    const where = place.join(".") || "the model";
    throw new ModelError(
      `damaged or no ONNX file: ${where} ${problem} (byte ${this.pos}); copy, download or export the file again`,
      { details: { place: where, byte: this.pos } },
    );
  }
}

function wireTypeOf(field: DescField): number {
  if (field.enum) return VARINT;
  switch (field.scalar) {
    case undefined:
    case ScalarType.STRING:
    case ScalarType.BYTES:
      return LENGTH;
    case ScalarType.DOUBLE:
      return FIXED64;
    case ScalarType.FLOAT:
      return FIXED32;
    default:
      return VARINT; // onnx.proto has no fixed integers
  }
}

const fieldTables = new WeakMap<DescMessage, ReadonlyMap<number, DescField>>();

function fieldsOf(desc: DescMessage): ReadonlyMap<number, DescField> {
  const known = fieldTables.get(desc);
  if (known) return known;
  const table = new Map(desc.fields.map((f) => [f.number, f]));
  fieldTables.set(desc, table);
  return table;
}
