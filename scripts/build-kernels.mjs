/**
 * Compiles AssemblyScript into modules of base64.
 *
 *     node scripts/build-kernels.mjs            writes the files
 *     node scripts/build-kernels.mjs --check    exit code 1 if a committed file is not what its sources give
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import asc from "assemblyscript/asc";

const root = fileURLToPath(new URL("..", import.meta.url));

const kernels = [
  // Update rules are no part of it: their formulas are compiled when they are used, and go into the table.
  {
    entry: "src/optim/kernels/assembly/index.ts",
    target: "src/optim/kernels/kernel.wasm.ts",
    options: ["--exportTable"],
  },
  {
    entry: "src/data/preprocess/kernels/assembly/resize.ts",
    target: "src/data/preprocess/kernels/resize.wasm.ts",
    options: [],
  },
];

for (const { entry, target, options } of kernels) {
  const binary = await compile(entry, options);
  const base64 = Buffer.from(binary).toString("base64");
  const text = `// Compiled from assembly/*.ts by \`npm run build:kernels\`; ${binary.length} bytes. Do not edit.\nexport const kernelBase64: string =\n  "${base64}";\n`;
  const path = join(root, target);
  if (!process.argv.includes("--check")) {
    writeFileSync(path, text);
    console.log(`${target}: ${binary.length} bytes`);
  } else if (readFileSync(path, "utf8") !== text) {
    console.error(`${target} is stale: run npm run build:kernels`);
    process.exitCode = 1;
  }
}

async function compile(entry, options) {
  let binary;
  const { error, stderr } = await asc.main(
    [
      entry,
      ...["--outFile", "kernel.wasm", "-O3", "--runtime", "stub", "--noAssert", "--enable", "simd"],
      // The memory is the caller's, zero at first; no module grows it.
      ...["--importMemory", "--zeroFilledMemory"],
      ...options,
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
  if (!error && binary) return binary;
  throw new Error(`${entry}: ${stderr.toString()}`);
}
