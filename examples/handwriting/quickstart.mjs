// Teaches a text-recognition network handwritten digits, once with AdamW and once with Adam + SPD, with the settings of
// holdfast.yaml, and puts both on one page. Run by `npm run quickstart`, from the repository's root.
import { readConfigFile } from "../../dist/cli/config-file.js";
import { launch } from "../../dist/cli/launch.js";
import { tableLines } from "../../dist/cli/table.js";
import { openTerminal, plainSpaces } from "../../dist/cli/terminal.js";
import { parseConfig } from "../../dist/config/parse.js";
import { shareInterval } from "../../dist/evaluation/intervals.js";
import { nodeFiles } from "../../dist/platform/node-files.js";
import { number, percent, percentRange } from "../../dist/report/format.js";
import { writeReport } from "../../dist/report/report.js";

const methods = ["adamw", "spd"];
const settings = "examples/handwriting/holdfast.yaml";
const page = "runs/quickstart/report.html";

const started = performance.now();
const terminal = openTerminal(process.stderr);
const results = [];
for (const method of methods) {
  terminal.line(`\n${terminal.style("cyan", `${method} (${results.length + 1} of ${methods.length})`)}`);
  const result = await train(method);
  if (result.summary.status === "stopped") {
    terminal.line(`Saved. Go on with: node dist/cli/main.js resume ${result.folder}`);
    process.exit(result.signal === "SIGTERM" ? 143 : 130);
  }
  results.push(result);
}
await writeReport(
  nodeFiles,
  results.map((r) => r.folder),
  page,
);
printTable(results.map((r) => r.summary));
const minutes = ((performance.now() - started) / 60_000).toFixed(1);
console.log(`\n${minutes} minutes in all. The page on both: ${page}`);
console.log(`The fine-tuned model: ${results.at(-1).model}`);

async function train(method) {
  const overrides = { method, out: `runs/quickstart/${method}`, overwrite: true, report: false };
  const config = parseConfig({ ...(await readConfigFile(nodeFiles, settings)), ...overrides }, settings);
  const command = `npx holdfast finetune --config ${settings} --method ${method} --out ${config.out} --overwrite --no-report`;
  return launch({ story: "finetune", config, command }, { terminal, showProgress: true });
}

function printTable(summaries) {
  const [first] = summaries;
  const share = (metrics) => (metrics?.accuracy === undefined ? "–" : percent(metrics.accuracy));
  const judged = ({ count, metrics }) =>
    `${share(metrics)} (${percentRange(shareInterval({ count, share: metrics.accuracy }))})`;
  const rows = first.sets.map((set, i) => [
    `${set.set} (${set.count})`,
    share(set.initial),
    ...summaries.map((s) => judged(s.sets[i])),
  ]);
  const fact = (name, of) => [name, "", ...summaries.map(of)];
  const lines = tableLines(
    [
      ["accuracy (95 % interval)", "before", ...summaries.map((s) => s.method.name)],
      ...rows,
      fact("moved from the pretrained weights", (s) => number(s.deviation)),
      fact("share of tensor-steps that fired", (s) =>
        s.method.anchorRule === "spd" ? percent(s.firingRate) : "–",
      ),
    ],
    "lrrr",
  );
  console.log(plainSpaces(`\n${lines.join("\n")}`));
}
