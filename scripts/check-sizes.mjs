// Keeps files short enough to read in one sitting: a word above 400 lines, a failure above 600. Generated files are free.
import { readFileSync } from "node:fs";
import { sourceFiles } from "./source-files.mjs";

const THINK = 400;
const SPLIT = 600;
let tooLong = 0;
for (const path of sourceFiles()) {
  const lines = readFileSync(path, "utf8").split("\n").length - 1;
  if (lines <= THINK) continue;
  console.log(
    `${path}: ${lines} lines, ${lines > SPLIT ? `more than ${SPLIT}: split it` : `more than ${THINK}: think`}`,
  );
  if (lines > SPLIT) tooLong += 1;
}
process.exitCode = tooLong > 0 ? 1 : 0;
