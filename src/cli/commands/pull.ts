import { Option } from "commander";
import { type HubDtype, hubDtypes } from "../../hub/choose-files.ts";
import { lookAt, type PullEvent, pull } from "../../hub/pull.ts";
import { parseRepository, type Repository } from "../../hub/repository.ts";
import { basename } from "../../platform/paths.ts";
import { bytes } from "../../report/format.ts";
import type { CliCommand } from "../command.ts";
import { print } from "../command.ts";
import { createCountProgress } from "../count-progress.ts";
import { addHubFlags, type HubFlags, openHub } from "../hub-flags.ts";
import { tableLines } from "../table.ts";
import { openTerminal } from "../terminal.ts";

interface Options extends HubFlags {
  readonly dataset?: boolean;
  readonly revision: string;
  readonly dtype: HubDtype;
  readonly include: readonly string[];
  readonly out?: string;
  readonly list?: boolean;
  readonly force?: boolean;
}

export const pullCommand: CliCommand = {
  name: "pull",
  summary: "Fetch a model, or a data set, from the Hugging Face Hub.",
  group: "Set up:",
  examples: [
    ["holdfast pull Xenova/all-MiniLM-L6-v2", "graph, tokenizer and settings, to all-MiniLM-L6-v2/"],
    ["holdfast pull onnx-community/dinov2-small --dtype fp16", "the file of half floats"],
    ["holdfast pull --dataset user/flowers --include 'data/train-*'", "a part of a data set"],
    ["holdfast pull user/model --list", "what is there, and what would be fetched"],
  ],
  define(command, cli) {
    command
      .description(
        "Fetch a model as Transformers.js loads it, or a data set, from the Hugging Face Hub or a server that speaks as it does. Files " +
          "are checked against the server's checksums; what was fetched in part is gone on with.",
      )
      .argument("<repository>", "user/name, or the address of its page")
      .option("--dataset", "the repository is a data set")
      .option("--revision <name>", "branch, tag or commit", "main")
      .addOption(new Option("--dtype <name>", "which file of weights").choices(hubDtypes).default("fp32"))
      .option(
        "--include <pattern>",
        "further files of a model, the only ones of a data set; * and ** as in a shell; repeat for several",
        (pattern, all: readonly string[]) => [...all, pattern],
        [],
      )
      .option("--out <folder>", "where the files go; a folder of the repository's name if left out")
      .option("--list", "list the files and fetch nothing")
      .option("--force", "replace files that are there with another content");
    addHubFlags(command);
    command.action(async (text: string, options: Options) => {
      const client = openHub(cli, options);
      const repository = parseRepository(
        text,
        options.dataset === true ? "dataset" : "model",
        client.endpoint,
      );
      if (options.list === true) {
        const { all, chosen } = await lookAt(repository, { ...options, client });
        return print(cli, listing(all, new Set(chosen)));
      }
      const terminal = openTerminal(cli.stderr, cli.environment);
      const progress = createCountProgress({ terminal, unit: "bytes" });
      const out = options.out ?? basename(repository.id);
      const { folder } = await pull(repository, {
        files: cli.files,
        client,
        ...options,
        out,
        force: options.force === true,
        onEvent: (event) => tell(event, { progress, terminal, repository }),
      }).finally(() => progress.end());
      print(cli, [folder]);
      terminal.line(terminal.style("dim", nextStep(repository, folder)));
    });
  },
};

function tell(
  event: PullEvent,
  to: {
    readonly progress: ReturnType<typeof createCountProgress>;
    readonly terminal: ReturnType<typeof openTerminal>;
    readonly repository: Repository;
  },
): void {
  const { progress, terminal, repository } = to;
  if (event.kind === "bytes") progress.tell(event.done, event.total, event.file);
  else if (event.kind === "file")
    terminal.line(`  ${event.file}  ${event.state === "there" ? "is there" : bytes(event.bytes)}`);
  else {
    const { commit, files } = event;
    terminal.line(
      `${repository.type} ${repository.id}, commit ${commit.slice(0, 7)}: ${files} files, ${bytes(event.bytes)}`,
    );
  }
}

function listing(
  all: readonly { readonly path: string; readonly bytes: number }[],
  chosen: ReadonlySet<object>,
): string[] {
  return tableLines(
    all.map((file) => [chosen.has(file) ? "*" : "", file.path, bytes(file.bytes)]),
    "llr",
  );
}

function nextStep({ type }: Repository, folder: string): string {
  return type === "model"
    ? `Next: holdfast inspect ${folder}, or holdfast finetune --model ${folder} --data DATA --out runs/NAME`
    : `Next: holdfast init --data ${folder} --model MODEL`;
}
