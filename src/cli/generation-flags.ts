import type { Command } from "commander";
import type { Config } from "../config/schema.ts";
import { withoutUndefined } from "../training/plain.ts";
import { configFlags, settingsFrom } from "./config-flags.ts";
import { countArgument } from "./open-model.ts";

/** Flags of how a language model writes; its run's own settings hold where they are left out. */
export function addGenerationFlags(command: Command): void {
  command
    .option("--beams <count>", "the same as --generation.beams", countArgument)
    .option("--max-new-tokens <count>", "the same as --generation.maxNewTokens", countArgument);
  for (const option of generationFlags().flatMap((f) => f.options)) command.addOption(option);
}

/** What the user gave of them. */
export function generationFrom(options: Readonly<Record<string, unknown>>): Partial<Config["generation"]> {
  // The flags are made of that section of the schema, and Commander parsed the two others as counts.
  const own = (settingsFrom(options, generationFlags()).generation ?? {}) as Partial<Config["generation"]>;
  const { beams, maxNewTokens } = options;
  return { ...own, ...(withoutUndefined({ beams, maxNewTokens }) as Partial<Config["generation"]>) };
}

function generationFlags() {
  return configFlags().filter((f) => f.key.startsWith("generation."));
}
