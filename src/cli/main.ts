#!/usr/bin/env node
import { nodeFiles } from "../platform/node-files.ts";
import { runCommandLine } from "./program.ts";

// A reader that has seen enough (`holdfast … | head`) is no error: what follows is written to nobody.
for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
  });
}

process.exitCode = await runCommandLine({
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  files: nodeFiles,
  environment: process.env,
  argv: process.argv.slice(2),
});
