import type { Source } from "../optim/source.ts";
import { paper } from "./papers.ts";

/** A method that works on weights when training is over, or beside it. */
export interface WeightMethod {
  readonly name: string;
  /** One line for people. */
  readonly summary: string;
  readonly source: Source;
  /** How it is asked for. */
  readonly use: string;
  /** Further copies of the weights that it needs. */
  readonly copies: number;
  /** Values worth trying, by setting. */
  readonly search: Readonly<Record<string, readonly number[]>>;
}

/** Every weight-space method. */
export const weightMethods: readonly WeightMethod[] = [
  {
    name: "interpolate",
    summary: "WiSE-FT: weights between the pretrained and the fine-tuned ones, judged on every set",
    source: paper.wiseFt,
    use: "holdfast interpolate RUN",
    copies: 1,
    search: { share: [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1] },
  },
  {
    name: "soup",
    summary: "the mean of the weights of several runs, of all or of those that make it better",
    source: paper.soup,
    use: "holdfast soup RUN RUN …",
    copies: 1,
    search: {},
  },
  {
    name: "ema",
    summary: "a moving average of the weights over the steps, judged and kept in their place",
    source: paper.ema,
    use: "--optimizer.ema DECAY",
    copies: 1,
    search: { "optimizer.ema": [0.99, 0.999, 0.9999] },
  },
];
