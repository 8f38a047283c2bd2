import { resolve } from "node:path";
import { pathToFileURL } from "node:url";

/** The `file:` address of a path on the disk, for packages that read large files themselves. */
export function fileUrl(path: string): URL {
  return pathToFileURL(resolve(path));
}
