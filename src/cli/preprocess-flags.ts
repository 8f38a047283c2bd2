import type { Command } from "commander";
import type { Config } from "../config/schema.ts";
import { configFlags, settingsFrom } from "./config-flags.ts";

/** Adds the flags that say how images become the model's input, for models that come without it. */
export function addPreprocessFlags(command: Command): void {
  for (const option of preprocessFlags().flatMap((f) => f.options)) command.addOption(option);
}

/** What the user gave of them. */
export function preprocessFrom(options: Readonly<Record<string, unknown>>): Partial<Config["preprocess"]> {
  // The flags are made of that section of the schema.
  return (settingsFrom(options, preprocessFlags()).preprocess ?? {}) as Partial<Config["preprocess"]>;
}

function preprocessFlags() {
  return configFlags().filter((f) => f.key.startsWith("preprocess."));
}
