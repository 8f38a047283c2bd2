// Writes docs/ops.md: every operator record, from the registry itself, and what its derivative is written in, as the
// tests found it. Run by `npm run docs:ops`, after a build.
import { readFileSync, writeFileSync } from "node:fs";
import { isComposite, LATEST } from "../dist/ops/define.js";
import { allOps } from "../dist/ops/registry.js";

/** The opsets in which the definition of each ai.onnx operator changed. */
const known = JSON.parse(readFileSync("src/ops/fixtures/operator-opsets.json", "utf8"));
const found = readFileSync("test/gradients/written-in.txt", "utf8").trim().split("\n");
const writtenIn = new Map(found.map((line) => line.split(":")));
const rows = new Map();
for (const def of allOps) {
  const domain = def.domain ?? "";
  const key = `${domain || "ai.onnx"} ${def.opType}`;
  const range = def.opsets[0] === def.opsets[1] ? `${def.opsets[0]}` : `${def.opsets[0]}–${def.opsets[1]}`;
  rows.set(key, [
    ...(rows.get(key) ?? []),
    {
      range: domain ? "all" : range,
      versions: versionsOf(def),
      how: howOf(def),
      again: secondOf(def),
      since: def.opsets[0],
    },
  ]);
}

/** Versions of the definition that a record stands for; of those before opset 7, which ONNX Runtime does not promise, the last. */
function versionsOf({ domain, opType, opsets: [since, until] }) {
  const all = domain ? [] : (known[opType]?.versions ?? []);
  const first = Math.max(...all.filter((v) => v <= Math.max(since, 7)));
  return all.filter((v) => v >= first && v <= until).join(", ");
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
      .map((r) => `| ${domain} | ${opType} | ${r.range} | ${r.versions} | ${r.how} | ${r.again} |`);
  });
writeFileSync(
  "docs/ops.md",
  `# Operators

Made by \`npm run docs:ops\` from the registry: ${rows.size} operators, ${allOps.length} records. Versions count up to ${LATEST}, the newest that the
pinned ONNX Runtime runs. "Rule": the derivative is written by hand and checked against central differences. "Expanded":
rewritten into operators that have rules, and checked as well. Second derivative: "yes" where the gradient is written in
operators that have gradients themselves, checked against central differences of the first one; empty where an operator
takes nothing to differentiate of its own.

Nothing is missing: a test compares the registry with every operator of ai.onnx from opset 7 to ${LATEST} (\`onnx\` 1.23.2; the
column "definitions" has the opsets in which the definition of each changed), every one of ai.onnx.ml and of the training
domain, and every one of com.microsoft in ONNX Runtime 1.30.

| domain | operator | opsets | definitions | gradient | second derivative |
|---|---|---|---|---|---|
${lines.join("\n")}
`,
);
