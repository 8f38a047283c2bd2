import { type Command, Option } from "commander";
import type { Settings } from "../config/overlay.ts";
import { type ConfigFlag, configFlags, settingsFrom } from "./config-flags.ts";

/**
 * What a command that uses a model may be told otherwise than the model's run says: keys of the settings, and whole
 * sections. How data is read is among it, so that labelled data of any shape can be judged, and asked about.
 */
const KEYS: readonly string[] = ["task", "fix", "seed", "batchSize"];
const SECTIONS: readonly string[] = ["dataset", "preprocess", "masking", "dialogue", "generation"];

/** Flags under a shorter name too. */
const SHORT: Readonly<Record<string, string>> = {
  "dataset.format": "format",
  "dataset.labelColumn": "label-column",
  "dataset.textColumn": "text-column",
  "dataset.pairColumn": "pair-column",
  "dataset.imageColumn": "image-column",
  "generation.beams": "beams",
  "generation.maxNewTokens": "max-new-tokens",
};

/**
 * Adds a flag for each of these settings; none under a short name that the command has for something else.
 *
 * @param more keys of settings that the command knows beside these
 * @returns what the user gave of them, as a run's settings have it, from the values of the parsed command line
 */
export function addReadingFlags(
  command: Command,
  more: readonly string[] = [],
): (options: Readonly<Record<string, unknown>>) => Settings {
  const taken = command.options.map((option) => option.long);
  const long = configFlags().filter(
    ({ key }) =>
      [...KEYS, ...more].includes(key) || SECTIONS.some((section) => key.startsWith(`${section}.`)),
  );
  const flags = [...shortFlags(long).filter((f) => !taken.includes(f.options[0]?.long)), ...long];
  for (const option of flags.flatMap((f) => f.options)) command.addOption(option);
  return (options) => settingsFrom(options, flags);
}

function shortFlags(long: readonly ConfigFlag[]): ConfigFlag[] {
  return long.flatMap(({ key, options: [option] }) => {
    const name = SHORT[key];
    if (name === undefined || !option) return [];
    const short = new Option(option.flags.replace(key, name), `the same as --${key}`);
    return [{ key, options: [option.parseArg ? short.argParser(option.parseArg) : short] }];
  });
}
