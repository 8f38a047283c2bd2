import type { CompareEvent, JobName } from "../compare/events.ts";
import { mainMetric } from "../evaluation/main-metric.ts";
import { duration, percent } from "../report/format.ts";
import { namedValue } from "../report/metric-text.ts";
import { padded, tableLines } from "./table.ts";
import type { Terminal } from "./terminal.ts";

/** Tells a comparison as it goes. */
export interface CompareProgress {
  tell(event: CompareEvent): void;
  /** Ends the story: the live lines go. */
  end(): void;
}

interface MethodState {
  trials: number;
  trialsDone: number;
  runsDone: number;
  chosen: string;
}

const REDRAW_MILLISECONDS = 100;

/** A table of methods that changes in place and an estimate of the time left; lines alone where there is no terminal. */
export function createCompareProgress(
  terminal: Terminal,
  clock: () => number = () => performance.now(),
): CompareProgress {
  const methods = new Map<string, MethodState>();
  const running = new Map<string, { readonly job: JobName; done: number }>();
  const took: number[] = [];
  let seeds = 0;
  let jobs = 1;
  let drawn = Number.NEGATIVE_INFINITY;

  const count = (read: (m: MethodState) => number) => [...methods.values()].reduce((n, m) => n + read(m), 0);
  const done = () => count((m) => m.trialsDone + m.runsDone);
  const planned = () => count((m) => m.trials + seeds);
  const timeLeft = (): string => {
    if (took.length === 0) return "";
    const mean = took.reduce((a, b) => a + b, 0) / took.length;
    const under = [...running.values()].reduce((sum, r) => sum + r.done, 0);
    return `  ${duration((mean * (planned() - done() - under)) / jobs)} left`;
  };
  const statusLine = () => `${done()} of ${planned()} done${timeLeft()}`;
  const draw = (): void => {
    if (!terminal.isLive || clock() - drawn < REDRAW_MILLISECONDS) return;
    drawn = clock();
    const rows = [...methods].map(([name, m]) => [
      name,
      `${m.trialsDone}/${m.trials}`,
      m.chosen,
      `${m.runsDone}/${seeds}`,
      [...running.values()]
        .filter((r) => r.job.method === name)
        .map((r) => `${r.job.label} ${percent(r.done, 0)}`)
        .join(", "),
    ]);
    const [head, ...body] = tableLines([["method", "trials", "chosen", "runs", "now"], ...rows], "lrlrl");
    terminal.live([terminal.style("dim", head ?? ""), ...body, statusLine()].join("\n"));
  };
  const finish = (job: JobName): void => {
    const m = methods.get(job.method);
    if (!m) return;
    if (job.kind === "trial") m.trialsDone++;
    else if (job.kind === "run") m.runsDone++;
  };

  const hear = (event: CompareEvent): void => {
    switch (event.kind) {
      case "plan":
        for (const name of event.methods)
          methods.set(name, { trials: event.trials, trialsDone: 0, runsDone: 0, chosen: "" });
        seeds = event.seeds.length;
        jobs = event.jobs;
        terminal.line(
          terminal.style(
            "bold",
            `${event.methods.length} methods × (${event.trials} trials + ${seeds} seeds), ${jobs} at a time`,
          ),
        );
        return;
      case "note":
        terminal.line(`  ${event.text}`);
        return;
      case "job-found":
        if (event.state === "finished") finish(event.job);
        return;
      case "job-started":
        running.set(event.job.folder, { job: event.job, done: 0 });
        return;
      case "job-progress": {
        const state = running.get(event.job.folder);
        if (state) state.done = event.done;
        return;
      }
      case "job-ended":
        running.delete(event.job.folder);
        if (event.status === "finished" && event.job.kind !== "walk") took.push(event.seconds);
        if (event.status !== "stopped") finish(event.job);
        terminal.line(endLine(event, terminal, statusLine()));
        return;
      case "widened": {
        const m = methods.get(event.method);
        if (m) m.trials++;
        const key = event.key.slice(event.key.lastIndexOf(".") + 1);
        terminal.line(`  ${event.method}: the best ${key} lies at an edge, so ${event.value} is tried too`);
        return;
      }
      case "chosen": {
        const m = methods.get(event.method);
        if (m) m.chosen = event.setting;
        return;
      }
    }
  };
  return {
    tell(event) {
      hear(event);
      draw();
    },
    end: () => terminal.clear(),
  };
}

function endLine(
  event: Extract<CompareEvent, { kind: "job-ended" }>,
  { isLive, style }: Terminal,
  status: string,
): string {
  const { job, validation, chosenBy } = event;
  const name = `${padded(job.method, 14, "l")} ${padded(job.label, 18, "l")}`;
  if (event.status === "failed") return style("red", `${name} failed: ${event.reason ?? "no reason given"}`);
  if (event.status === "stopped") return style("yellow", `${name} saved`);
  const metric = mainMetric(validation ?? {}, chosenBy);
  const said =
    validation === undefined
      ? ""
      : `  validation ${namedValue(metric, validation[metric.name] ?? Number.NaN)}`;
  return `${name} ${duration(event.seconds)}${said}${isLive ? "" : `  ${style("dim", status)}`}`;
}
