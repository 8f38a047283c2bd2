import { createMemoryFiles } from "../platform/memory-files.ts";
import { runCommandLine } from "./program.ts";

/** Runs a command line on files in memory, with nothing on standard input. */
export async function runInMemory(
  argv: readonly string[],
  content: Readonly<Record<string, string>> = {},
): Promise<{ readonly code: number; readonly out: string; readonly err: string }> {
  let [out, err] = ["", ""];
  const code = await runCommandLine({
    stdin: (async function* () {})(),
    stdout: {
      write: (text) => {
        out += text;
      },
    },
    stderr: {
      write: (text) => {
        err += text;
      },
    },
    files: createMemoryFiles(content),
    environment: { NO_COLOR: "1" },
    argv,
  });
  return { code, out, err };
}
