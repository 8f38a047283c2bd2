import { DataError } from "../errors.ts";
import type { Sample, SampleKind } from "./dataset.ts";

/** An example to predict on, before it is loaded. */
export interface Input {
  readonly name: string;
  readonly kind: SampleKind;
  readonly load: () => Promise<Sample>;
}

/**
 * Images and texts that are given on their own as pairs, for a model that takes both at once: each of them is in one
 * pair at least, and the fewer are taken again and again. Pairs among the inputs stay, in front, and lend their halves
 * where there are images or texts alone.
 *
 * @throws DataError if there are only images or only texts, or inputs of another kind
 */
export function pairInputs(inputs: readonly Input[]): readonly Input[] {
  const of = (kind: SampleKind) => inputs.filter((input) => input.kind === kind);
  const [pairs, images, texts] = [of("image-text"), of("image"), of("text")];
  const other = inputs.find((input) => ![...pairs, ...images, ...texts].includes(input));
  if (other)
    throw new DataError(`${other.name}: the model takes images and texts, this is of kind ${other.kind}`);
  const [shown, said] = [
    [...images, ...pairs],
    [...texts, ...pairs],
  ];
  if (inputs.length > 0 && (shown.length === 0 || said.length === 0))
    throw new DataError(
      `the model takes images and texts, and there are only ${shown.length === 0 ? "texts" : "images"}: give a table ` +
        'with columns image and caption, or both, as in photos --text "a red door" --text "a dog"',
    );
  const made = Array.from({ length: Math.max(images.length, texts.length) }, (_, i) =>
    pairOf(shown[i % shown.length]!, said[i % said.length]!),
  );
  return [...pairs, ...made];
}

function pairOf(shown: Input, said: Input): Input {
  return {
    name: shown.name,
    kind: "image-text",
    async load() {
      const [a, b] = await Promise.all([shown.load(), said.load()]);
      const image = a.kind === "image-text" ? a.image : a;
      const text = b.kind === "image-text" ? b.text : b;
      if (image.kind !== "image" || text.kind === "image" || text.kind === "array" || text.kind === "audio")
        throw new TypeError(`internal: a pair of ${image.kind} and ${text.kind}`);
      return { kind: "image-text", image, text };
    },
  };
}
