import { stringify } from "yaml";
import { metricFacts } from "../evaluation/metric-facts.ts";
import { integer, number } from "../report/format.ts";
import { type RunView, viewsOf } from "../report/run-view.ts";
import { verdictOf } from "../report/verdict.ts";
import type { Json } from "../run/records.ts";
import type { RunRecord } from "../run/run-reader.ts";
import type { CardFacts } from "./card-facts.ts";
import { cell, metricsTable, resultsTable } from "./card-tables.ts";

/** What Hugging Face calls a model's library; its pages show how to load it from there. */
const LIBRARY = "transformers.js";
/** Names of metrics on the Hub that are not ours with other strokes. */
const HUB_METRICS: Readonly<Record<string, string>> = {
  "macro-f1": "f1",
  auroc: "roc_auc",
  miou: "mean_iou",
  brier: "brier_score",
};
/** More classes than this are counted. */
const MOST_CLASSES = 30;

/**
 * A model card: the README.md of a run's model on the Hub. What it is, what it was trained on and how, what it does on every
 * set before and after with intervals, where that does not hold, and the command that repeats it.
 *
 * The front matter is as the Hub reads it: https://huggingface.co/docs/hub/model-cards
 *
 * @param name of the model, as its heading
 */
export function modelCard(run: RunRecord, facts: CardFacts, name: string): string {
  const view = viewsOf([run])[0]!; // one run, one view
  const sections = [
    ["---", stringify(frontMatter(view, facts, name)).trimEnd(), "---"],
    [`# ${cell(name)}`, "", introduction(view, facts)],
    section("Results", results(view)),
    section("How it was trained", training(view, facts)),
    section("Use", usage(facts, name)),
    section("Limits", limits(view, facts)),
    section("To repeat it", ["```sh", run.environment.command, "```", "", ...settings(run)]),
  ];
  return `${sections.map((lines) => lines.join("\n")).join("\n\n")}\n`;
}

function section(title: string, lines: readonly string[]): string[] {
  return [`## ${title}`, "", ...lines];
}

function frontMatter(
  { run, sets, metric }: RunView,
  facts: CardFacts,
  name: string,
): Record<string, unknown> {
  const { method, task } = run.summary;
  const judged = sets.filter((s) => s.last && s.kind !== "train");
  const type = facts.pipeline ?? task;
  return {
    ...facts.license,
    ...(facts.baseModel === null ? {} : { base_model: facts.baseModel, base_model_relation: "finetune" }),
    library_name: LIBRARY,
    ...(facts.pipeline === null ? {} : { pipeline_tag: facts.pipeline }),
    ...(facts.dataset === null ? {} : { datasets: [facts.dataset] }),
    metrics: [hubMetric(metric.name)],
    tags: ["onnx", "holdfast", ...(method.anchorRule === "none" ? [] : [method.anchorRule])],
    "model-index": [
      {
        name,
        results: judged.map(({ set, kind, last }) => ({
          task: { type },
          dataset: { type: facts.dataset ?? "custom", name: kind === "shift" ? `${set} (shifted)` : set },
          metrics: Object.entries(last?.metrics ?? {}).flatMap(([key, value]) =>
            Number.isFinite(value) ? [{ type: hubMetric(key), name: metricFacts(key).label, value }] : [],
          ),
        })),
      },
    ],
  };
}

/** What the Hub calls a metric. */
function hubMetric(name: string): string {
  return HUB_METRICS[name] ?? name.replaceAll("-", "_");
}

function introduction({ run }: RunView, { baseModel }: CardFacts): string {
  const { summary } = run;
  const base =
    baseModel === null
      ? `\`${summary.model.split("/").at(-1)}\``
      : `[${baseModel}](https://huggingface.co/${baseModel})`;
  const head = summary.head === "new" ? " with a new head" : "";
  const classes =
    summary.classes.length === 0
      ? ""
      : summary.classes.length > MOST_CLASSES
        ? ` It tells ${summary.classes.length} classes apart.`
        : ` Classes: ${summary.classes.map(cell).join(", ")}.`;
  return `${base}${head}, fine-tuned for ${summary.task} on ${integer(summary.trainCount)} examples with ${cell(summary.method.name)}, by [holdfast](https://www.npmjs.com/package/holdfast).${classes}`;
}

function results(view: RunView): string[] {
  const { headline, statements } = verdictOf([view]);
  const more = metricsTable(view);
  const how = view.metric.isShare
    ? "Wilson's, and Newcombe's of changes; others by a bootstrap over examples"
    : "a bootstrap over examples, of changes over the same ones";
  const intervals = ` In brackets: 95 % intervals (${how}); they tell of the choice of test examples, not of another training.`;
  return [
    `**${headline}**`,
    "",
    ...statements.map(({ text }) => `- ${text}`),
    "",
    `${view.metric.label}: ${view.metric.summary}${intervals}`,
    "",
    ...resultsTable(view),
    ...(more.length > 0 ? ["", "Other measures of this model:", "", ...more] : []),
  ];
}

function training({ run }: RunView, { dataset, baseModel }: CardFacts): string[] {
  const { summary, environment } = run;
  const { method, selection } = summary;
  const at = (...path: readonly string[]) => settingAt(run.config, path);
  const rows: readonly (readonly [string, string | null])[] = [
    ["from", baseModel ?? summary.model],
    ["data", dataset ?? at("data")],
    [
      "method",
      `${method.name}${method.anchorRule === "none" ? "" : `, strength ${number(method.strength)}`}`,
    ],
    ["trained", `${integer(summary.trainableParameters)} of ${integer(summary.totalParameters)} parameters`],
    [
      "steps",
      `${integer(summary.steps)}, ${at("batchSize") ?? "?"} examples each; kept: step ${summary.bestStep ?? summary.steps}`,
    ],
    ["chosen by", `${selection.metric} on ${selection.set}`],
    ["learning rate", `${at("optimizer", "lr") ?? "?"}, ${at("schedule", "name") ?? "constant"}`],
    ["moved by", summary.deviation === undefined ? null : `‖θ − θ₀‖ = ${number(summary.deviation)}`],
    ["seed", at("seed")],
    ["with", `holdfast ${environment.holdfast}, ${environment.runtime}, ${environment.platform}`],
  ];
  return [
    "| | |",
    "|---|---|",
    ...rows.flatMap(([key, value]) => (value === null ? [] : [`| ${key} | ${cell(value)} |`])),
  ];
}

function settingAt(config: Json, path: readonly string[]): string | null {
  let value: unknown = config;
  for (const key of path)
    value = typeof value === "object" && value !== null ? (value as Record<string, unknown>)[key] : undefined;
  return typeof value === "string" || typeof value === "number" ? String(value) : null;
}

function usage({ pipeline, family, architecture, onnxFiles }: CardFacts, name: string): string[] {
  const paths = onnxFiles.map((file) => `\`onnx/${file}\``);
  const own = `In any language: ${paths.join(", ")} with stock ONNX Runtime.`;
  if (pipeline === null || family === null || family === "custom") {
    // A model in parts is put together by its own class alone.
    const loader = onnxFiles.length > 1 && architecture !== null ? architecture : "AutoModel";
    return [
      "```js",
      `import { ${loader} } from "@huggingface/transformers";`,
      "",
      `const model = await ${loader}.from_pretrained(${JSON.stringify(name)});`,
      "```",
      "",
      own,
    ];
  }
  const input = pipeline.startsWith("image") ? "photo.png" : "a text";
  return [
    "```js",
    'import { pipeline } from "@huggingface/transformers";',
    "",
    `const run = await pipeline(${JSON.stringify(pipeline)}, ${JSON.stringify(name)});`,
    `await run(${JSON.stringify(input)});`,
    "```",
    "",
    own,
  ];
}

function limits({ run, sets }: RunView, { license, baseModel }: CardFacts): string[] {
  const { summary, environment } = run;
  const of = (kind: string) => sets.filter((s) => s.kind === kind && s.last);
  const smallest = [...of("test"), ...of("shift")].sort(
    (a, b) => (a.last?.count ?? 0) - (b.last?.count ?? 0),
  )[0];
  const seed = Object.values(environment.seeds)[0];
  return [
    ...(of("shift").length === 0
      ? ["It was judged on no data from elsewhere: what it does there is not known."]
      : ["On data unlike the sets above nothing is known of it."]),
    ...(of("test").length === 0
      ? ["No test set was given: the set that chose the model judges it too, which flatters it."]
      : []),
    ...(smallest
      ? [`The smallest set has ${integer(smallest.last?.count ?? 0)} examples (${cell(smallest.set)}).`]
      : []),
    `One run, seed ${seed ?? settingAt(run.config, ["seed"]) ?? "?"}: another seed gives other figures, and one run does not tell how different.`,
    ...(summary.classes.length > 0 && summary.task === "classification"
      ? ["It answers with one of its classes whatever it is shown."]
      : []),
    ...(license.license === undefined
      ? [
          `The licence of ${baseModel ?? "the model it started from"} is not stated here; it applies to these weights too.`,
        ]
      : []),
  ].map((text) => `- ${text}`);
}

function settings(run: RunRecord): string[] {
  return [
    "<details><summary>Every setting</summary>",
    "",
    "```yaml",
    run.configText.trimEnd(),
    "```",
    "",
    "</details>",
  ];
}
