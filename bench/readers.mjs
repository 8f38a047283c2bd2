/**
 * The memory and time of opening a table that is far larger than the memory it may take, and of reading its rows.
 *
 *     npm run build && [PYTHON=…] node bench/readers.mjs [--megabytes 1000] [--rows 40000] [--kinds csv,jsonl,parquet,images]
 *
 * Each file has texts of 10 to 130 words with one of five labels, or images of 16 kB. It is written to
 * .cache/readers, opened, and read by a process of its own: ROWS rows in order, and as many at random as texts (an eighth as
 * images). Parquet needs PYTHON with pyarrow and numpy, in row groups of 64 MiB.
 */
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { createWriteStream, existsSync, mkdirSync, rmSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { seededText } from "./readers/text.mjs";

const { values: flags } = parseArgs({
  options: {
    megabytes: { type: "string", default: "1000" },
    rows: { type: "string", default: "40000" },
    kinds: { type: "string", default: "csv,jsonl,parquet,images" },
    keep: { type: "boolean", default: false },
  },
});
const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const folder = here("../.cache/readers");
const bytes = Number(flags.megabytes) * 1e6;

async function writeLines(path, head, lineOf) {
  const out = createWriteStream(path);
  out.write(head);
  for (let n = 0, written = 0; written < bytes; n++) {
    const line = lineOf(seededText(n), `label ${n % 5}`);
    written += line.length;
    if (!out.write(line)) await once(out, "drain");
  }
  out.end();
  await once(out, "finish");
}

const python = (kind) => (path) =>
  execFileSync(process.env.PYTHON ?? "python3", [here("readers/parquet.py"), kind, path, String(bytes)], {
    stdio: "inherit",
  });
const writers = {
  csv: (path) => writeLines(path, "text,label\n", (text, label) => `"${text}",${label}\n`),
  jsonl: (path) => writeLines(path, "", (text, label) => `${JSON.stringify({ text, label })}\n`),
  parquet: python("text"),
  images: python("images"),
};

console.log(
  "| data | size, MB | examples | opened, s | a row in order, ms | at random, ms | peak of the process, MB |",
);
console.log("|---|---|---|---|---|---|---|");
mkdirSync(folder, { recursive: true });
for (const kind of flags.kinds.split(",")) {
  const path = `${folder}/${kind}.${kind === "images" ? "parquet" : kind}`;
  if (!existsSync(path)) await writers[kind](path);
  const rows = Number(flags.rows) / (kind === "images" ? 8 : 1);
  const line = execFileSync(process.execPath, [here("readers/read.mjs"), path, String(rows)], {
    encoding: "utf8",
  });
  const { examples, opened, ordered, random, peak } = JSON.parse(line);
  const size = (statSync(path).size / 1e6).toFixed(0);
  const each = [ordered, random].map((ms) => ms.toPrecision(2)).join(" | ");
  console.log(
    `| ${kind} | ${size} | ${examples} | ${opened.toFixed(1)} | ${each} | ${(peak / 1e6).toFixed(0)} |`,
  );
  if (!flags.keep) rmSync(path);
}
