// `npm run check`: everything that can be said of the code without running its tests. `npm run check -- layers sizes`
// runs some of the steps only. What fails is printed whole, with how to mend it.
import { spawn } from "node:child_process";
import { delimiter, join } from "node:path";

const steps = [
  { name: "types", command: "tsc --noEmit", mend: "tsc names file and line." },
  { name: "style", command: "biome check --error-on-warnings .", mend: "`npm run format` mends most of it." },
  {
    name: "layers",
    command: "node scripts/check-layers.mjs",
    mend: "Move the code to a room that may import it, or argue for another table in docs/architecture.md.",
  },
  { name: "sizes", command: "node scripts/check-sizes.mjs", mend: "One idea per file: split it." },
  {
    name: "kernels",
    command: "node scripts/build-kernels.mjs --check",
    mend: "The committed WebAssembly is not what its sources give.",
  },
  {
    name: "unused",
    command: "knip --no-config-hints",
    mend: "Delete what nobody uses, or drop its `export`.",
  },
  {
    name: "package",
    command: "tsc -p tsconfig.build.json && node scripts/check-package.mjs",
    mend: "See `exports`, `files` and `bin` in package.json.",
  },
];

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !steps.some((step) => step.name === name));
if (unknown.length > 0) {
  console.error(`No step called ${unknown.join(", ")}. Steps: ${steps.map((s) => s.name).join(", ")}`);
  process.exit(2);
}

let failed = 0;
for (const step of steps.filter(({ name }) => wanted.length === 0 || wanted.includes(name))) {
  const start = performance.now();
  const { code, output } = await run(step.command);
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  console.log(`${code === 0 ? "ok  " : "FAIL"} ${step.name} (${seconds} s)`);
  if (code === 0) {
    // What a passing step wants to say at once: files to think about, the size of the package.
    if (step.name === "sizes" && output !== "") console.log(indent(output));
    continue;
  }
  failed += 1;
  console.log(`${indent(`$ ${step.command}\n${output}`)}\n     To mend: ${step.mend}`);
}
if (failed > 0) console.log(`${failed} of the checks failed.`);
process.exitCode = failed > 0 ? 1 : 0;

function run(command) {
  return new Promise((resolve) => {
    const child = spawn(command, {
      shell: true,
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, PATH: `${join("node_modules", ".bin")}${delimiter}${process.env.PATH}` },
    });
    let output = "";
    const take = (chunk) => {
      output += chunk;
    };
    child.stdout.on("data", take);
    child.stderr.on("data", take);
    child.on("close", (code) => resolve({ code, output: output.trimEnd() }));
  });
}

function indent(text) {
  return text.replace(/^/gm, "     ");
}
