import { DataError } from "../../errors.ts";
import type { Files } from "../../platform/files.ts";
import { basename, dirname, extension, joinPath } from "../../platform/paths.ts";
import { listing } from "../dataset.ts";
import { imageExtensions } from "../decode-image.ts";
import { imageLoader } from "./images.ts";
import { datasetOfMasks } from "./masked-images.ts";
import type { Reader } from "./reader.ts";

const IMAGES = /^(images?|imgs?|photos?|jpegimages)$/iu;
const MASKS = /^(masks?|labels?|annotations?|segmentations?|segmentationclass)$/iu;
/** What a mask's name may have behind its image's. */
const SUFFIX = /[_-](mask|label|labels|seg)$/iu;
// Deep enough for any sorted collection; a loop of links would never end.
const MAX_DEPTH = 16;

/** Folders of images and of their masks. */
export interface MaskFolders {
  readonly images: string;
  readonly masks: string;
  /** What `images` and `masks` lie in. */
  readonly root: string;
}

/**
 * A folder `images` beside a folder `masks` (or names alike), each mask a PNG of its image's name, at any depth below;
 * or one part of such a pair, `images/train`, whose masks lie in `masks/train`. Classes are told by `classes.txt` or
 * `classes.json` in one of these folders or above them.
 */
export const maskFolder: Reader = {
  name: "mask-folder",
  reads: "a folder with images/ and masks/, a PNG mask for each image",
  async detect(files, path) {
    const found = await findMaskFolders(files, path);
    return found && `holds ${basename(found.images)}/ and ${basename(found.masks)}/`;
  },
  async open(files, path, options) {
    const found = await findMaskFolders(files, path);
    if (!found) throw new DataError(`${path}: expected ${maskFolder.reads}`);
    const images = await filesIn(files, found.images, (name) => imageExtensions.includes(extension(name)));
    const masks = await filesIn(files, found.masks, (name) => imageExtensions.includes(extension(name)));
    const pairs = pairsOf(images.names, masks.names, found);
    const ignored = [...images.others, ...masks.others];
    const imageName = (i: number) => joinPath(found.images, pairs[i]![0]);
    const maskName = (i: number) => joinPath(found.masks, pairs[i]![1]);
    return datasetOfMasks(
      files,
      {
        source: path,
        format: maskFolder.name,
        length: pairs.length,
        warnings:
          ignored.length === 0
            ? []
            : [`${path}: ${ignored.length} files are no images: ${listing(ignored)}.`],
        name: (i) => pairs[i]![0],
        images: imageLoader((i) => files.read(imageName(i)), imageName),
        maskBytes: (i) => files.read(maskName(i)),
        maskName,
      },
      [...new Set([path, found.masks, found.root, dirname(found.root)])],
      options,
    );
  },
};

/** The two folders at a path, or null if it is no such data. @throws DataError if several could be either */
export async function findMaskFolders(files: Files, path: string): Promise<MaskFolders | null> {
  if ((await files.stat(path))?.kind !== "folder") return null;
  const inside = await pairIn(files, path);
  if (inside) return inside;
  const parent = dirname(path);
  if (!IMAGES.test(basename(parent)) || !(await files.exists(dirname(parent)))) return null;
  const above = await pairIn(files, dirname(parent));
  if (above?.images !== parent) return null;
  const masks = joinPath(above.masks, basename(path));
  return (await files.exists(masks)) ? { images: path, masks, root: above.root } : null;
}

async function pairIn(files: Files, path: string): Promise<MaskFolders | null> {
  const folders = (await files.list(path)).filter((e) => e.kind === "folder").map((e) => e.name);
  const images = folders.filter((name) => IMAGES.test(name));
  const masks = folders.filter((name) => MASKS.test(name));
  if (images.length === 0 || masks.length === 0) return null;
  if (images.length > 1 || masks.length > 1) {
    throw new DataError(
      `${path}: which are the images and which the masks? It holds ${[...images, ...masks].join(", ")}; ` +
        "rename those that are neither",
    );
  }
  return { images: joinPath(path, images[0]!), masks: joinPath(path, masks[0]!), root: path }; // one of each
}

/** Files below a folder by their paths in it, those that `isWanted` and the others; hidden ones are passed over. */
async function filesIn(
  files: Files,
  root: string,
  isWanted: (name: string) => boolean,
): Promise<{ readonly names: readonly string[]; readonly others: readonly string[] }> {
  const names: string[] = [];
  const others: string[] = [];
  const walk = async (folder: string, depth: number): Promise<void> => {
    if (depth > MAX_DEPTH)
      throw new DataError(`${joinPath(root, folder)}: more than ${MAX_DEPTH} folders deep`);
    for (const entry of await files.list(joinPath(root, folder))) {
      if (entry.name.startsWith(".")) continue;
      const name = folder === "" ? entry.name : `${folder}/${entry.name}`;
      if (entry.kind === "folder") await walk(name, depth + 1);
      else if (isWanted(name)) names.push(name);
      else if (!/^classes\.(txt|json)$/u.test(entry.name)) others.push(name);
    }
  };
  await walk("", 0);
  return { names, others };
}

/** Each image with its mask, in the order of the images. @throws DataError listing all that lack the other */
function pairsOf(
  images: readonly string[],
  masks: readonly string[],
  at: MaskFolders,
): (readonly [image: string, mask: string])[] {
  const problems: string[] = [];
  const byStem = (names: readonly string[], folder: string, suffix: RegExp | null): Map<string, string> => {
    const found = new Map<string, string>();
    for (const name of names) {
      const whole = name.slice(0, -extension(name).length);
      const stem = suffix === null ? whole : whole.replace(suffix, "");
      const other = found.get(stem);
      if (other !== undefined) problems.push(`${folder}: ${other} and ${name} are of one name`);
      found.set(stem, name);
    }
    return found;
  };
  const imageOf = byStem(images, at.images, null);
  // A mask is called as its image is, or so with a suffix; an image's own name may end in one.
  const hasOwnName = masks.every((name) => imageOf.has(name.slice(0, -extension(name).length)));
  const maskOf = byStem(masks, at.masks, hasOwnName ? null : SUFFIX);
  const unmasked = [...imageOf].filter(([stem]) => !maskOf.has(stem)).map(([, name]) => name);
  const stray = [...maskOf].filter(([stem]) => !imageOf.has(stem)).map(([, name]) => name);
  const lossy = masks.filter((name) => extension(name) !== ".png");
  if (images.length === 0) problems.push(`${at.images} holds no image`);
  if (unmasked.length > 0)
    problems.push(`${unmasked.length} images without a mask in ${at.masks}: ${listing(unmasked)}`);
  if (stray.length > 0)
    problems.push(`${stray.length} masks without an image in ${at.images}: ${listing(stray)}`);
  if (lossy.length > 0) problems.push(`${lossy.length} masks are no PNG: ${listing(lossy)}`);
  if (problems.length > 0) {
    throw new DataError(`${at.root}: images and masks do not pair up:\n  ${problems.join("\n  ")}`, {
      details: { unmasked, stray, lossy },
    });
  }
  return [...imageOf].map(([stem, image]) => [image, maskOf.get(stem)!]); // each has one, as was just checked
}
