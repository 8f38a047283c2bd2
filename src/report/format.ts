const MINUS = "−";
const EN_DASH = "–";

/** 0.97234 → `97.2 %`. */
export function percent(share: number, digits: number = 1): string {
  return Number.isFinite(share) ? `${signed((share * 100).toFixed(digits))}\u202f%` : "–";
}

/** An interval of shares: `96.0–98.1 %`. */
export function percentRange({ low, high }: { low: number; high: number }): string {
  return `${(low * 100).toFixed(1)}${EN_DASH}${percent(high)}`;
}

/** A difference of shares in percentage points, signed: `+4.1`. */
export function points(difference: number): string {
  const text = (difference * 100).toFixed(1);
  if (Number(text) === 0) return "±0.0";
  return difference > 0 ? `+${text}` : signed(text);
}

/** Three significant digits, thousands grouped, powers of ten where the number is far from 1. */
export function number(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "NaN" : value > 0 ? "∞" : `${MINUS}∞`;
  const size = Math.abs(value);
  if (size === 0) return "0";
  if (size >= 1e6 || size < 1e-3) {
    const [digits, exponent] = value.toExponential(2).split("e") as [string, string]; // always has an e
    return `${signed(String(Number(digits)))}×10${superscript(Number(exponent))}`;
  }
  if (size >= 100) return signed(integer(Math.round(value)));
  const text = value.toPrecision(3);
  return signed(size >= 1 && !Number.isInteger(value) ? text : String(Number(text)));
}

/** Digits that tell the ticks of an axis apart, which are round numbers but for the last bits of a float. */
const TICK_DIGITS = 6;

/** A tick of an axis: all its digits, powers of ten where it is far from 1. */
export function axisNumber(value: number): string {
  const size = Math.abs(value);
  const rounded = Number(value.toPrecision(TICK_DIGITS));
  if (size >= 1e6 || (size < 1e-4 && size > 0)) return number(value);
  return signed(Number.isInteger(rounded) ? integer(rounded) : String(rounded));
}

/** Thousands grouped with a thin space: `12 345`. */
export function integer(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, "\u202f");
}

/** A count, or a sum of weights: `12 345`, `17.5`. */
export function amount(value: number): string {
  return Number.isInteger(value) ? integer(value) : number(value);
}

/** `3 min 20 s`. */
export function duration(seconds: number): string {
  if (!Number.isFinite(seconds)) return "–";
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  const s = Math.round(seconds);
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min ${s % 60} s`;
  return `${Math.floor(s / 3600)} h ${Math.floor((s % 3600) / 60)} min`;
}

/** `1.5 GB`, in powers of 1000. */
export function bytes(count: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let value = count;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${Number(value.toPrecision(3))} ${units[unit]}`;
}

/** Keeps both ends of a long name: `/backbone/bl…/Conv.weight`. */
export function middle(text: string, length: number): string {
  if (text.length <= length) return text;
  const head = Math.floor((length - 1) / 3);
  return `${text.slice(0, head)}…${text.slice(text.length - (length - 1 - head))}`;
}

/** Dotted names without what all of them begin and end with: `layers.0.q.weight`, `layers.1.q.weight` are `0`, `1`. */
export function apart(names: readonly string[]): string[] {
  const parts = names.map((name) => name.split("."));
  const shortest = Math.min(...parts.map((p) => p.length));
  const alike = (at: number) => new Set(parts.map((p) => p.at(at))).size === 1;
  let first = 0;
  while (first < shortest - 1 && alike(first)) first++;
  let last = 0;
  while (first + last < shortest - 1 && alike(-1 - last)) last++;
  return parts.map((p) => p.slice(first, p.length - last).join("."));
}

function signed(text: string): string {
  return text.startsWith("-") ? MINUS + text.slice(1) : text;
}

function superscript(n: number): string {
  return String(n).replace(/[-0-9]/g, (c) => (c === "-" ? "⁻" : "⁰¹²³⁴⁵⁶⁷⁸⁹"[Number(c)]!));
}
