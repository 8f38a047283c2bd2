import { ConfigError } from "../errors.ts";
import type { SetSummary } from "../run/records.ts";
import { greedySoup } from "../weight-space/greedy-soup.ts";
import { matchWeights } from "../weight-space/match.ts";
import { mixInto } from "../weight-space/mix.ts";
import { type JudgeOptions, RunJudge } from "./judge-weights.ts";
import { loadSource } from "./model-parts.ts";
import { findRunModel } from "./model-source.ts";

export interface SoupOptions extends JudgeOptions {
  /** Folder of the averaged model. */
  readonly out: string;
  /** Uniform: all of them. Greedy: those that do not make the average worse on the first run's validation set. */
  readonly recipe: "uniform" | "greedy";
}

export interface Soup {
  /** Runs in the average, in the order in which they came in. */
  readonly members: readonly string[];
  /** The average, and each run's model, on the sets of the first run. */
  readonly sets: readonly SetSummary[];
  readonly alone: readonly { readonly run: string; readonly sets: readonly SetSummary[] }[];
  /** Path of the averaged model. */
  readonly model: string;
}

/**
 * Averages the models of several runs that started from the same weights, and judges the average on the first run's sets.
 *
 * Wortsman et al., ICML 2022. https://arxiv.org/abs/2203.05482
 *
 * @throws ConfigError for fewer than two runs; ModelError if they have not the same weights
 */
export async function cookSoup(runs: readonly string[], options: SoupOptions): Promise<Soup> {
  const { files, out, recipe, onEvent = () => undefined } = options;
  const [first] = runs;
  if (first === undefined || runs.length < 2)
    throw new ConfigError(`a soup is made of two runs or more, got ${runs.length}`);
  const judge = await RunJudge.open(first, options);
  const models = [{ name: first, model: judge.model }];
  for (const run of runs.slice(1)) {
    models.push({ name: run, model: await loadSource(files, await findRunModel(files, run)) });
  }
  const matched = matchWeights(models);
  const put = (indices: readonly number[]) => {
    const weight = 1 / indices.length;
    mixInto(
      matched,
      0,
      runs.map((_, i) => (indices.includes(i) ? weight : 0)),
    );
    return judge.write(out);
  };

  const alone: { run: string; sets: SetSummary[] }[] = [];
  for (const [i, run] of runs.entries()) {
    onEvent({ kind: "phase", text: `Judging ${run}` });
    await put([i]);
    alone.push({ run, sets: await judge.judge(out) });
  }
  onEvent({ kind: "phase", text: "Judging averages" });
  const members =
    recipe === "uniform"
      ? runs.map((_, i) => i)
      : await greedySoup(
          alone.map(({ run, sets }) => ({ name: run, score: judge.score(sets) })),
          async (indices) => {
            await put(indices);
            return judge.score(await judge.judge(out, ["validation"]));
          },
        );
  const model = await put(members);
  return { members: members.map((i) => runs[i]!), sets: await judge.judge(out), alone, model };
}
