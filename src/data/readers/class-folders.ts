import { DataError } from "../../errors.ts";
import type { Files } from "../../platform/files.ts";
import { extension, joinPath } from "../../platform/paths.ts";
import { type Dataset, type Loading, listing } from "../dataset.ts";
import type { Reader } from "./reader.ts";

// Deep enough for any sorted collection; a loop of links would never end.
const MAX_DEPTH = 16;

export interface ClassFoldersOptions {
  readonly name: string;
  readonly reads: string;
  readonly kind: Dataset["kind"];
  /** One of the files, and several, as messages call them. */
  readonly noun: readonly [one: string, several: string];
  /** Of the files that are examples, in lower case with the dot. */
  readonly extensions: readonly string[];
  /** Whether a folder is of another kind, though class folders could look like it. */
  isOther?(files: Files, path: string): Promise<boolean>;
  /** How example `i` of the files at these paths is loaded. */
  loader(files: Files, at: (i: number) => string): Loading;
}

/**
 * A reader of a folder with one folder per class, files in each, at any depth. Classes and files are in code-unit order
 * of their names, as torchvision's ImageFolder has them. Hidden files are passed over in silence, other files with a
 * warning.
 */
export function classFolders(options: ClassFoldersOptions): Reader {
  const { name: format, reads, kind, noun, extensions } = options;
  const isExample = (name: string) => !name.startsWith(".") && extensions.includes(extension(name));
  return {
    name: format,
    reads,
    async detect(files, path) {
      if ((await files.stat(path))?.kind !== "folder" || (await options.isOther?.(files, path))) return null;
      for (const entry of await files.list(path)) {
        if (entry.kind !== "folder" || entry.name.startsWith(".")) continue;
        const inside = await files.list(joinPath(path, entry.name));
        const example = inside.find((e) => e.kind === "file" && isExample(e.name));
        if (example) return `holds ${entry.name}/${example.name}`;
      }
      return null;
    },
    async open(files, path, { labelling = "class" }) {
      if (labelling === "classes" || labelling === "numbers") {
        throw new DataError(
          `${path}: a folder of class folders has one class per ${noun[0]}; for ` +
            `${labelling === "numbers" ? "numbers" : "several"} use a table with a column of ${noun[1]}`,
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
          if (isExample(name)) {
            names.push(name);
            labels.push(classes.length);
          } else ignored.push(name);
        });
        if (names.length === before) empty.push(`${entry.name}/`);
        else classes.push(entry.name);
      }
      if (names.length === 0) throw new DataError(`${path}: no ${noun[0]} found, expected ${reads}`);
      if (empty.length > 0) {
        throw new DataError(
          `${path}: ${empty.length} class folders without a${/^[aeiou]/.test(noun[0]) ? "n" : ""} ${noun[0]}: ` +
            `${listing(empty)}. Remove them, or add ${noun[1]} (${extensions.join(", ")}).`,
          { details: { path, empty } },
        );
      }
      const warning = `${path}: ${ignored.length} files are no ${noun[1]}: ${listing(ignored)}.`;
      return {
        source: path,
        format,
        kind,
        labelling: "class",
        classes,
        length: names.length,
        warnings: ignored.length === 0 ? [] : [warning],
        label: (i) => labels[i]!,
        name: (i) => names[i]!,
        ...options.loader(files, (i) => joinPath(path, names[i]!)),
      };
    },
  };
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
