import { joinBytes } from "../platform/join-bytes.ts";
import { crc32c } from "./crc32c.ts";

/** Scalars of one step, by tag. */
export interface ScalarEvent {
  readonly step: number;
  /** Seconds since 1970. */
  readonly wallTime: number;
  readonly scalars: Readonly<Record<string, number>>;
}

/**
 * What an event file begins with: its version, and from where it holds. A reader that saw later steps in an earlier
 * file forgets those from `step` on.
 */
export function eventFileHead(wallTime: number, step: number): Uint8Array {
  const version = record([...double(1, wallTime), ...text(3, "brain.Event:2")]);
  if (step === 0) return version;
  const sessionStart = bytes(7, [...varint(1 << 3), 1]);
  const start = record([...double(1, wallTime), ...integer(2, step), ...sessionStart]);
  return joinBytes([version, start]);
}

/** One event with its frame, to be appended to an event file. */
export function encodeEvent({ step, wallTime, scalars }: ScalarEvent): Uint8Array {
  const values = Object.entries(scalars).flatMap(([tag, value]) =>
    bytes(1, [...text(1, tag), ...float(2, value)]),
  );
  return record([...double(1, wallTime), ...integer(2, step), ...bytes(5, values)]);
}

/** TFRecord frame: length, masked CRC of the length, payload, masked CRC of the payload; little-endian. */
function record(payload: readonly number[]): Uint8Array {
  const out = new Uint8Array(payload.length + 16);
  const view = new DataView(out.buffer);
  view.setBigUint64(0, BigInt(payload.length), true);
  view.setUint32(8, masked(crc32c(out.subarray(0, 8))), true);
  out.set(payload, 12);
  view.setUint32(12 + payload.length, masked(crc32c(out.subarray(12, 12 + payload.length))), true);
  return out;
}

// The mask keeps a CRC over data that holds CRCs from being weak; the constant is TFRecord's.
function masked(crc: number): number {
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}

// The rest writes protobuf fields: a key of number × 8 + wire type, then the value.
function varint(value: number): number[] {
  const out: number[] = [];
  let rest = value;
  while (rest >= 0x80) {
    out.push((rest % 0x80) | 0x80);
    rest = Math.floor(rest / 0x80); // steps may pass 2^32, where bit operations end
  }
  out.push(rest);
  return out;
}

/** Left out where it is 0, as proto3 wants. */
function integer(field: number, value: number): number[] {
  return value === 0 ? [] : [...varint(field << 3), ...varint(value)];
}

function bytes(field: number, content: readonly number[]): number[] {
  return [...varint((field << 3) | 2), ...varint(content.length), ...content];
}

function text(field: number, content: string): number[] {
  return bytes(field, [...new TextEncoder().encode(content)]);
}

function double(field: number, value: number): number[] {
  return [
    ...varint((field << 3) | 1),
    ...new Uint8Array(littleEndian(8, (view) => view.setFloat64(0, value, true))),
  ];
}

function float(field: number, value: number): number[] {
  return [
    ...varint((field << 3) | 5),
    ...new Uint8Array(littleEndian(4, (view) => view.setFloat32(0, value, true))),
  ];
}

function littleEndian(size: number, write: (view: DataView) => void): ArrayBuffer {
  const buffer = new ArrayBuffer(size);
  write(new DataView(buffer));
  return buffer;
}
