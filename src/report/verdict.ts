import type { MetricFacts } from "../evaluation/metric-facts.ts";
import { type Comparison, compareOn } from "./compare.ts";
import { duration, integer, number, percent, percentRange } from "./format.ts";
import { differenceText, differenceWithInterval, namedValue, rangeText, valueText } from "./metric-text.ts";
import { type RunView, type Side, scoreOf, setsOfSide } from "./run-view.ts";

/** What a statement means for the reader: gain, loss, neither, or a reason for caution. */
export type Tone = "good" | "bad" | "neutral" | "caution";

export interface Statement {
  readonly tone: Tone;
  readonly text: string;
}

/** The page's judgement in words. */
export interface Verdict {
  readonly headline: string;
  readonly statements: readonly Statement[];
  /** The run that the headline is about. */
  readonly main: RunView;
  /** The run with the same update rule and no anchor that it is measured against. */
  readonly plain?: RunView;
}

/** Judges the runs: the first anchored one against the plain one and against the initial model. */
export function verdictOf(views: readonly RunView[]): Verdict {
  const main = views.find((v) => v.anchored) ?? views[0];
  if (!main) throw new Error("internal: a verdict needs a run");
  const plain = plainFor(main, views);
  const statements = [
    ...endStatements(views),
    ...mixedStatements(views),
    ...repeatStatements(views),
    ...(neverFired(main) ? [firingStatement(main)] : []),
    ...(plain ? plainStatements(main, plain) : []),
    ...initialStatements(main),
    ...scoreStatements(main),
    ...firingStatements(views.filter((v) => v.anchored && !(v === main && neverFired(v)))),
    ...(plain ? deviationStatements(main, plain) : []),
    ...caveats(main, views),
  ];
  return { headline: headlineOf(main, plain), statements, main, ...(plain && { plain }) };
}

/** The two names in `Adam + SPD`; the rules' own names where the method is called otherwise. */
export function ruleNames(view: RunView): readonly [update: string, anchor: string] {
  const { name, updateRule, anchorRule } = view.run.summary.method;
  const [update, anchor, more] = name.split(" + ");
  return update && anchor && more === undefined ? [update, anchor] : [updateRule, anchorRule];
}

/** Whether an anchor rule was set and never moved anything. */
export function neverFired(view: RunView): boolean {
  return view.anchored && view.firingRate === 0;
}

function plainFor(main: RunView, views: readonly RunView[]): RunView | undefined {
  const others = views.filter((v) => v !== main);
  const unanchored = others.filter((v) => !v.anchored);
  const same = unanchored.find((v) => v.run.summary.method.updateRule === main.run.summary.method.updateRule);
  return same ?? unanchored[0] ?? others[0];
}

function headlineOf(main: RunView, plain: RunView | undefined): string {
  const [update, anchor] = ruleNames(main);
  if (neverFired(main)) return `${anchor} never fired: this run was plain ${update}.`;
  const against = plain && {
    id: compareOn("id", last(main), last(plain)),
    ood: compareOn("ood", last(main), last(plain)),
  };
  if (plain && (against?.id || against?.ood))
    return comparisonHeadline(main.label, plain.label, against.id, against.ood);
  const initial = {
    id: compareOn("id", last(main), first(main)),
    ood: compareOn("ood", last(main), first(main)),
  };
  if (main.run.summary.head !== "new" && (initial.id || initial.ood)) {
    return comparisonHeadline(main.label, "the initial model", initial.id, initial.ood);
  }
  return reaches(main);
}

/** `Against B, A is better on shifted data (+4.1 points) and no different in distribution.` */
function comparisonHeadline(
  a: string,
  b: string,
  id: Comparison | undefined,
  ood: Comparison | undefined,
): string {
  const known = [
    { c: ood, where: "on shifted data" },
    { c: id, where: "in distribution" },
  ].flatMap(({ c, where }) => (c ? [{ c, where }] : []));
  if (known.every(({ c }) => c.outcome === "same")) {
    return `No difference between ${a} and ${b} beyond the confidence interval, ${known.map((k) => k.where).join(" or ")}.`;
  }
  const part = (c: Comparison, where: string) =>
    c.outcome === "same" || c.difference.value === 0
      ? `${word(c)} ${where}`
      : `${word(c)} ${where} (${amount(c)})`;
  const [x, y] = known;
  if (x && y && x.c.outcome === y.c.outcome && x.c.outcome !== "unknown") {
    return `Against ${b}, ${a} is ${word(x.c)} both ${x.where} (${amount(x.c)}) and ${y.where} (${amount(y.c)}).`;
  }
  return `Against ${b}, ${a} is ${known.map(({ c, where }) => part(c, where)).join(" and ")}.`;
}

function amount({ metric, difference }: Comparison): string {
  const text = differenceText(metric, difference.value);
  return metric.unit === "percent" ? `${text} points` : `${metric.label} ${text}`;
}

function word({ outcome, difference }: Comparison): string {
  if (outcome === "same") return "no different";
  if (outcome === "unknown") return difference.value === 0 ? "equal" : "different";
  return outcome;
}

function amountWithInterval(c: Comparison): string {
  if (c.outcome === "unknown") return amount(c);
  const text = differenceWithInterval(c.metric, c.difference);
  return c.metric.unit === "percent" ? text : `${c.metric.label} ${text}`;
}

function reaches(view: RunView): string {
  const id = scoreOf(view, "id", "last");
  const ood = scoreOf(view, "ood", "last");
  const show = (value: number) => namedValue(view.metric, value);
  const parts = [id && `${show(id.value)} in distribution`, ood && `${show(ood.value)} on shifted data`];
  const known = parts.filter((p) => p !== undefined);
  if (known.length === 0) return `${view.label}: not evaluated yet.`;
  return `${view.label} reaches ${known.join(" and ")}.`;
}

function scoreStatements(view: RunView): Statement[] {
  const describe = (side: Side): Statement[] => {
    const score = scoreOf(view, side, "last");
    if (!score) return [];
    const sets = setsOfSide(view, side);
    const examples = sets.reduce((sum, s) => sum + (s.last?.asked ?? s.last?.count ?? 0), 0);
    const where =
      side === "id"
        ? `In distribution (${sets.map((s) => s.set).join(", ")})`
        : `On shifted data (mean over ${sets.map((s) => s.set).join(", ")})`;
    const range = rangeText(view.metric, score);
    const interval = range === "" ? "" : ` (95\u202f% CI ${range})`;
    const value = view.metric.isShare
      ? `${percent(score.value)} right${interval} of`
      : `${namedValue(view.metric, score.value)}${interval} on`;
    return [{ tone: "neutral", text: `${where}: ${view.label} has ${value} ${integer(examples)} examples.` }];
  };
  return [...describe("id"), ...describe("ood")];
}

function initialStatements(view: RunView): Statement[] {
  if (view.run.summary.head === "new") {
    const initial = scoreOf(view, "id", "initial");
    if (!initial) return [];
    const value = valueText(view.metric, initial.value);
    return [
      {
        tone: "neutral",
        text: `The initial model has a new, untrained head, so its ${view.metric.label} (${value}) is a guess; only runs can be compared.`,
      },
    ];
  }
  return sides((side) => compareOn(side, last(view), first(view)), `${view.label}`, "the initial model");
}

function plainStatements(main: RunView, plain: RunView): Statement[] {
  const statements = sides((side) => compareOn(side, last(main), last(plain)), main.label, plain.label);
  // A rule that never acted gains and loses nothing.
  return neverFired(main) ? statements.map(({ text }) => ({ tone: "neutral", text })) : statements;
}

function sides(compare: (side: Side) => Comparison | undefined, a: string, b: string): Statement[] {
  return (["ood", "id"] as const).flatMap((side): Statement[] => {
    const c = compare(side);
    if (!c) return [];
    const where = side === "id" ? "in distribution" : "on shifted data";
    if (c.outcome === "same") {
      return [
        {
          tone: "neutral",
          text: `${a} against ${b}, ${where}: no difference beyond the confidence interval: ${amountWithInterval(c)}.`,
        },
      ];
    }
    const tone = c.outcome === "better" ? "good" : c.outcome === "worse" ? "bad" : "neutral";
    const how = c.metric.unit === "percent" ? " by" : ":";
    const by = c.difference.value === 0 ? "" : `${how} ${amountWithInterval(c)}`;
    return [{ tone, text: `${a} against ${b}, ${where}: ${word(c)}${by}.` }];
  });
}

/** One statement per run; one for all where several runs of one method fired. */
function firingStatements(views: readonly RunView[]): readonly Statement[] {
  const rates = views.flatMap((v) => v.firingRate || []);
  const methods = new Set(views.map((v) => v.run.summary.method.name));
  if (views.length < 2 || methods.size > 1 || rates.length < views.length) return views.map(firingStatement);
  const range = percentRange({ low: Math.min(...rates), high: Math.max(...rates) });
  const text = `${ruleNames(views[0]!)[1]} fired in ${range} of all tensor-steps of the ${views.length} runs with it.`;
  return [{ tone: "neutral", text }];
}

function firingStatement(view: RunView): Statement {
  const [update, anchor] = ruleNames(view);
  if (view.firingRate === undefined) {
    return { tone: "caution", text: `${view.label}: no record of whether ${anchor} fired.` };
  }
  if (view.firingRate === 0) {
    return {
      tone: "caution",
      text: `${anchor} never fired: ${view.label} was plain ${update}, and whatever sets it apart has another cause, such as another seed.`,
    };
  }
  return {
    tone: "neutral",
    text: `${anchor} fired in ${percent(view.firingRate)} of all tensor-steps of ${view.label}.`,
  };
}

function deviationStatements(main: RunView, plain: RunView): Statement[] {
  const [a, b] = [main.run.summary.deviation, plain.run.summary.deviation];
  if (a === undefined || b === undefined || b === 0) return [];
  const change = a / b - 1;
  const than =
    Math.abs(change) < 0.005
      ? "as far as"
      : `${percent(Math.abs(change), 0)} ${change < 0 ? "less" : "farther"} than`;
  return [
    {
      tone: "neutral",
      text: `${main.label} moved its weights ${number(a)} from the pretrained ones, ${than} ${plain.label} (${number(b)}).`,
    },
  ];
}

/** Mean and spread over the runs of each method, where methods were run several times. */
function repeatStatements(views: readonly RunView[]): Statement[] {
  const methods = [...new Set(views.map((v) => v.run.summary.method.name))];
  const runsOf = (method: string) => views.filter((v) => v.run.summary.method.name === method);
  if (methods.every((m) => runsOf(m).length < 2)) return [];
  return (["ood", "id"] as const).flatMap((side): Statement[] => {
    const parts = methods.flatMap((method) => {
      const values = runsOf(method).flatMap((v) => scoreOf(v, side, "last")?.value ?? []);
      return values.length > 1 ? [`${method} ${spread(values, views[0]!.metric)}`] : [];
    });
    const where = side === "id" ? "in distribution" : "on shifted data";
    return parts.length > 0
      ? [{ tone: "neutral", text: `Over repeated runs, ${where}: ${parts.join(", ")}.` }]
      : [];
  });
}

/** `93.5 % ± 0.4 (3 runs)`, the standard deviation after the sign. */
function spread(values: readonly number[], { unit }: MetricFacts): string {
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  const deviation = Math.sqrt(values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / (values.length - 1));
  const text =
    unit === "percent"
      ? `${percent(mean)} ± ${(deviation * 100).toFixed(1)}`
      : `${number(mean)} ± ${number(deviation)}`;
  return `${text} (${values.length} runs)`;
}

function endStatements(views: readonly RunView[]): Statement[] {
  return views.flatMap((view): Statement[] => {
    const { status, reason, steps, seconds } = view.run.summary;
    const done = `after ${integer(Math.max(steps, view.run.steps.at(-1)?.step ?? 0))} steps`;
    const why = reason ? ` (${reason})` : "";
    if (status === "running") {
      const text = `${view.label} was still running, or was killed, when this page was made; results so far ${done}.`;
      return [{ tone: "caution", text }];
    }
    if (status === "failed") return [{ tone: "bad", text: `${view.label} failed ${done}${why}.` }];
    if (status === "stopped") {
      return [{ tone: "caution", text: `${view.label} stopped early ${done}, ${duration(seconds)}${why}.` }];
    }
    return [];
  });
}

/** Runs that are judged by different metrics do different things: they are shown, and nothing is made of it. */
function mixedStatements(views: readonly RunView[]): Statement[] {
  const metrics = [...new Set(views.map((v) => v.metric.name))];
  if (metrics.length < 2) return [];
  const parts = views.map((v) => `${v.label} (${v.run.summary.task}) by ${v.metric.label}`);
  const text = `These runs are judged by different metrics, so they stand side by side and are not compared: ${parts.join(", ")}.`;
  return [{ tone: "caution", text }];
}

function caveats(main: RunView, views: readonly RunView[]): Statement[] {
  const result: Statement[] = [];
  const onlyValidation =
    main.sets.some((s) => s.kind === "validation") && !main.sets.some((s) => s.kind === "test");
  if (onlyValidation) {
    const text =
      "There is no test set: in distribution is judged on the validation set that also chose the model, which flatters it.";
    result.push({ tone: "caution", text });
  }
  if (main.sets.every((s) => s.kind !== "shift")) {
    result.push({ tone: "caution", text: "No shifted set was given, so nothing is known about other data." });
  }
  const methods = new Set(views.map((v) => v.run.summary.method.name)).size;
  if (views.length > 1) {
    const text =
      views.length === methods
        ? "Intervals cover the choice of test examples, not of seeds: repeat with several seeds before relying on a small difference."
        : "Where two runs are compared, they are the first of each method; the intervals cover the choice of test examples, not of seeds.";
    result.push({ tone: "neutral", text });
  }
  return result;
}

function last(view: RunView): { view: RunView; which: "last" } {
  return { view, which: "last" };
}

function first(view: RunView): { view: RunView; which: "initial" } {
  return { view, which: "initial" };
}
