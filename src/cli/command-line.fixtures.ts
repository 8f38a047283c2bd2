import type { Files } from "../platform/files.ts";
import { createMemoryFiles } from "../platform/memory-files.ts";
import { runCommandLine } from "./program.ts";

interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/**
 * Runs a command line on files in memory.
 *
 * @param typed what a person types in a terminal; nobody is there if left out, and standard input is empty
 */
export async function runInMemory(
  argv: readonly string[],
  content: Readonly<Record<string, string | Uint8Array>> = {},
  typed?: readonly string[],
): Promise<Ended & { readonly files: Files }> {
  const files = createMemoryFiles(content);
  return { ...(await runOn(files, argv, typed)), files };
}

/** Runs a command line on files, as `runInMemory` does. */
export async function runOn(
  files: Files,
  argv: readonly string[],
  typed?: readonly string[],
): Promise<Ended> {
  let [out, err] = ["", ""];
  const isTTY = typed !== undefined;
  const input = (async function* () {
    for (const line of typed ?? []) yield `${line}\n`;
  })();
  const code = await runCommandLine({
    stdin: Object.assign(input, { isTTY }),
    stdout: {
      write: (text) => {
        out += text;
      },
    },
    stderr: {
      isTTY,
      write: (text) => {
        err += text;
      },
    },
    files,
    environment: { NO_COLOR: "1" },
    argv,
  });
  return { code, out, err };
}
