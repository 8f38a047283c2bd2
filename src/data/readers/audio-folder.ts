import { classFolders } from "./class-folders.ts";
import type { Reader } from "./reader.ts";
import { soundExtensions, soundLoader } from "./sounds.ts";

/** A folder with one folder per class, WAV files in each, at any depth. */
export const audioFolder: Reader = classFolders({
  name: "audio-folder",
  reads: "a folder of class folders with WAV files",
  kind: "audio",
  noun: ["sound", "sounds"],
  extensions: soundExtensions,
  loader: (files, at) => soundLoader((i) => files.read(at(i)), at),
});
