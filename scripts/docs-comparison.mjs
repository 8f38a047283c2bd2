// The table of a comparison as Markdown: node scripts/docs-comparison.mjs RUN/table.json
import { readFileSync } from "node:fs";

const [path] = process.argv.slice(2);
if (!path) {
  console.error("usage: node scripts/docs-comparison.mjs RUN/table.json");
  process.exit(2);
}
const { methods, sets, baseline, line, standard } = JSON.parse(readFileSync(path, "utf8"));
const shifts = sets.filter((s) => s.kind === "shift").map((s) => s.set);
const known = (value) => typeof value === "number";
const points = (value) =>
  known(value) ? `${value < 0 ? "−" : "+"}${Math.abs(value * 100).toFixed(1)}` : "–";
const mean = (e, factor = 100, digits = 1) => {
  if (!e) return "–";
  const half = known(e.low) ? ` ± ${(((e.high - e.low) / 2) * factor).toFixed(digits)}` : "";
  return `${(e.value * factor).toFixed(digits)}${half}`;
};
const difference = (e) => {
  if (!e) return "–";
  const range = `(${points(e.low)} to ${points(e.high)})`;
  return e.low <= 0 && e.high >= 0 ? `no difference seen ${range}` : `**${points(e.value)}** ${range}`;
};
const rows = [
  [
    "method",
    "chosen",
    "trials",
    "ID",
    ...shifts,
    "OOD mean",
    "ρ",
    "‖θ − θ0‖",
    "fired",
    "seconds",
    "MB",
    `ID − ${baseline}`,
    `OOD − ${baseline}`,
  ],
  Array(9 + shifts.length + 3).fill("---"),
  ...methods.map((m) => [
    m.name,
    m.setting,
    String(m.tried.length),
    mean(m.id),
    ...shifts.map((s) => mean(m.sets[s])),
    mean(m.ood),
    mean(m.effectiveRobustness),
    mean(m.deviation, 1, 2),
    m.firingRate ? mean(m.firingRate) : "–",
    m.seconds.value.toFixed(0),
    m.peakMemoryBytes ? (m.peakMemoryBytes.value / 1e6).toFixed(0) : "–",
    m.name === baseline ? "" : difference(m.against?.id),
    m.name === baseline ? "" : difference(m.against?.ood),
  ]),
];
console.log(rows.map((r) => `| ${r.join(" | ")} |`).join("\n"));
if (line)
  console.log(
    `\nlogit(OOD) = ${line.intercept.toFixed(3)} + ${line.slope.toFixed(3)} · logit(ID), fitted on ${line.points} runs and trials of ${standard.join(", ")}; R² ${line.r2.toFixed(2)}.`,
  );
