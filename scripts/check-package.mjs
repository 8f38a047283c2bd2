// Packs the package as npm would publish it, and lets publint and "are the types wrong?" judge the tarball.
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const folder = mkdtempSync(join(tmpdir(), "holdfast-pack-"));
try {
  const packed = execFileSync("npm", ["pack", "--json", "--ignore-scripts", "--pack-destination", folder], {
    encoding: "utf8",
  });
  const [{ filename, size, unpackedSize, files }] = JSON.parse(packed);
  console.log(`${filename}: ${files.length} files, ${kib(size)}, unpacked ${kib(unpackedSize)}`);
  const tarball = join(folder, filename);
  const judged = [
    run("publint", ["run", tarball, "--strict"]),
    run("attw", [tarball, "--profile", "esm-only", "--no-emoji", "--no-color", "--format", "ascii"]),
  ];
  process.exitCode = judged.every((ok) => ok) ? 0 : 1;
} finally {
  rmSync(folder, { recursive: true });
}

function run(tool, args) {
  return (
    spawnSync(join("node_modules", ".bin", tool), args, { stdio: ["ignore", "inherit", "inherit"] })
      .status === 0
  );
}

function kib(bytes) {
  return `${Math.round(bytes / 1024)} KiB`;
}
