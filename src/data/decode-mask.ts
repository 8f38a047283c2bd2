import { DataError } from "../errors.ts";
import { emptyMask, type Image, listing, type PixelClasses } from "./dataset.ts";
import { decodePng, type StoredPng } from "./formats/png.ts";
import type { MaskClasses } from "./mask-classes.ts";

/** How masks are read. */
export interface MaskRule {
  readonly classes: MaskClasses;
  /** Numbers of pixels that do not count, beside those that `classes` says of. */
  readonly ignored: ReadonlySet<number>;
}

/** A mask of an image's size: class indices as `Image.mask` has them. */
interface Mask extends Pick<Image, "height" | "width"> {
  readonly data: PixelClasses;
}

/** Stands for a number or colour that is no class. */
const UNKNOWN = -1;
const IGNORED = -2;

/**
 * The class of each pixel of a PNG: a palette's index, not its colour; a grey number of 1 to 16 bits; or, where the
 * classes have colours, an RGB colour. Alpha is not looked at.
 *
 * @param what names the file in messages
 * @throws DataError if it is no PNG, holds numbers or colours that are no class, or its palette gives an index the
 *   colour of another class
 */
export async function decodeMask(bytes: Uint8Array, what: string, rule: MaskRule): Promise<Mask> {
  const png = await decodeMaskPng(bytes, what);
  const { classes, ignored } = rule;
  checkPalette(png, classes, what);
  const byColour = png.colour === "rgb" && classes.byColour !== null;
  const table = byColour ? classes.byColour : classes.byNumber;
  const numbers = byColour ? coloursOf(png) : numbersOf(png, what);
  const data = emptyMask(numbers.length, classes.names.length);
  const known = new Map<number, number>();
  const unknown = new Map<number, number>();
  for (let i = 0; i < numbers.length; i++) {
    const number = numbers[i]!;
    let found = known.get(number);
    if (found === undefined) {
      const index = table.get(number);
      const isIgnored = index === null || (index === undefined && !byColour && ignored.has(number));
      found = isIgnored ? IGNORED : (index ?? UNKNOWN);
      known.set(number, found);
    }
    if (found === UNKNOWN) unknown.set(number, (unknown.get(number) ?? 0) + 1);
    else if (found !== IGNORED) data[i] = found;
  }
  if (unknown.size === 0) return { height: png.height, width: png.width, data };
  const named = [...unknown].map(([n, count]) => `${byColour ? hex(n) : n} (${count} pixels)`);
  throw new DataError(
    `${what}: ${byColour ? "colours" : "numbers"} that are no class: ${listing(named)}; ` +
      `known are ${listing([...table.keys()].map((n) => (byColour ? hex(n) : `${n}`)))}` +
      (byColour ? "" : `, and ${[...ignored].join(", ") || "none"} does not count (ignoreIndex)`),
    { details: { unknown: [...unknown.keys()] } },
  );
}

/** The distinct numbers that a mask holds. @throws DataError for a mask of colours: nothing says what they mean */
export async function numbersInMask(bytes: Uint8Array, what: string): Promise<ReadonlySet<number>> {
  return new Set(numbersOf(await decodeMaskPng(bytes, what), what));
}

async function decodeMaskPng(bytes: Uint8Array, what: string): Promise<StoredPng> {
  // A JPEG changes the numbers that it stores.
  if (bytes[0] === 0xff && bytes[1] === 0xd8)
    throw new DataError(`${what}: a JPEG cannot hold a mask, its numbers are not kept; expected a PNG`);
  return decodePng(bytes, what);
}

/** Numbers of a palette or grey image; also of an RGB image that is grey everywhere. */
function numbersOf({ colour, channels, samples }: StoredPng, what: string): Uint8Array | Uint16Array {
  if (channels === 1) return samples;
  const out = new Uint16Array(samples.length / channels);
  for (let i = 0; i < out.length; i++) {
    const at = i * channels;
    out[i] = samples[at]!;
    if (colour === "rgb" && (samples[at] !== samples[at + 1] || samples[at] !== samples[at + 2])) {
      throw new DataError(
        `${what}: a mask of colours, and nothing says what they stand for; list them in a classes.json beside the masks: ` +
          `[{"name": "road", "color": [128, 64, 128]}, …]`,
      );
    }
  }
  return out;
}

function coloursOf({ channels, samples, bitDepth }: StoredPng): Uint32Array {
  const out = new Uint32Array(samples.length / channels);
  const shift = bitDepth - 8;
  for (let i = 0; i < out.length; i++) {
    const [r, g, b] = [samples[i * channels]!, samples[i * channels + 1]!, samples[i * channels + 2]!];
    out[i] = ((r >> shift) << 16) | ((g >> shift) << 8) | (b >> shift);
  }
  return out;
}

/** A program that packs colours into a palette numbers them as it likes: such indices are no classes. */
function checkPalette(
  { palette, samples }: StoredPng,
  { byColour, byNumber, names }: MaskClasses,
  what: string,
) {
  if (palette === null || byColour === null) return;
  for (const index of new Set(samples)) {
    const [r, g, b] = [palette[3 * index], palette[3 * index + 1], palette[3 * index + 2]];
    if (r === undefined || g === undefined || b === undefined) continue;
    const colour = (r << 16) | (g << 8) | b;
    const byPaint = byColour.get(colour);
    if (byPaint === undefined || byPaint === (byNumber.get(index) ?? null)) continue;
    const called = (c: number | null | undefined) =>
      c === null || c === undefined ? "no class" : `"${names[c]}"`;
    throw new DataError(
      `${what}: its palette paints index ${index} (${called(byNumber.get(index))}) in ${hex(colour)}, the colour of ` +
        `${called(byPaint)}; save it as RGB, or number the palette as the classes are`,
    );
  }
}

function hex(colour: number): string {
  return `#${colour.toString(16).padStart(6, "0")}`;
}
