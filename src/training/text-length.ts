import type { Dataset } from "../data/dataset.ts";
import type { Tokenizer } from "../data/preprocess/tokenizer.ts";
import { ConfigError } from "../errors.ts";

/** Texts that are tokenised to learn how long they are: enough for the tail. */
const LOOKED_AT = 5000;
/** Where nothing says what the model takes; most encoders take this many. */
const USUAL_LIMIT = 512;
const MULTIPLE = 8;

/**
 * How many tokens a batch of texts is made for: what the user says, or as many as the longest of the training texts has,
 * within what the tokenizer says the model takes.
 *
 * @throws ConfigError if the user asks for more than the model takes
 */
export async function chooseLength(
  train: Dataset,
  tokenizer: Tokenizer,
  asked: number | undefined,
): Promise<{ readonly maxLength: number; readonly note: string }> {
  const limit = tokenizer.maxLength ?? USUAL_LIMIT;
  if (asked !== undefined && tokenizer.maxLength !== null && asked > limit)
    throw new ConfigError(
      `preprocess.maxLength ${asked}: the model takes ${limit} tokens, as its tokenizer says`,
    );
  const stride = Math.max(1, Math.ceil(train.length / LOOKED_AT));
  let longest = 0;
  let looked = 0;
  let longer = 0;
  for (let i = 0; i < train.length; i += stride) {
    const sample = await train.load(i);
    if (sample.kind !== "text") continue;
    const { length } = tokenizer.encode(sample.text, sample.pair, Number.MAX_SAFE_INTEGER).ids;
    longest = Math.max(longest, length);
    if (length > (asked ?? limit)) longer++;
    looked++;
  }
  const maxLength = asked ?? Math.min(limit, Math.ceil(longest / MULTIPLE) * MULTIPLE);
  const cut = longer === 0 ? "none is cut" : `${longer} of ${looked} are cut`;
  return {
    maxLength,
    note: `Texts take up to ${longest} tokens; batches are of ${maxLength} (preprocess.maxLength), and ${cut}.`,
  };
}
