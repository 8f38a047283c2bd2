// Compares types, values and derivatives with the node tests of the PyPI package onnx, and writes docs/backend-nodes.md.
//
//   node scripts/backend-nodes.mjs FOLDER…     for each folder of node tests, one table
//
// A folder as onnx lays it out: test_NAME/{model.onnx, test_data_set_0/{input,output}_I.pb}. Releases of onnx up to 1.16
// hold one (onnx/backend/test/data/node in the wheel); of newer ones, scripts/goldens/backend_nodes.py --folder writes it.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";

const folders = process.argv.slice(2);
if (folders.length === 0) {
  console.error(
    "usage: node scripts/backend-nodes.mjs FOLDER…, for example onnx/backend/test/data/node of a wheel",
  );
  process.exit(2);
}

const scratch = mkdtempSync(join(tmpdir(), "backend-nodes-"));
const sections = folders.map((given) => {
  const [path, title = basename(resolve(given))] = given.split("=").reverse();
  const report = join(scratch, "outcomes.json");
  const env = { ...process.env, BACKEND_NODES: resolve(path), BACKEND_NODES_OUTCOMES: report };
  spawnSync("npx", ["vitest", "run", "test/backend-nodes.test.ts", "--testTimeout=600000"], {
    env,
    stdio: ["ignore", "inherit", "inherit"],
  });
  return { title, outcomes: Object.entries(JSON.parse(readFileSync(report, "utf8"))) };
});
rmSync(scratch, { recursive: true });
writeFileSync("docs/backend-nodes.md", pageOf(sections));

function pageOf(parts) {
  return `# The node tests of ONNX

The package \`onnx\` carries a suite of small models, a few for each operator, with inputs and what they must give. Made by
\`node scripts/backend-nodes.mjs\`. Each test is lowered and compared in three ways: the inferred types with the test's
outputs, and those of every inner value with what ONNX Runtime gives; the computed values with the test's; and the derivative
by every float input with central differences of the original model (in float64 where ONNX Runtime has the kernels).
\`npm test\` runs the smaller ones of onnx 1.23.2 from a packed file.

| suite | tests | types | values | derivatives | zero derivatives | disagree |
|---|---|---|---|---|---|---|
${parts.map(rowOf).join("\n")}
${parts.map(sectionOf).join("")}`;
}

function rowOf({ title, outcomes }) {
  const count = (of) => outcomes.filter(([, o]) => of(o)).length;
  const cells = [
    outcomes.length,
    count((o) => o.types === "checked"),
    count((o) => o.values === "checked"),
    count((o) => o.gradient === "checked"),
    count((o) => o.gradient.startsWith("zero")),
    count((o) => o.failed),
  ];
  return `| ${title} | ${cells.join(" | ")} |`;
}

function sectionOf({ title, outcomes }) {
  const groups = new Map();
  for (const [name, o] of outcomes) {
    const kinds = ["types", "values", "gradient"];
    const first = kinds.find((kind) => o[kind] !== "checked" && !o[kind].startsWith("zero"));
    if (!first) continue;
    const what = { types: "nothing", values: "types", gradient: "types and values" }[first];
    const why = o.failed ? `disagrees: ${o.failed}` : o[first];
    const key = `| ${what} | ${why.replaceAll("|", "\\|").replace(/"[^"]*"/g, "…")} |`;
    groups.set(key, [...(groups.get(key) ?? []), name]);
  }
  const rows = [...groups].sort(([a], [b]) => (a < b ? -1 : 1));
  return `
## ${title}: what was not compared in full

| compared | why no more | tests |
|---|---|---|
${rows.map(([key, names]) => `${key} ${shown(names)} |`).join("\n")}
`;
}

function shown(names) {
  const some = names
    .slice(0, 12)
    .map((name) => `\`${name}\``)
    .join(" ");
  return names.length > 12 ? `${names.length}: ${some} …` : some;
}
