import { configJsonSchema } from "../../config/parse.ts";
import type { CliCommand } from "../command.ts";
import { printJson } from "../json-output.ts";

export const schema: CliCommand = {
  name: "schema",
  summary: "Print the JSON Schema of the settings, for editors.",
  group: "Set up:",
  examples: [
    ["holdfast schema > holdfast.schema.json", "then begin holdfast.yaml with:"],
    ["# yaml-language-server: $schema=holdfast.schema.json", ""],
  ],
  define(command, cli) {
    command.action(() => printJson(cli, configJsonSchema()));
  },
};
