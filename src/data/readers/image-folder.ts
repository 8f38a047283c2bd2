import { imageExtensions } from "../decode-image.ts";
import { classFolders } from "./class-folders.ts";
import { imageLoader } from "./images.ts";
import { findMaskFolders } from "./mask-folder.ts";
import type { Reader } from "./reader.ts";

/** A folder with one folder per class, images in each, at any depth. */
export const imageFolder: Reader = classFolders({
  name: "image-folder",
  reads: "a folder of class folders with PNG, JPEG or WebP files",
  kind: "image",
  noun: ["image", "images"],
  extensions: imageExtensions,
  isOther: async (files, path) => (await findMaskFolders(files, path)) !== null,
  loader: (files, at) => imageLoader((i) => files.read(at(i)), at),
});
