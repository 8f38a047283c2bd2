/** `holdfast/platform`: where files are read and written: the disk, or a memory. */
export type { FileContent, FileStat, Files, FolderEntry } from "./files.ts";
export { createMemoryFiles } from "./memory-files.ts";
export { nodeFiles } from "./node-files.ts";
