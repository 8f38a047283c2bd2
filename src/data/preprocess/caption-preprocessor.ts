import { DataError } from "../../errors.ts";
import type { CaptionedImage, Sample } from "../dataset.ts";
import type { CaptionPreprocessing } from "./config.ts";
import type { Preprocessor } from "./preprocessor.ts";

/** Images with texts to pixels and token ids, each by the preprocessor of its own kind; targets are those of the text. */
export function captionPreprocessor(
  config: CaptionPreprocessing,
  { image, text }: { readonly image: Preprocessor; readonly text: Preprocessor },
): Preprocessor {
  const parts = (sample: Sample): CaptionedImage => {
    if (sample.kind === "image-text") return sample;
    throw new DataError(`the model takes images with texts, got samples of kind ${sample.kind}`);
  };
  return {
    config,
    dims: image.dims,
    prepare(sample) {
      const given = parts(sample);
      const [pixels, tokens] = [image.prepare(given.image), text.prepare(given.text)];
      if (pixels.kind !== "image" || (tokens.kind !== "tokens" && tokens.kind !== "sequence"))
        throw new TypeError("internal: preprocessors of images and texts gave something else");
      return { kind: "image-text", image: pixels, text: tokens };
    },
    ...(text.prompt && {
      prompt(sample: Sample) {
        const given = parts(sample);
        const pixels = image.buffer(config.pixels, 1);
        // Tokens tell that the image is at the model's size already; cropped twice, it would be another.
        const isReady = given.text.kind === "sequence" || given.text.kind === "tokens";
        pixels.write(isReady ? given.image : image.prepare(given.image), 0);
        return { ids: [], ...text.prompt?.(given.text), feeds: pixels.inputs(1) };
      },
    }),
    buffer(_, size) {
      const [pixels, tokens] = [image.buffer(config.pixels, size), text.buffer("", size)];
      return {
        get isUsable() {
          return pixels.isUsable && tokens.isUsable;
        },
        write(sample, row) {
          pixels.write(parts(sample).image, row);
          tokens.write(parts(sample).text, row);
        },
        inputs: (count) => new Map([...pixels.inputs(count), ...tokens.inputs(count)]),
        ...(tokens.targets && { targets: (count: number) => tokens.targets!(count) }),
      };
    },
  };
}
