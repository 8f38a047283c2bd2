import { bytes, duration, integer, percent } from "../report/format.ts";
import type { TrainingEvent } from "../training/events.ts";
import { bar } from "./bar.ts";
import { EvaluationTable } from "./evaluation-table.ts";
import type { Terminal } from "./terminal.ts";

type StepEvent = Extract<TrainingEvent, { kind: "step" }>;
type PlanEvent = Extract<TrainingEvent, { kind: "plan" }>;

export interface ProgressOptions {
  readonly terminal: Terminal;
  /** Milliseconds; `performance.now` unless a test has its own. */
  readonly clock?: () => number;
  /** Resident bytes of this process. */
  readonly memory?: () => number;
}

/** Tells a run as it goes: phases, notes and evaluations as lines, the rest in one live line. */
export interface Progress {
  tell(event: TrainingEvent): void;
  /** Ends the story: what was held back is written, the live line goes. */
  end(): void;
}

/** A live line that changes more often than this cannot be read. */
const REDRAW_MILLISECONDS = 100;
/** Without a terminal a line of steps appears at most this often, and at most this many times a run. */
const LINE_MILLISECONDS = 10_000;
const MOST_LINES = 40;
/** Weight of the newest step in the means that are shown. */
const NEWEST = 0.1;

export function createProgress(options: ProgressOptions): Progress {
  const { terminal, clock = () => performance.now(), memory = () => process.memoryUsage.rss() } = options;
  const table = new EvaluationTable(terminal);
  let pace: Pace | null = null;
  let drawn = Number.NEGATIVE_INFINITY;
  let line = Number.NEGATIVE_INFINITY;

  const redraw = (text: () => string, isLast: boolean): void => {
    if (!terminal.isLive) return;
    const now = clock();
    if (!isLast && now - drawn < REDRAW_MILLISECONDS) return;
    drawn = now;
    terminal.live(text());
  };
  const step = (event: StepEvent): void => {
    pace ??= new Pace(event.step - 1, clock());
    pace.add(event, clock());
    const known = pace;
    redraw(() => stepLine(event, known, terminal, memory()), event.step === event.totalSteps);
    const isDue =
      event.step === event.totalSteps || event.step % Math.ceil(event.totalSteps / MOST_LINES) === 0;
    if (terminal.isLive || !isDue || clock() - line < LINE_MILLISECONDS) return;
    line = clock();
    terminal.line(stepLine(event, known, terminal, memory()));
  };
  return {
    tell(event) {
      table.flushUnless(event);
      switch (event.kind) {
        case "phase":
          terminal.clear();
          return terminal.line(terminal.style("bold", event.text));
        case "note":
          return terminal.line(`  ${event.text}`);
        case "plan":
          terminal.clear();
          pace = new Pace(event.startStep, clock());
          return terminal.line(planLine(event));
        case "loading":
          return redraw(() => countLine("reading", event, terminal), event.done === event.total);
        case "evaluating":
          return redraw(() => countLine("judging", event, terminal), event.done === event.total);
        case "step":
          return step(event);
        case "evaluation":
          pace?.pause();
          return table.add(event);
        case "checkpoint":
          return;
      }
    },
    end() {
      terminal.clear();
      table.flush();
    },
  };
}

/** How fast steps come, and the means that a line shows. */
class Pace {
  loss = Number.NaN;
  firing = 0;
  hasFired = false;
  examplesPerSecond = Number.NaN;
  private readonly started: number;
  private readonly first: number;
  private before: number | null;

  constructor(firstStep: number, now: number) {
    this.first = firstStep;
    this.started = now;
    this.before = now;
  }

  add({ loss, fired, tensors, examples }: StepEvent, now: number): void {
    const mean = (old: number, value: number) => (Number.isNaN(old) ? value : old + NEWEST * (value - old));
    this.loss = mean(this.loss, loss);
    this.firing = this.hasFired ? mean(this.firing, fired / tensors) : fired / tensors;
    this.hasFired ||= fired > 0;
    if (this.before !== null && now > this.before) {
      this.examplesPerSecond = mean(this.examplesPerSecond, (1000 * examples) / (now - this.before));
    }
    this.before = now;
  }

  /** What comes next took time that is no step's. */
  pause(): void {
    this.before = null;
  }

  /** Seconds until the last step, evaluations on the way counted in. */
  remaining({ step, totalSteps }: StepEvent, now: number): number {
    const done = step - this.first;
    return done < 1 ? Number.NaN : (((now - this.started) / done) * (totalSteps - step)) / 1000;
  }

  now(): number {
    return this.before ?? this.started;
  }
}

function planLine(event: PlanEvent): string {
  const { parameters, tensors, trainCount, batchSize, totalSteps, startStep, runtime } = event;
  const from = startStep > 0 ? `, from step ${integer(startStep)} on` : "";
  return (
    `Training ${integer(parameters)} numbers in ${tensors} tensors on ${integer(trainCount)} examples, ` +
    `${batchSize} at a time: ${integer(totalSteps)} steps${from} (${runtime})`
  );
}

function stepLine(event: StepEvent, pace: Pace, terminal: Terminal, memory: number): string {
  const { step, totalSteps, epoch, lr } = event;
  const rest = pace.remaining(event, pace.now());
  const parts = [
    `${step}/${totalSteps}`,
    `epoch ${epoch.toFixed(1)}`,
    `loss ${pace.loss.toPrecision(4)}`,
    `lr ${lr.toExponential(1)}`,
    ...(pace.hasFired ? [`fired ${percent(pace.firing, 0)}`] : []),
    ...(Number.isNaN(pace.examplesPerSecond) ? [] : [`${rate(pace.examplesPerSecond)}/s`]),
    bytes(memory),
    ...(step < totalSteps && Number.isFinite(rest) ? [`${duration(rest)} left`] : []),
  ];
  const head = terminal.isLive ? `${bar(step / totalSteps, terminal)} ` : "step ";
  return `${head}${parts.join("  ")}`;
}

function rate(perSecond: number): string {
  return perSecond >= 10 ? integer(Math.round(perSecond)) : perSecond.toPrecision(2);
}

function countLine(
  verb: string,
  { set, done, total }: { readonly set: string; readonly done: number; readonly total: number },
  terminal: Terminal,
): string {
  return `${bar(done / total, terminal)} ${verb} ${set} ${integer(done)}/${integer(total)}`;
}
