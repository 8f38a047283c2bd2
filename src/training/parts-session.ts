import { RunError } from "../errors.ts";
import type { Files } from "../platform/files.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { RunOptions, Session } from "../runtime/session.ts";
import { inFloat32, narrowed } from "../tensor/half-tensor.ts";
import { type Tensor, toNumbers } from "../tensor/tensor.ts";
import { imageTokenOf } from "./language-parts.ts";
import type { ModelSource } from "./model-source.ts";

const IDS = "input_ids";
const EMBEDDINGS = "inputs_embeds";
const FEATURES = "image_features";

/**
 * A session of a model as it lies on disk. One in parts runs as Transformers.js runs it: each file in a session of its own,
 * the vision encoder only where tokens of the batch stand for images.
 */
export async function openSource(
  source: ModelSource,
  { files, runtime }: { readonly files: Files; readonly runtime: Runtime },
): Promise<Session> {
  const open = async (path: string): Promise<Session> =>
    runtime.createSession(runtime.kind === "native" ? { path } : await files.read(path), {
      name: path,
      // Images are decoded meanwhile, on as many cores.
      spinning: false,
    });
  const { parts, path } = source;
  if (!parts) return open(path);
  return new PartsSession({
    vision: parts.visionEncoder === null ? null : await open(parts.visionEncoder),
    embedding: await open(parts.tokenEmbedding),
    decoder: await open(parts.decoder),
    imageToken: imageTokenOf(source),
    name: path,
  });
}

interface Parts {
  readonly vision: Session | null;
  readonly embedding: Session;
  readonly decoder: Session;
  /** The token whose embeddings give way to the image's features. */
  readonly imageToken: number | null;
  /** What messages call the model. */
  readonly name: string;
}

/** The sessions of a token embedding, a decoder and maybe a vision encoder, run as one. */
class PartsSession implements Session {
  readonly inputs: Session["inputs"];
  readonly outputs: Session["outputs"];
  private readonly parts: Parts;

  constructor(parts: Parts) {
    const { vision, embedding, decoder } = parts;
    this.parts = parts;
    this.inputs = [
      ...(vision?.inputs ?? []),
      ...embedding.inputs,
      ...decoder.inputs.filter((i) => i.name !== EMBEDDINGS),
    ];
    this.outputs = decoder.outputs;
  }

  async run(feeds: ReadonlyMap<string, Tensor>, options?: RunOptions): Promise<Map<string, Tensor>> {
    const { vision, decoder, imageToken, embedding, name } = this.parts;
    const embeddings = inFloat32(await only(embedding, feeds, EMBEDDINGS));
    const ids = feeds.get(IDS);
    if (vision && ids && toNumbers(ids).includes(imageToken ?? Number.NaN))
      putImages(embeddings, {
        features: inFloat32(await only(vision, feeds, FEATURES)),
        ids,
        imageToken,
        name,
      });
    const input = decoder.inputs.find((i) => i.name === EMBEDDINGS);
    const given = narrowed(embeddings, input?.dtype ?? "float32");
    return decoder.run(takenBy(decoder, new Map([...feeds, [EMBEDDINGS, given]])), options);
  }

  async release(): Promise<void> {
    const { vision, embedding, decoder } = this.parts;
    for (const session of [vision, embedding, decoder]) await session?.release();
  }
}

/** Those of the feeds that a part takes. */
function takenBy({ inputs }: Session, feeds: ReadonlyMap<string, Tensor>): Map<string, Tensor> {
  const names = new Set(inputs.map((input) => input.name));
  return new Map([...feeds].filter(([name]) => names.has(name)));
}

/** What a part gives under this name, or the one thing that it gives, for those of the feeds that it takes. */
async function only(session: Session, feeds: ReadonlyMap<string, Tensor>, name: string): Promise<Tensor> {
  const output = session.outputs.find((o) => o.name === name) ?? session.outputs[0];
  const results = await session.run(takenBy(session, feeds), output ? { outputs: [output.name] } : {});
  const found = output && results.get(output.name);
  if (found) return found;
  throw new RunError(`internal: a part gives no "${name}"`);
}

/** Puts the n-th of a row's features at its n-th image token. A row without such tokens only fills a batch up. */
function putImages(
  into: Tensor,
  {
    features,
    ids,
    imageToken,
    name,
  }: { features: Tensor; ids: Tensor; imageToken: number | null; name: string },
): void {
  const [rows = 1, length = 0] = ids.dims;
  const width = into.dims.at(-1) ?? 1;
  const each = features.data.length / width / rows;
  const numbers = toNumbers(ids);
  const [to, from] = [into.data as Float32Array, features.data as Float32Array]; // both were made float32
  for (let row = 0; row < rows; row++) {
    const tokens = numbers.slice(row * length, (row + 1) * length);
    const places = tokens.flatMap((id, at) => (id === imageToken ? [row * length + at] : []));
    if (places.length === 0) continue;
    if (places.length !== each)
      throw new RunError(
        `${name}: ${places.length} tokens of a text stand for its image, and the vision encoder gives ${each} features for one; ` +
          "image_seq_length of preprocessor_config.json says how many tokens an image takes",
        { details: { tokens: places.length, features: each } },
      );
    for (const [n, at] of places.entries()) {
      const start = (row * each + n) * width;
      to.set(from.subarray(start, start + width), at * width);
    }
  }
}
