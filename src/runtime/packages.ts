import { messageOf, RunError } from "../errors.ts";

/** Packages that a user installs beside holdfast when a job needs them. */
export type OptionalPackage = "onnxruntime-node" | "onnxruntime-web" | "sharp";

/** Imports an optional package; tests pass one that fails. */
export type PackageImporter = (name: OptionalPackage) => Promise<unknown>;

/**
 * The command that installs each package. The install script of onnxruntime-node only fetches CUDA libraries, and fails
 * without a network; the CPU build is in the package itself.
 */
export const installLines: Readonly<Record<OptionalPackage, string>> = {
  "onnxruntime-node": "npm install onnxruntime-node@1.30.0 --ignore-scripts",
  "onnxruntime-web": "npm install onnxruntime-web@1.30.0",
  sharp: "npm install sharp@0.35.5",
};

/** Imports a package by literal name, so that bundlers see what may be loaded. */
export const importPackage: PackageImporter = (name) => {
  switch (name) {
    case "onnxruntime-node":
      return import("onnxruntime-node");
    case "onnxruntime-web":
      return import("onnxruntime-web");
    case "sharp":
      return import("sharp");
  }
};

/** The error for a package that could not be imported: not installed, or installed without a build for this machine. */
export function packageError(name: OptionalPackage, cause: unknown): RunError {
  const remedy = installLines[name];
  if (isNotInstalled(name, cause)) {
    return new RunError(`${name} is not installed. Install it: ${remedy}`, {
      cause,
      details: { package: name, installed: false, install: remedy },
    });
  }
  return new RunError(`${name} is installed but does not load here. It said: ${messageOf(cause)}`, {
    cause,
    details: { package: name, installed: true, install: remedy },
  });
}

function isNotInstalled(name: OptionalPackage, cause: unknown): boolean {
  const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
  // Node says "Cannot find package 'sharp' imported from …"; a missing file inside the package says "module".
  return code === "ERR_MODULE_NOT_FOUND" && messageOf(cause).includes(`package '${name}'`);
}
