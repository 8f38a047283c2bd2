import { InvalidArgumentError } from "commander";
import type { Model } from "../onnx/model.ts";
import { openRuntime, type Runtime } from "../runtime/runtime.ts";
import { loadSource } from "../training/model-parts.ts";
import { findModel, type ModelSource } from "../training/model-source.ts";
import type { Cli } from "./command.ts";
import { openTerminal } from "./terminal.ts";

/** The model behind a path that a user gave: a file or a folder. */
export async function openModel(cli: Cli, path: string): Promise<{ source: ModelSource; model: Model }> {
  const source = await findModel(cli.files, path);
  return { source, model: await loadSource(cli.files, source) };
}

/** Weights of more bytes than this in files beside the model are not read by commands that only look at it. */
const LARGEST_LOOKED_AT = 1 << 25;

/** The same for commands that only look: memory stays far below the size of the weights. */
export async function openModelToLook(
  cli: Cli,
  path: string,
): Promise<{ source: ModelSource; model: Model }> {
  const source = await findModel(cli.files, path);
  return { source, model: await loadSource(cli.files, source, { largestTensor: LARGEST_LOOKED_AT }) };
}

/** ONNX Runtime on this thread, for commands that end soon; messages go to stderr. */
export async function openShortRuntime(cli: Cli, threads?: number): Promise<Runtime> {
  const terminal = openTerminal(cli.stderr, cli.environment);
  return openRuntime({
    ...(threads === undefined ? {} : { threads }),
    onMessage: (text) => terminal.line(text),
  });
}

/** The value of a flag that is a whole number, 1 or more. */
export function countArgument(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1) return value;
  throw new InvalidArgumentError("Expected a whole number, 1 or more.");
}

/** The value of a flag that is a whole number of either sign. */
export function integerArgument(text: string): number {
  const value = Number(text);
  if (text.trim() !== "" && Number.isInteger(value)) return value;
  throw new InvalidArgumentError("Expected a whole number.");
}

/** The value of a flag that is a number. */
export function numberArgument(text: string): number {
  const value = Number(text);
  if (text.trim() !== "" && Number.isFinite(value)) return value;
  throw new InvalidArgumentError("Expected a number.");
}

export type SettingValue = number | boolean | string | readonly number[];

/** `name=value`: numbers, several with commas between them, `true`, `false`, or a word. */
export function settingArgument(text: string): Record<string, SettingValue> {
  const cut = text.indexOf("=");
  const [name, value] = [text.slice(0, cut), text.slice(cut + 1)];
  if (cut < 1 || value === "") throw new InvalidArgumentError("Expected name=value, such as eps=1e-6.");
  if (value === "true" || value === "false") return { [name]: value === "true" };
  const numbers = value.split(",").map(Number);
  if (!numbers.every(Number.isFinite)) return { [name]: value };
  return { [name]: numbers.length > 1 ? numbers : numbers[0]! }; // split gives at least one
}

/** The values of `--dim name=size`, given once per dimension. */
export function dimArgument(
  text: string,
  before: ReadonlyMap<string, number> | undefined,
): Map<string, number> {
  const cut = text.lastIndexOf("=");
  if (cut < 1) throw new InvalidArgumentError("Expected name=size, such as batch=16.");
  return new Map([...(before ?? []), [text.slice(0, cut), countArgument(text.slice(cut + 1))]]);
}

/** `--fix name=value`, for commands that build a training graph: flags, description and parser. */
export const fixFlag = [
  "--fix <name=value>",
  "one value for good for an input, such as sr=16000, so that branches it decides are decided; repeat for several",
  fixArgument,
] as const;

function fixArgument(text: string, before: ReadonlyMap<string, number> | undefined): Map<string, number> {
  const cut = text.lastIndexOf("=");
  const value = Number(text.slice(cut + 1));
  if (cut < 1 || !Number.isFinite(value) || text.slice(cut + 1).trim() === "")
    throw new InvalidArgumentError("Expected name=number, such as sr=16000.");
  return new Map([...(before ?? []), [text.slice(0, cut), value]]);
}
