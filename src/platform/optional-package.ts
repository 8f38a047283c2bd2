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

/**
 * The module of an optional package; the caller knows its type.
 *
 * @throws RunError with the install line if it is not installed, with its own words if it does not load here
 */
export async function loadOptional(
  name: OptionalPackage,
  importer: PackageImporter = importPackage,
): Promise<unknown> {
  try {
    return await importer(name);
  } catch (cause) {
    const install = installLines[name];
    const installed = !isMissing(name, cause);
    throw new RunError(
      installed
        ? `${name} is installed but does not load here. It said: ${messageOf(cause)}`
        : `${name} is not installed. Install it: ${install}`,
      { cause, details: { package: name, installed, install } },
    );
  }
}

function isMissing(name: OptionalPackage, cause: unknown): boolean {
  const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
  // Node says "Cannot find package 'sharp' imported from …"; a missing file inside the package says "module".
  return code === "ERR_MODULE_NOT_FOUND" && messageOf(cause).includes(`package '${name}'`);
}
