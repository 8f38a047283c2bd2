import { expect, test } from "vitest";
import { FileError } from "../errors.ts";
import { basename, dirname, extension, joinPath, normalizePath, resolveInside } from "./paths.ts";

test("paths have one spelling", () => {
  expect(normalizePath("a//b/./c/../d/")).toBe("a/b/d");
  expect(normalizePath("")).toBe(".");
  expect(normalizePath("../a/../../b")).toBe("../../b");
  expect(normalizePath("/../a")).toBe("/a");
  expect(normalizePath("C:\\data\\x.png")).toBe("C:/data/x.png");
  expect(normalizePath("odd\\name")).toBe("odd\\name");
  expect(joinPath("a/b", "../c", "", "d")).toBe("a/c/d");
  expect(joinPath("/", "a")).toBe("/a");
});

test("a path falls into folder, name and extension", () => {
  expect([dirname("a/b"), dirname("b"), dirname("/b"), dirname("a/b/")]).toEqual(["a", ".", "/", "a"]);
  expect([basename("a/b.PNG"), extension("a/b.PNG"), extension(".git"), extension("a.tar.gz")]).toEqual([
    "b.PNG",
    ".png",
    "",
    ".gz",
  ]);
});

test("a name from a file cannot lead out of its folder", () => {
  expect(resolveInside("/m/x", "onnx/../weights.bin")).toBe("/m/x/weights.bin");
  expect(resolveInside(".", "weights.bin")).toBe("weights.bin");
  for (const bad of [
    "",
    "..",
    ".",
    "../x",
    "a/../../x",
    "/etc/passwd",
    "C:\\x",
    "C:x",
    "a\\..\\..\\x",
    "a\0b",
    "//host/x",
  ]) {
    expect(() => resolveInside("/m/x", bad), bad).toThrow(FileError);
  }
  expect(() => resolveInside("/m/x", "../y")).toThrow(
    '"../y" leads out of the folder; expected a relative path inside /m/x',
  );
});
