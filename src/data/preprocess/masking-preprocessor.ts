import type { Sample, Tokens } from "../dataset.ts";
import { randomFor } from "../seed.ts";
import { bufferOver } from "./batch-buffer.ts";
import { type HidingOptions, hideTokens } from "./hide-tokens.ts";
import type { Preprocessor } from "./preprocessor.ts";
import { withTargets } from "./target-buffer.ts";

/**
 * A preprocessor of texts whose batches hide some tokens and bring them along as targets: int64 [B, T], −100 where a token
 * is not to be found. Training draws them anew each time; elsewhere a text always has the same ones hidden, wherever it
 * stands. A text that has masks already is left as it is, with nothing to compare.
 */
export function maskingPreprocessor(base: Preprocessor, options: HidingOptions): Preprocessor {
  const draw = (sample: Sample, random: () => ReturnType<typeof randomFor>): Tokens => {
    if (sample.kind !== "tokens") throw new TypeError(`internal: masks in a sample of kind ${sample.kind}`);
    if (sample.targets || sample.data.includes(options.maskId)) return sample;
    return hideTokens(sample, options, random());
  };
  return {
    ...base,
    draw: (sample, random) => draw(sample, () => random),
    buffer(input, size) {
      const inner = withTargets(base.buffer(input, size), size);
      const fixed = (sample: Sample) =>
        draw(sample, () => randomFor("masks", ...(sample.kind === "tokens" ? sample.data : [])));
      return bufferOver(inner, { write: (sample, row) => inner.write(fixed(sample), row) });
    },
  };
}
