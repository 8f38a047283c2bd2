import { ConfigError } from "../errors.ts";
import type { Random } from "../tensor/random.ts";

/** How a token is drawn, in the order in which the settings act. */
export interface SamplingOptions {
  /** Logits are divided by it; below 1 the likely tokens become likelier. Default 1. */
  readonly temperature?: number;
  /** Only so many of the likeliest tokens are drawn from; 0 for all. Default 0. */
  readonly topK?: number;
  /** Only the likeliest tokens that together have this share of the probability are drawn from. Default 1. */
  readonly topP?: number;
}

/** @throws ConfigError naming the setting that is out of range */
export function checkSampling({ temperature = 1, topK = 0, topP = 1 }: SamplingOptions): void {
  if (!(temperature > 0 && Number.isFinite(temperature)))
    throw new ConfigError(
      `temperature is ${temperature}, expected more than 0; without sampling the likeliest is taken`,
    );
  if (!Number.isInteger(topK) || topK < 0) throw new ConfigError(`topK is ${topK}, expected 0 or more`);
  if (!(topP > 0 && topP <= 1)) throw new ConfigError(`topP is ${topP}, expected more than 0 and at most 1`);
}

/** ln of the sum of e^x over a row of logits, computed without overflow. */
export function logSumExp(row: Float32Array): number {
  let most = Number.NEGATIVE_INFINITY;
  for (const x of row) if (x > most) most = x;
  let sum = 0;
  for (const x of row) sum += Math.exp(x - most);
  return most + Math.log(sum);
}

/** The index of the largest element, of equal ones the first; `except` are passed over. */
export function likeliest(row: Float32Array, except: readonly number[] = []): number {
  let best = -1;
  for (let i = 0; i < row.length; i++)
    if ((best < 0 || row[i]! > row[best]!) && !except.includes(i)) best = i;
  return best;
}

/** A token drawn by its probability after temperature, top-k and top-p, in this order; `except` cannot be drawn. */
export function drawToken(
  row: Float32Array,
  options: SamplingOptions,
  random: Random,
  except: readonly number[] = [],
): number {
  const { temperature = 1, topK = 0, topP = 1 } = options;
  const barred = new Set(except);
  let tokens = Array.from(row.keys()).filter((i) => !barred.has(i) && row[i]! > Number.NEGATIVE_INFINITY);
  tokens.sort((a, b) => row[b]! - row[a]! || a - b);
  if (topK > 0) tokens = tokens.slice(0, topK);
  const most = row[tokens[0]!] ?? 0;
  const weights = tokens.map((i) => Math.exp((row[i]! - most) / temperature));
  const total = weights.reduce((a, b) => a + b, 0);
  // The first tokens whose share reaches topP, the one that reaches it included.
  let kept = 0;
  let mass = 0;
  while (kept < tokens.length && (kept === 0 || mass < topP * total)) mass += weights[kept++]!;
  let at = random.next() * mass;
  for (let i = 0; i < kept; i++) {
    at -= weights[i]!;
    if (at < 0) return tokens[i]!;
  }
  return tokens[kept - 1]!;
}
