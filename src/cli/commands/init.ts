import { overlay } from "../../config/overlay.ts";
import { parseConfig } from "../../config/parse.ts";
import type { ConfigInput } from "../../config/schema.ts";
import { ConfigError } from "../../errors.ts";
import { nobodyToAsk } from "../../training/ask.ts";
import { suggestSettings } from "../../training/suggest-settings.ts";
import { openAsking } from "../ask.ts";
import type { CliCommand } from "../command.ts";
import { print } from "../command.ts";
import { configFlags, settingsFrom } from "../config-flags.ts";
import { settingsText } from "../settings-text.ts";

interface Options {
  readonly out: string;
  readonly force?: boolean;
}

/** Settings that data and model may leave open. */
const TAKEN = /^(model|data|validation|test|task|dataset\..*)$/;

export const init: CliCommand = {
  name: "init",
  summary: "Write a commented file of settings for a model and data.",
  group: "Set up:",
  examples: [
    ["holdfast init --model model.onnx --data ./images", "writes holdfast.yaml; nothing is trained"],
    [
      "holdfast init --model ./minilm --data reviews.csv --dataset.labelColumn stars",
      "says what is the label",
    ],
    ["… --task regression", "says what is learned of it"],
  ],
  define(command, cli) {
    const flags = configFlags().filter((f) => TAKEN.test(f.key));
    command
      .description(
        "Looks at a model and data, and writes a commented file of settings that trains as it is. A column or task that " +
          "they leave open is asked for in a terminal; elsewhere the error names the flag that answers it.",
      )
      .option("--out <file>", "the file to write", "holdfast.yaml")
      .option("--force", "replace the file if it exists");
    for (const option of flags.flatMap((f) => f.options)) command.addOption(option);
    command.action(async (options: Options & Record<string, unknown>) => {
      const { out, force } = options;
      const given = settingsFrom(options, flags) as Partial<ConfigInput>; // flags are of its keys
      const { model, data } = given;
      if (model === undefined || data === undefined)
        throw new ConfigError(
          `init needs --model and --data; --${model === undefined ? "model" : "data"} is missing`,
        );
      if (force !== true && (await cli.files.exists(out)))
        throw new ConfigError(`${out} exists already; choose another --out, or pass --force`);
      const asking = openAsking(cli);
      try {
        const suggestion = await suggestSettings(
          cli.files,
          { ...given, model, data },
          asking?.ask ?? nobodyToAsk,
        );
        parseConfig(overlay({}, suggestion.settings), out);
        await cli.files.write(out, settingsText(suggestion));
        print(cli, [...suggestion.seen, `Wrote ${out}. Train with: holdfast finetune --config ${out}`]);
      } finally {
        await asking?.close();
      }
    });
  },
};
