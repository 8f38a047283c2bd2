import { DataError, messageOf } from "../../errors.ts";
import type { Files } from "../../platform/files.ts";
import { type Dataset, type Loading, listing, NO_LABEL } from "../dataset.ts";
import { decodeMask, type MaskRule, numbersInMask } from "../decode-mask.ts";
import { findClassFile, type MaskClasses, numberedClasses, readMaskClasses } from "../mask-classes.ts";
import type { ReaderOptions } from "./reader.ts";

/** The number of pixels that do not count, as Pascal VOC and all after it have it. */
const IGNORED = 255;
/** Masks read at the same time, to see which numbers there are. */
const CONCURRENCY = 8;

/** Images with a mask each, wherever they lie. */
export interface MaskedImages {
  readonly source: string;
  /** Name of the reader. */
  readonly format: string;
  readonly length: number;
  readonly warnings: readonly string[];
  readonly name: (i: number) => string;
  readonly images: Loading;
  readonly maskBytes: (i: number) => Promise<Uint8Array>;
  /** What messages call a mask. */
  readonly maskName: (i: number) => string;
}

/**
 * Images with masks as a dataset. Classes are told by a file, or are the numbers that stand in the masks, all of which
 * are read for it. That a mask fits its image and holds known classes is seen when an example is loaded.
 *
 * @param folders where `classes.txt` or `classes.json` may lie, the first that has one
 * @throws DataError if nothing tells the classes of colours apart, or masks hold a single class
 */
export async function datasetOfMasks(
  files: Files,
  examples: MaskedImages,
  folders: readonly string[],
  options: ReaderOptions,
): Promise<Dataset> {
  const { ignoreIndex = IGNORED, classFile } = options;
  const ignored = new Set(ignoreIndex === null ? [] : [ignoreIndex].flat());
  const path = classFile ?? (await findClassFile(files, folders));
  const classes =
    path === null ? await classesInMasks(examples, ignored) : await readMaskClasses(files, path);
  const rule: MaskRule = { classes, ignored };
  const { source, format, length, warnings, name } = examples;
  const ruleText = JSON.stringify([
    classes.names,
    [...classes.byNumber],
    classes.byColour && [...classes.byColour],
    [...ignored],
  ]);
  return {
    source,
    format,
    kind: "image",
    labelling: "sample",
    classes: classes.names,
    length,
    warnings,
    label: () => NO_LABEL,
    name,
    async load(i) {
      const image = await examples.images.load(i);
      if (image.kind !== "image") throw new TypeError("internal: a file of an image gave something else");
      const what = examples.maskName(i);
      const mask = await decodeMask(await examples.maskBytes(i), what, rule);
      if (mask.height === image.height && mask.width === image.width) return { ...image, mask: mask.data };
      throw new DataError(
        `${what}: the mask is ${mask.height}x${mask.width}, its image ${image.height}x${image.width}`,
      );
    },
    stored: async (i) => [
      ...((await examples.images.stored?.(i)) ?? []),
      await examples.maskBytes(i),
      ruleText,
    ],
  };
}

/** Classes by the numbers that stand in all masks together. */
async function classesInMasks(examples: MaskedImages, ignored: ReadonlySet<number>): Promise<MaskClasses> {
  const numbers = new Set<number>();
  const problems: string[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < examples.length) {
      const i = next++;
      try {
        const found = await numbersInMask(await examples.maskBytes(i), examples.maskName(i));
        for (const number of found) numbers.add(number);
      } catch (error) {
        if (!(error instanceof DataError)) throw error;
        problems.push(messageOf(error));
      }
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, worker));
  if (problems.length === examples.length)
    throw new DataError(`${examples.source}: no mask can be read:\n  ${listing(problems.sort(), "\n  ")}`);
  const counted = [...numbers].filter((n) => !ignored.has(n));
  if (counted.length > 1) return numberedClasses(counted);
  const rest = [...numbers].filter((n) => ignored.has(n));
  throw new DataError(
    `${examples.source}: the masks hold ${counted.length} class${counted.length === 1 ? ` (${counted[0]})` : "es"}` +
      (rest.length > 0
        ? `, and pixels of ${rest.join(", ")}, which do not count. Where ${rest.join(" or ")} is a class, say so in ` +
          'classes.json, {"0": "background", "255": "object"}, or set ignoreIndex to another number.'
        : "; expected two at least."),
  );
}
