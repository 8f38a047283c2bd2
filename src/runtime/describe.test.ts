import { expect, it } from "vitest";
import { importPackage } from "../platform/optional-package.ts";
import { describeMachine } from "./describe.ts";

it("tells what of the machine and the packages is there", async () => {
  const facts = await describeMachine();
  expect(facts).toMatchObject({
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
    runtime: "native",
    packages: [
      { name: "onnxruntime-node", version: expect.stringMatching(/^1\.\d+/), problem: null },
      { name: "onnxruntime-web", version: expect.stringMatching(/^1\.\d+/), offers: ["wasm"], problem: null },
      { name: "sharp", version: expect.stringMatching(/^0\.\d+/), problem: null },
    ],
  });
  expect(facts.packages[0]?.offers).toContain("cpu");
  expect(facts.packages[2]?.offers).toEqual(expect.arrayContaining(["jpeg", "png", "webp"]));
  expect(facts.cpu.threads).toBeGreaterThanOrEqual(1);
  expect(facts.memory.available).toBeLessThanOrEqual(facts.memory.total);
  expect(structuredClone(facts)).toEqual(facts);
});

it("says why a package does not load and how to install it", async () => {
  const facts = await describeMachine((name) => {
    if (name === "onnxruntime-web") return importPackage(name);
    const error = new Error(name === "sharp" ? "libvips.so is missing" : `Cannot find package '${name}'`);
    return Promise.reject(Object.assign(error, { code: "ERR_MODULE_NOT_FOUND" }));
  });
  expect(facts.runtime).toBe("wasm");
  expect(facts.packages).toMatchObject([
    {
      version: null,
      offers: [],
      problem: expect.stringContaining("not installed. Install it: npm install onnxruntime-node@"),
    },
    { problem: null },
    {
      version: null,
      problem: "sharp is installed but does not load here. It said: libvips.so is missing",
      install: expect.stringContaining("npm install sharp@"),
    },
  ]);
});
