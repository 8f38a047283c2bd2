// Writes docs/ops.md: every operator record, from the registry itself. Run by `npm run docs:ops`, after a build.
import { writeFileSync } from "node:fs";
import { isComposite, LATEST } from "../dist/ops/define.js";
import { allOps } from "../dist/ops/registry.js";

const rows = new Map();
for (const def of allOps) {
  const domain = def.domain ?? "";
  const key = `${domain || "ai.onnx"} ${def.opType}`;
  const range = def.opsets[0] === def.opsets[1] ? `${def.opsets[0]}` : `${def.opsets[0]}–${def.opsets[1]}`;
  rows.set(key, [
    ...(rows.get(key) ?? []),
    { range: domain ? "all" : range, how: howOf(def), since: def.opsets[0] },
  ]);
}

function howOf(def) {
  if (isComposite(def)) return "expanded into others";
  if (typeof def.vjp === "function") return "rule";
  return def.vjp === "zero" ? "zero (locally constant)" : `none: ${def.vjp.none}`;
}

const lines = [...rows]
  .sort(([a], [b]) => a.localeCompare(b))
  .flatMap(([name, records]) => {
    const [domain, opType] = name.split(" ");
    return records
      .sort((a, b) => a.since - b.since)
      .map((r) => `| ${domain} | ${opType} | ${r.range} | ${r.how} |`);
  });
writeFileSync(
  "docs/ops.md",
  `# Operators

Made by \`npm run docs:ops\` from the registry: ${rows.size} operators, ${allOps.length} records. Versions count up to ${LATEST}, the newest that the
pinned ONNX Runtime runs. "Rule": the derivative is written by hand and checked against central differences. "Expanded":
rewritten into operators that have rules, and checked as well.

| domain | operator | opsets | gradient |
|---|---|---|---|
${lines.join("\n")}
`,
);
