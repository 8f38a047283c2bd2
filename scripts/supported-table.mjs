// The table "What is supported" of the README, from the registries of what was built. `npm run docs:readme` puts it there,
// and a test fails where the README says something else.
import { losses } from "../dist/autodiff/losses/registry.js";
import { methods } from "../dist/config/methods.js";
import { corruptions } from "../dist/data/corruptions/registry.js";
import { readers } from "../dist/data/readers/registry.js";
import { METRICS } from "../dist/evaluation/metric-facts.js";
import { isComposite } from "../dist/ops/define.js";
import { allOps } from "../dist/ops/registry.js";
import { anchorRules } from "../dist/optim/anchors/registry.js";
import { updateRules } from "../dist/optim/updates/registry.js";
import { peftMethods } from "../dist/peft/registry.js";
import { tasks } from "../dist/tasks/registry.js";

const START = "<!-- supported: npm run docs:readme -->";
const END = "<!-- end of supported -->";

export function supportedTable() {
  const names = (list) => list.map((item) => `\`${item.name}\``).join(", ");
  const trained = allOps.filter((def) => isComposite(def) || typeof def.vjp === "function");
  const constant = allOps.filter((def) => !isComposite(def) && def.vjp === "zero");
  const operators = (list) => new Set(list.map((def) => `${def.domain ?? ""} ${def.opType}`)).size;
  const rows = [
    [
      "tasks",
      Object.values(tasks)
        .map((task) => `\`${task.name}\`: ${task.summary}`)
        .join("; "),
    ],
    [
      "methods",
      `${names(methods)}; [each with its paper](docs/adding-a-method.md), and \`holdfast methods\` lists them`,
    ],
    ["update rules", names(updateRules)],
    ["anchor rules", `${names(anchorRules)}; any with any update rule`],
    ["adapters", `${names(peftMethods)}: [docs/adapters.md](docs/adapters.md)`],
    [
      "operators",
      `${operators(allOps)} known: ${operators(trained)} with a derivative, ${operators(constant)} that are locally constant, the others with the reason why they have none: [docs/ops.md](docs/ops.md)`,
    ],
    ["data", readers.map((reader) => reader.reads.replaceAll("|", "/")).join("; ")],
    ["metrics", `${names(METRICS)}: [docs/metrics.md](docs/metrics.md)`],
    ["corruptions", `${names(corruptions)}, each at five severities`],
    [
      "losses",
      Object.keys(losses)
        .map((name) => `\`${name}\``)
        .join(", "),
    ],
  ];
  return [
    START,
    "",
    "| what | which |",
    "|---|---|",
    ...rows.map(([what, which]) => `| ${what} | ${which} |`),
    "",
    END,
  ].join("\n");
}

/** A document with the table in the place of the one it has. */
export function withTable(text) {
  const [start, end] = [text.indexOf(START), text.indexOf(END)];
  if (start < 0 || end < start) throw new Error(`the document has no "${START}" … "${END}"`);
  return text.slice(0, start) + supportedTable() + text.slice(end + END.length);
}
