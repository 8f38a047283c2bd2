import { mainMetric } from "../evaluation/main-metric.ts";
import type { TrainingEvent } from "../training/events.ts";
import { mainValue } from "./main-metric.ts";
import { padded } from "./table.ts";
import type { Terminal } from "./terminal.ts";

type EvaluationEvent = Extract<TrainingEvent, { kind: "evaluation" }>;

const LABEL_COLUMNS = 10;
const COLUMN = 11;

/** A table that grows by one row with each evaluation: a column for each set, in the order in which they came. */
export class EvaluationTable {
  private readonly terminal: Terminal;
  private columns: readonly string[] = [];
  private row: EvaluationEvent[] = [];

  constructor(terminal: Terminal) {
    this.terminal = terminal;
  }

  add(event: EvaluationEvent): void {
    this.row.push(event);
  }

  /** Writes the row that was gathered, unless the event may still add to it. */
  flushUnless(event: TrainingEvent): void {
    const first = this.row[0];
    if (!first || event.kind === "evaluating") return;
    if (event.kind === "evaluation" && event.step === first.step && event.model === first.model) return;
    this.flush();
  }

  flush(): void {
    const first = this.row[0];
    if (!first) return;
    const cells = new Map(this.row.map((e) => [e.set, mainValue(e.metrics, e.chosenBy)]));
    this.row = [];
    if ([...cells.keys()].some((set) => !this.columns.includes(set))) {
      this.columns = [...new Set([...this.columns, ...cells.keys()])];
      const names = this.columns.map((set) => padded(set, COLUMN, "r")).join(" ");
      const { label } = mainMetric(first.metrics, first.chosenBy);
      this.terminal.line(
        this.terminal.style("dim", `${padded("step", LABEL_COLUMNS, "r")} ${names}  ${label}`),
      );
    }
    const place = first.model === "best" ? "kept" : String(first.step);
    const scores = this.columns.map((set) => padded(cells.get(set) ?? "", Math.max(COLUMN, set.length), "r"));
    this.terminal.line(`${padded(place, LABEL_COLUMNS, "r")} ${scores.join(" ")}`.trimEnd());
  }
}
