// Writes the generated table of the README. Run by `npm run docs:readme`, after a build.
import { readFileSync, writeFileSync } from "node:fs";
import { withTable } from "./supported-table.mjs";

writeFileSync("README.md", withTable(readFileSync("README.md", "utf8")));
