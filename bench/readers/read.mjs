// node read.mjs PATH ROWS: opens a table, reads ROWS of it in order and ROWS at random, for 20 s each at most, and prints what that took as JSON.
import { openDataset } from "../../dist/data/open-dataset.js";
import { nodeFiles } from "../../dist/platform/node-files.js";

const [path, rows] = [process.argv[2], Number(process.argv[3])];
const LONGEST = 20_000;

const begin = performance.now();
const dataset = await openDataset(nodeFiles, path);
const opened = (performance.now() - begin) / 1000;
const count = Math.min(rows, dataset.length);
/** Reads `count` rows or as many as 20 s allow; the milliseconds of one. */
async function millisecondsPerRow(next) {
  const start = performance.now();
  let read = 0;
  for (let at = 1; read < count && performance.now() - start < LONGEST; read++, at = next(at))
    await dataset.load(at % dataset.length);
  return (performance.now() - start) / read;
}
const ordered = await millisecondsPerRow((at) => at + 1);
const random = await millisecondsPerRow((at) => (at * 16807) % 2147483647);
const peak = process.resourceUsage().maxRSS * 1024;
console.log(JSON.stringify({ examples: dataset.length, opened, ordered, random, peak }));
