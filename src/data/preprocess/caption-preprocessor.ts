import { DataError } from "../../errors.ts";
import type { CaptionedImage, Sample } from "../dataset.ts";
import type { CaptionPreprocessing } from "./config.ts";
import type { Preprocessor } from "./preprocessor.ts";

/** Captioned images to pixels and token ids, each by the preprocessor of its own kind. */
export function captionPreprocessor(
  config: CaptionPreprocessing,
  { image, text }: { readonly image: Preprocessor; readonly text: Preprocessor },
): Preprocessor {
  const parts = (sample: Sample): CaptionedImage => {
    if (sample.kind === "image-text") return sample;
    throw new TypeError("internal: a sample that was not prepared for this model");
  };
  return {
    config,
    dims: image.dims,
    prepare(sample) {
      if (sample.kind !== "image-text")
        throw new DataError(`the model takes images with texts, got samples of kind ${sample.kind}`);
      const [pixels, tokens] = [image.prepare(sample.image), text.prepare(sample.text)];
      if (pixels.kind !== "image" || tokens.kind !== "tokens")
        throw new TypeError("internal: preprocessors of images and texts gave something else");
      return { kind: "image-text", image: pixels, text: tokens };
    },
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
      };
    },
  };
}
