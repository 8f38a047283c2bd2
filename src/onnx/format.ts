import { dataTypes } from "../tensor/data-type.ts";
import { bfloat16ToFloat, halfToFloat } from "../tensor/half.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { Attribute } from "./attribute.ts";
import type { DeclaredType } from "./type.ts";

/** Elements of a tensor or list that are shown; the rest is "…". */
const MAX_ELEMENTS = 6;
const MAX_TEXT = 40;
const DIGITS = 6;

/** A name as it is, or quoted where it holds what would break a line or a terminal. */
export function formatName(name: string): string {
  return /^[\p{L}\p{N}_./:%+\-[\]$@]+$/u.test(name) ? name : quote(name);
}

// JSON leaves characters alone that terminals obey: the second set of controls, and those that turn the text around.
function quote(text: string): string {
  return JSON.stringify(text).replace(
    /[\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** `float32[batch, 3]`; `?` is an unknown dimension, `[…]` an unknown rank, and nothing is known of null. */
export function formatDeclaredType(type: DeclaredType | null): string {
  if (type === null) return "";
  if (type.dims === null) return `${type.dtype}[…]`;
  return `${type.dtype}[${type.dims.map((d) => (typeof d === "string" ? formatName(d) : (d ?? "?"))).join(", ")}]`;
}

/** The first elements of a tensor: `3` of a scalar, `{1, 2, 3, …}` of others. */
export function formatElements(t: Tensor): string {
  const text = elementText(t);
  if (text === null) return "{…}";
  if (t.dims.length === 0) return text(0);
  const shown = Array.from({ length: Math.min(MAX_ELEMENTS, t.data.length) }, (_, i) => text(i));
  return `{${[...shown, ...(t.data.length > MAX_ELEMENTS ? ["…"] : [])].join(", ")}}`;
}

/** How to show element i, or null for types that no number of JavaScript stands for. */
function elementText({ dtype, data }: Tensor): ((i: number) => string) | null {
  const at = (i: number) => data[i] ?? 0;
  if (dtype === "string") return (i) => formatText(String(at(i)));
  if (dtype === "bool") return (i) => (at(i) ? "true" : "false");
  if (dtype === "float16") return (i) => formatNumber(halfToFloat(Number(at(i))));
  if (dtype === "bfloat16") return (i) => formatNumber(bfloat16ToFloat(Number(at(i))));
  if (/^(complex|float8)/.test(dtype) || dataTypes[dtype].bits < 8) return null;
  return (i) => (typeof at(i) === "bigint" ? String(at(i)) : formatNumber(Number(at(i))));
}

/** Six significant digits, without trailing zeros. */
export function formatNumber(value: number): string {
  return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(DIGITS)));
}

function formatText(text: string): string {
  return quote(text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}…` : text);
}

/** An attribute's value on one line; graphs are left to the caller. */
export function formatAttribute(attribute: Attribute): string {
  switch (attribute.kind) {
    case "int":
      return String(attribute.value);
    case "float":
      return floatText(attribute.value);
    case "string":
      return formatText(attribute.value);
    case "ints":
      return list(attribute.value, String);
    case "floats":
      return list(attribute.value, floatText);
    case "strings":
      return list(attribute.value, formatText);
    case "tensor":
      return `${formatDeclaredType(attribute.value)} ${formatElements(attribute.value)}`;
    case "reference":
      return `@${attribute.value}`;
    default:
      return "…";
  }
}

// A float attribute that is a whole number shows its point, so that it is not taken for an int.
function floatText(value: number): string {
  return Number.isInteger(value) ? `${value}.0` : formatNumber(value);
}

function list<T>(values: readonly T[], text: (value: T) => string): string {
  const shown = values.slice(0, MAX_ELEMENTS + 2).map(text);
  return `[${[...shown, ...(values.length > shown.length ? ["…"] : [])].join(", ")}]`;
}
