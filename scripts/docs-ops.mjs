// Writes docs/ops.md: every operator record, from the registry itself, and what its derivative is written in, as the
// tests found it. Run by `npm run docs:ops`, after a build.
import { readFileSync, writeFileSync } from "node:fs";
import { isComposite, LATEST } from "../dist/ops/define.js";
import { allOps } from "../dist/ops/registry.js";

const found = readFileSync("test/gradients/written-in.txt", "utf8").trim().split("\n");
const writtenIn = new Map(found.map((line) => line.split(":")));
const rows = new Map();
for (const def of allOps) {
  const domain = def.domain ?? "";
  const key = `${domain || "ai.onnx"} ${def.opType}`;
  const range = def.opsets[0] === def.opsets[1] ? `${def.opsets[0]}` : `${def.opsets[0]}–${def.opsets[1]}`;
  rows.set(key, [
    ...(rows.get(key) ?? []),
    { range: domain ? "all" : range, how: howOf(def), again: secondOf(def), since: def.opsets[0] },
  ]);
}

function howOf(def) {
  if (isComposite(def)) return "expanded into others";
  if (typeof def.vjp === "function") return "rule";
  return def.vjp === "zero" ? "zero (locally constant)" : `none: ${def.vjp.none}`;
}

/** Whether the derivative has a derivative: every operator it is written in must have one. */
function secondOf(def) {
  if (!isComposite(def) && typeof def.vjp !== "function") return def.vjp === "zero" ? "zero" : "";
  const names = writtenIn.get(`${def.domain || "ai.onnx"} ${def.opType} ${def.opsets.join("–")}`);
  if (names === undefined) return "";
  const stuck = names.split(" ").filter((name) => name !== "" && !hasDerivative(name));
  return stuck.length === 0 ? "yes" : `no: its derivative is written in ${stuck.join(", ")}`;
}

function hasDerivative(name) {
  const records = allOps.filter((def) => [def.opType, `${def.domain}.${def.opType}`].includes(name));
  return records.some((def) => isComposite(def) || def.vjp === "zero" || typeof def.vjp === "function");
}

const lines = [...rows]
  .sort(([a], [b]) => a.localeCompare(b))
  .flatMap(([name, records]) => {
    const [domain, opType] = name.split(" ");
    return records
      .sort((a, b) => a.since - b.since)
      .map((r) => `| ${domain} | ${opType} | ${r.range} | ${r.how} | ${r.again} |`);
  });
writeFileSync(
  "docs/ops.md",
  `# Operators

Made by \`npm run docs:ops\` from the registry: ${rows.size} operators, ${allOps.length} records. Versions count up to ${LATEST}, the newest that the
pinned ONNX Runtime runs. "Rule": the derivative is written by hand and checked against central differences. "Expanded":
rewritten into operators that have rules, and checked as well. Second derivative: "yes" where the gradient is written in
operators that have gradients themselves, checked against central differences of the first one; empty where an operator
takes nothing to differentiate of its own.

| domain | operator | opsets | gradient | second derivative |
|---|---|---|---|---|
${lines.join("\n")}
`,
);
