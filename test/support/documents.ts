import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";

/** The code of a document's first block in a language, with the package's names as addresses of what was built. */
export function firstExample(document: string, language: "js" | "ts"): string {
  const block = new RegExp(`\`\`\`${language}\\n(.*?)\`\`\``, "s");
  const code = block.exec(readFileSync(document, "utf8"))?.[1];
  if (code === undefined) throw new Error(`${document} has no example in ${language}`);
  const { exports } = JSON.parse(readFileSync("package.json", "utf8"));
  return code.replace(/"holdfast(\/\w+)?"/g, (_, subpath: string | undefined) => {
    const target = exports[`.${subpath ?? ""}`].default;
    return JSON.stringify(pathToFileURL(resolve(target)).href);
  });
}
