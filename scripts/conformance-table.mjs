// The table of a conformance run: one row per model, one column per export.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const EXPORTS = ["ts11", "ts14", "ts17", "ts17raw", "dyn18", "dynN"];
const LEVELS = ["basic", "extended", "all"];
const FOR_ONE_PROCESSOR = /laid the file out for one kind of processor/;
const INTRO = {
  exports: [
    "Each number is the largest relative error over all weights of one export (opset 11, 14, 17 by PyTorch's TorchScript",
    "exporter, raw: nothing folded; opset 18 and the newest by its dynamo exporter).",
  ],
  levels: [
    "Each number is the largest relative error over all weights of one export after ONNX Runtime's own graph optimiser has",
    "rewritten and saved it at a level. A weight that the optimiser turned or joined with others is found by its values.",
  ],
};

/**
 * @param rows results, each with `name` (`<model>__<export>`), `ok`, `checked`, `worst` and `note`
 * @param options `title`, `command`, and `failures`: reasons of exports that do not exist, by name
 */
export function conformanceTable(rows, { title, command, failures }) {
  const byName = new Map(rows.map((r) => [r.name, r]));
  // The last part of a name is the column: the export, or the level of the optimiser.
  const rowOf = (name) => name.slice(0, name.lastIndexOf("__"));
  const isLevel = rows.some((r) => LEVELS.some((level) => r.name.endsWith(`__${level}`)));
  const COLUMNS = isLevel ? LEVELS : EXPORTS;
  const models = [...new Set([...byName.keys(), ...failures.keys()].map(rowOf))].sort();
  const reasons = new Map();
  const letterOf = (reason) => {
    if (!reasons.has(reason)) reasons.set(reason, reasons.size + 1);
    return reasons.get(reason);
  };
  const cell = (name) => {
    const row = byName.get(name);
    if (row?.ok) return row.worst[1].toExponential(1);
    if (row && FOR_ONE_PROCESSOR.test(row.note))
      return `– [${letterOf("refused: at this level ONNX Runtime lays convolutions out for one kind of processor (domain com.microsoft.nchwc); the error says so, and to take level `extended`")}]`;
    if (row) return "**no**";
    return failures.has(name) ? `– [${letterOf(failures.get(name))}]` : "";
  };
  const lines = models
    .filter((m) => COLUMNS.some((c) => byName.has(`${m}__${c}`)))
    .map((m) => {
      const weights = Math.max(0, ...COLUMNS.map((c) => byName.get(`${m}__${c}`)?.checked ?? 0));
      return `| ${m} | ${weights} | ${COLUMNS.map((c) => cell(`${m}__${c}`)).join(" | ")} |`;
    });
  const bad = rows
    .filter((r) => !r.ok && !FOR_ONE_PROCESSOR.test(r.note))
    .map((r) => `- ${r.name}: ${r.note}`);
  const notes = [...reasons].map(([reason, number]) => `- [${number}] ${reason}`);
  return `${[
    `# ${title}`,
    "Exported models with PyTorch's float64 gradients: the training model that Holdfast builds, run by Python's onnxruntime.",
    ...(isLevel ? INTRO.levels : INTRO.exports),
    "",
    `\`\`\`\n${command}\n\`\`\``,
    "",
    `${rows.filter((r) => r.ok).length} of ${rows.length} cases are within 1e-3 relative.`,
    "",
    `| model | weights checked | ${COLUMNS.join(" | ")} |`,
    `|---|---|${COLUMNS.map(() => "---").join("|")}|`,
    ...lines,
    ...(bad.length ? ["", "What is not within it:", "", ...bad] : []),
    ...(notes.length
      ? ["", isLevel ? "What is refused:" : "Why there is no such export:", "", ...notes]
      : []),
  ].join("\n")}\n`;
}

/** Why exports beside a folder of cases failed, by case, in a few words. */
export function failedExports(cases, existing) {
  const folder = join(cases, "..");
  const found = new Map();
  for (const file of readdirSync(folder)) {
    if (!/^failed-exports.*\.json$/.test(file)) continue;
    for (const [name, line] of Object.entries(JSON.parse(readFileSync(join(folder, file), "utf8"))))
      if (!existing.includes(name)) found.set(name, inShort(line));
  }
  return found;
}

function inShort(line) {
  const operator = /operator '?(?:aten::)?(\w+)/.exec(line)?.[1];
  if (/not supported|Unsupported/.test(line) && operator)
    return `PyTorch's exporter has no \`${operator}\` at this opset`;
  if (/InvalidGraph|InvalidArgument|RuntimeException|\bFail\b/.test(line))
    return "ONNX Runtime does not run what was exported";
  if (/outputs differ/.test(line)) return "what was exported computes something else than PyTorch";
  if (/TorchExportError|ConversionError|UserError|Constraint|GuardOn/.test(line))
    return "PyTorch's dynamo exporter fails";
  return line.replace(/^FAILED /, "").slice(0, 100);
}
