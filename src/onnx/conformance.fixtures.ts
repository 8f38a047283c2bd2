import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../../shared/conformance/cases", import.meta.url));

/** Folders of real exported models that lie beside the repository, by name; none where that folder is not there. */
export const conformanceCases: ReadonlyMap<string, string> = new Map(
  list(root).map((name) => [name, `${root}/${name}`]),
);

function list(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
