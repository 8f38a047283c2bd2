import { DataError } from "../../errors.ts";
import type { Files } from "../../platform/files.ts";
import { extension, joinPath } from "../../platform/paths.ts";
import { listing } from "../dataset.ts";
import { decodeImage, imageExtensions } from "../decode-image.ts";
import { findMaskFolders } from "./mask-folder.ts";
import type { Reader } from "./reader.ts";

// Deep enough for any sorted collection; a loop of links would never end.
const MAX_DEPTH = 16;

/**
 * A folder with one folder per class, PNG, JPEG or WebP files in each, at any depth. Classes and files are in
 * code-unit order of their names, as torchvision's ImageFolder has them. Hidden files are passed over in silence,
 * other files with a warning.
 */
export const imageFolder: Reader = {
  name: "image-folder",
  reads: "a folder of class folders with PNG, JPEG or WebP files",
  async detect(files, path) {
    if ((await files.stat(path))?.kind !== "folder" || (await findMaskFolders(files, path))) return null;
    for (const entry of await files.list(path)) {
      if (entry.kind !== "folder" || entry.name.startsWith(".")) continue;
      const inside = await files.list(joinPath(path, entry.name));
      const image = inside.find((e) => e.kind === "file" && isImage(e.name));
      if (image) return `holds ${entry.name}/${image.name}`;
    }
    return null;
  },
  async open(files, path, options) {
    const { labelling = "class" } = options;
    if (labelling === "classes" || labelling === "numbers") {
      throw new DataError(
        `${path}: an image folder has one class per image; for ${labelling === "numbers" ? "numbers" : "several"} ` +
          "use a table with an image column",
      );
    }
    const classes: string[] = [];
    const names: string[] = [];
    const labels: number[] = [];
    const empty: string[] = [];
    const ignored: string[] = [];
    for (const entry of await files.list(path)) {
      if (entry.name.startsWith(".")) continue;
      if (entry.kind === "file") {
        ignored.push(entry.name);
        continue;
      }
      const before = names.length;
      await walk(files, path, entry.name, 1, (name) => {
        if (isImage(name)) {
          names.push(name);
          labels.push(classes.length);
        } else ignored.push(name);
      });
      if (names.length === before) empty.push(`${entry.name}/`);
      else classes.push(entry.name);
    }
    if (names.length === 0) throw new DataError(`${path}: no image found, expected ${imageFolder.reads}`);
    if (empty.length > 0) {
      throw new DataError(
        `${path}: ${empty.length} class folders without an image: ${listing(empty)}. Remove them, or add images ` +
          `(${imageExtensions.join(", ")}).`,
        { details: { path, empty } },
      );
    }
    return {
      source: path,
      format: imageFolder.name,
      kind: "image",
      labelling: "class",
      classes,
      length: names.length,
      warnings:
        ignored.length === 0 ? [] : [`${path}: ${ignored.length} files are no images: ${listing(ignored)}.`],
      label: (i) => labels[i]!,
      name: (i) => names[i]!,
      load: async (i) => decodeImage(await files.read(joinPath(path, names[i]!)), joinPath(path, names[i]!)),
    };
  },
};

function isImage(name: string): boolean {
  return !name.startsWith(".") && imageExtensions.includes(extension(name));
}

async function walk(
  files: Files,
  root: string,
  folder: string,
  depth: number,
  visit: (name: string) => void,
): Promise<void> {
  if (depth > MAX_DEPTH)
    throw new DataError(`${joinPath(root, folder)}: more than ${MAX_DEPTH} folders deep`);
  for (const entry of await files.list(joinPath(root, folder))) {
    if (entry.name.startsWith(".")) continue;
    const name = `${folder}/${entry.name}`;
    if (entry.kind === "folder") await walk(files, root, name, depth + 1, visit);
    else visit(name);
  }
}
