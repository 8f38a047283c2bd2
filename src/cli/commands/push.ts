import { push } from "../../hub/push.ts";
import { parseRepository } from "../../hub/repository.ts";
import type { CliCommand } from "../command.ts";
import { print } from "../command.ts";
import { createCountProgress } from "../count-progress.ts";
import { addHubFlags, type HubFlags, openHub } from "../hub-flags.ts";
import { openTerminal } from "../terminal.ts";

interface Options extends HubFlags {
  readonly repo: string;
  readonly private?: boolean;
  readonly revision: string;
  readonly message?: string;
  readonly license?: string;
  readonly baseModel?: string;
  readonly force?: boolean;
}

export const pushCommand: CliCommand = {
  name: "push",
  summary: "Upload a run's model, with its card, to the Hugging Face Hub.",
  group: "Use:",
  examples: [
    [
      "holdfast push runs/mine --repo me/flowers --private",
      "a repository of your own; the token is in HF_TOKEN",
    ],
    ["holdfast card runs/mine", "before that, what the page will say"],
    ["holdfast push runs/mine --repo me/flowers --revision v2 --force", "replaces the files of a branch"],
  ],
  define(command, cli) {
    command
      .description(
        "Upload a finished run's model folder to the Hugging Face Hub, or a server that speaks as it does, as one commit. Its card, " +
          "README.md, is written unless one lies in the folder.",
      )
      .argument("<run>", "folder of a finished run")
      .requiredOption("--repo <name>", "user/name; made if it is not there")
      .option("--private", "make a new repository a private one")
      .option("--revision <branch>", "branch to commit to", "main")
      .option("--message <text>", "of the commit")
      .option("--license <id>", "licence for the card; the base model's if left out and known")
      .option(
        "--base-model <id>",
        "repository of the base model; where holdfast pull fetched it, if left out",
      )
      .option("--force", "replace files that the repository has with another content");
    addHubFlags(command);
    command.action(async (run: string, options: Options) => {
      const client = openHub(cli, options);
      const repository = parseRepository(options.repo, "model", client.endpoint);
      const terminal = openTerminal(cli.stderr, cli.environment);
      const progress = createCountProgress({ terminal, unit: "bytes" });
      const { page, commit, files } = await push(run, repository, {
        files: cli.files,
        client,
        isPrivate: options.private === true,
        branch: options.revision,
        message: options.message ?? "Upload a model fine-tuned with holdfast",
        license: options.license,
        baseModel: options.baseModel,
        force: options.force === true,
        onProgress: ({ path, state, share, bytes }) =>
          progress.tell(share * bytes, bytes, `${state} ${path}`),
      }).finally(() => progress.end());
      for (const path of files) terminal.line(`  ${path}`);
      if (commit === null) terminal.line("Nothing to upload: the repository has these files already.");
      print(cli, [page]);
    });
  },
};
