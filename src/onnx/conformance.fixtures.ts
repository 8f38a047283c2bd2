import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Files } from "../platform/files.ts";
import { nodeFiles } from "../platform/node-files.ts";

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

/** The bytes of a case's model file, and the disk with its path, where its weights lie. */
export async function readCase(name: string): Promise<{ bytes: Uint8Array; path: string; files: Files }> {
  const path = `${conformanceCases.get(name)}/model.onnx`;
  return { bytes: await nodeFiles.read(path), path, files: nodeFiles };
}
