import { ConfigError } from "../errors.ts";
import { joinPath } from "../platform/paths.ts";
import { toJson } from "../run/fields.ts";
import { RUN_FILES } from "../run/folder.ts";
import type { InterpolationPoint, InterpolationRecord } from "../run/records.ts";
import { matchWeights } from "../weight-space/match.ts";
import { mixInto } from "../weight-space/mix.ts";
import { type JudgeOptions, RunJudge } from "./judge-weights.ts";
import { loadSource } from "./model-parts.ts";
import { findModel } from "./model-source.ts";

export interface InterpolateOptions extends JudgeOptions {
  /** Shares of the fine-tuned weights to judge at; 0, 0.1, … 1 if left out. */
  readonly shares?: readonly number[];
  /**
   * Model at share 0, a file, model folder or run folder; what the run was started from if left out. It needs the run's
   * head: for a run that got a new one, a linear probe on the same classes has it.
   */
  readonly from?: string;
  readonly onPoint?: (point: InterpolationPoint) => void;
}

export interface Interpolation extends InterpolationRecord {
  /** Path of the model at the chosen share. */
  readonly model: string;
}

/** 0, 0.1, … 1. */
const TENTHS: readonly number[] = Array.from({ length: 11 }, (_, i) => i / 10);

/**
 * WiSE-FT: judges models between the pretrained and the fine-tuned weights of a run on all of its sets, and keeps the one
 * that is best on validation; the larger share of fine-tuned weights decides between equals.
 *
 * Writes `interpolation.json`, which the report draws, and the chosen model to `interpolation/` in the run's folder.
 * Every float tensor is interpolated, running statistics with them; integers stay as the fine-tuned model has them.
 *
 * Wortsman et al., CVPR 2022. https://arxiv.org/abs/2109.01903
 *
 * @throws ConfigError if the run's head is new and `from` is left out
 * @throws ModelError if the two models have not the same weights
 */
export async function interpolateRun(run: string, options: InterpolateOptions): Promise<Interpolation> {
  const { files, shares = TENTHS, onEvent = () => undefined, onPoint } = options;
  if (shares.length === 0 || !shares.every((s) => Number.isFinite(s)))
    throw new ConfigError(
      `interpolate: shares are ${shares.join(", ") || "none"}, expected numbers such as 0, 0.5, 1`,
    );
  const judge = await RunJudge.open(run, options);
  const from = await startOf(judge, run, options);
  const source = await findModel(files, from);
  const matched = matchWeights([
    { name: from, model: await loadSource(files, source) },
    { name: run, model: judge.model },
  ]);
  if (matched.differing.length > 0) {
    const text = `${matched.differing.length} tensors of integers differ and stay as the run has them: ${matched.differing.slice(0, 5).join(", ")}.`;
    onEvent({ kind: "note", text });
  }
  const folder = joinPath(run, "interpolation");
  const points: InterpolationPoint[] = [];
  for (const share of shares) {
    mixInto(matched, 1, [1 - share, share]);
    await judge.write(folder);
    const point = { share, sets: await judge.judge(folder) };
    points.push(point);
    onPoint?.(point);
  }
  const chosen = points.reduce((a, b) => (judge.score(b.sets) >= judge.score(a.sets) ? b : a)).share;
  mixInto(matched, 1, [1 - chosen, chosen]);
  const record: InterpolationRecord = { from, points, chosen };
  const model = await judge.write(folder);
  await files.write(joinPath(run, RUN_FILES.interpolation), `${toJson(record, 2)}\n`);
  return { ...record, model };
}

async function startOf(judge: RunJudge, run: string, { files, from }: InterpolateOptions): Promise<string> {
  if (from === undefined) {
    if (judge.summary.head === "zero-shot") return joinPath(run, RUN_FILES.zeroShot);
    if (judge.summary.head !== "new") return judge.config.model;
    throw new ConfigError(
      `${run}: the run trained a new head, which ${judge.config.model} has not, so there is no line between the two. ` +
        "Name a model with the same head by --from: the run of a linear probe on the same data, or start from one (--method lp-ft).",
    );
  }
  return (await files.exists(joinPath(from, RUN_FILES.config))) ? joinPath(from, "model") : from;
}
