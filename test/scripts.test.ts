import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));

/** Scripts that import what was built: no compiler sees whether that is still there. */
function scriptsIn(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".mjs") && !/(^|\/)(\.cache|cache|node_modules)\//.test(name))
    .map((name) => join(folder, name));
}

const scripts = ["scripts", "examples", "bench"].flatMap(scriptsIn);
const IMPORT = /import\s*\{([^}]*)\}\s*from\s*"([^"]*\/dist\/[^"]+)\.js"/g;

test.each(scripts)("%s imports what there is", (script) => {
  const text = readFileSync(join(root, script), "utf8");
  for (const [, names, path] of text.matchAll(IMPORT)) {
    const built = relative(root, join(root, dirname(script), `${path!}.ts`));
    const source = built.replace(/^dist\//, "src/");
    expect(existsSync(join(root, source)), `${source} of ${path}`).toBe(true);
    const module = readFileSync(join(root, source), "utf8");
    for (const name of names!.split(",").flatMap((n) => n.trim().split(/\s+as\s+/)[0] || [])) {
      const isThere = new RegExp(`export[^;]*\\b${name}\\b`).test(module);
      expect(isThere, `${name} in ${source}`).toBe(true);
    }
  }
});
