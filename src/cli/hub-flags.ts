import { type Command, Option } from "commander";
import { HubClient } from "../hub/client.ts";
import { HUB_ENDPOINT } from "../hub/repository.ts";
import type { Cli } from "./command.ts";

/** What a command that talks to the Hub is told of it. */
export interface HubFlags {
  readonly endpoint?: string;
  readonly token?: string;
}

export function addHubFlags(command: Command): void {
  command
    .addOption(new Option("--endpoint <address>", `the server; HF_ENDPOINT or ${HUB_ENDPOINT} if left out`))
    .addOption(
      new Option("--token <token>", "access token; HF_TOKEN if left out, which no shell history keeps"),
    );
}

/** The client for the flags, and the environment where they are silent. @throws ConfigError for what cannot be used */
export function openHub(cli: Cli, { endpoint, token }: HubFlags): HubClient {
  const { HF_ENDPOINT, HF_TOKEN } = cli.environment;
  return new HubClient({
    endpoint: endpoint ?? (HF_ENDPOINT || undefined),
    token: token ?? (HF_TOKEN || undefined),
  });
}
