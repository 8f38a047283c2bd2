import type { JobState } from "./job.ts";

/** A job as events name it. */
export interface JobName {
  readonly kind: "trial" | "run" | "walk";
  readonly method: string;
  readonly label: string;
  readonly folder: string;
}

/** What a comparison tells whoever watches it; plain data. */
export type CompareEvent =
  | {
      readonly kind: "plan";
      readonly methods: readonly string[];
      readonly trials: number;
      readonly seeds: readonly number[];
      /** Jobs at the same time. */
      readonly jobs: number;
    }
  | { readonly kind: "note"; readonly text: string }
  | { readonly kind: "job-found"; readonly job: JobName; readonly state: JobState["state"] }
  | { readonly kind: "job-started"; readonly job: JobName; readonly resumed: boolean }
  | {
      readonly kind: "job-progress";
      readonly job: JobName;
      /** Share of the steps done, in [0, 1]. */
      readonly done: number;
    }
  | {
      readonly kind: "job-ended";
      readonly job: JobName;
      readonly status: "finished" | "failed" | "stopped";
      /** Why it failed. */
      readonly reason?: string;
      /** Seconds that this start took. */
      readonly seconds: number;
      /** What the validation set says of the kept model. */
      readonly validation?: Readonly<Record<string, number>>;
      /** Name of the metric that chose the kept model. */
      readonly chosenBy?: string;
    }
  | { readonly kind: "widened"; readonly method: string; readonly key: string; readonly value: number }
  | {
      readonly kind: "chosen";
      readonly method: string;
      readonly setting: string;
      /** The validation metric of the chosen trial. */
      readonly value: number;
      readonly trials: number;
      /** Whether the best value still lies at the edge of what was tried. */
      readonly atEdge: boolean;
    };
