/**
 * Compiles src/optim/kernels/assembly/*.ts (AssemblyScript) into src/optim/kernels/kernel.wasm.ts.
 *
 *     node scripts/build-kernels.mjs            writes the file
 *     node scripts/build-kernels.mjs --check    exit code 1 if the committed file is not what the sources give
 *
 * The module exports what index.ts exports. Update rules are no part of it: their formulas are compiled when they are used.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import asc from "assemblyscript/asc";

const root = fileURLToPath(new URL("..", import.meta.url));
const kernels = join(root, "src/optim/kernels");
const target = join(kernels, "kernel.wasm.ts");

const assembly = relative(root, join(kernels, "assembly"));
let binary;
const { error, stderr } = await asc.main(
  [
    join(assembly, "index.ts"),
    ...["--outFile", "kernel.wasm", "-O3", "--runtime", "stub", "--noAssert", "--enable", "simd"],
    // The memory is the caller's: sized once, never grown by the module, zero at first.
    ...["--importMemory", "--zeroFilledMemory"],
    // Where the compiled formulas of update rules go.
    "--exportTable",
  ],
  {
    readFile: (name, base) => {
      try {
        return readFileSync(join(root, base, name), "utf8");
      } catch {
        return null;
      }
    },
    writeFile: (_name, contents) => {
      binary = contents;
    },
    listFiles: () => [],
  },
);
if (error || !binary) {
  console.error(stderr.toString());
  process.exit(1);
}

const base64 = Buffer.from(binary).toString("base64");
const text = `// Compiled from assembly/*.ts by \`npm run build:kernels\`; ${binary.length} bytes. Do not edit.\nexport const kernelBase64: string =\n  "${base64}";\n`;
if (process.argv.includes("--check")) {
  if (readFileSync(target, "utf8") !== text) {
    console.error("src/optim/kernels/kernel.wasm.ts is stale: run npm run build:kernels");
    process.exit(1);
  }
} else {
  writeFileSync(target, text);
  console.log(`${relative(root, target)}: ${binary.length} bytes`);
}
