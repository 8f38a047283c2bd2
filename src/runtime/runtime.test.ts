import { expect, it } from "vitest";
import { importPackage, type PackageImporter } from "../platform/optional-package.ts";
import { openRuntime } from "./runtime.ts";

/** What Node throws for a package that is not there. */
const without =
  (...names: string[]): PackageImporter =>
  (name) => {
    if (!names.includes(name)) return importPackage(name);
    const error = new Error(`Cannot find package '${name}' imported from /app/index.js`);
    return Promise.reject(Object.assign(error, { code: "ERR_MODULE_NOT_FOUND" }));
  };

it("takes the native package where it loads, without a word", async () => {
  const messages: string[] = [];
  const runtime = await openRuntime({ onMessage: (m) => messages.push(m) });
  expect(runtime.kind).toBe("native");
  expect(runtime.label).toMatch(/^onnxruntime-node \d+\.\d+\.\d+$/);
  expect(messages).toEqual([]);
});

it("falls back to WebAssembly where the native package is missing, and says so with the install line", async () => {
  const messages: string[] = [];
  const runtime = await openRuntime({
    importer: without("onnxruntime-node"),
    onMessage: (m) => messages.push(m),
  });
  expect(runtime.kind).toBe("wasm");
  expect(messages).toEqual([
    expect.stringMatching(
      /^onnxruntime-node is not installed\. Install it: npm install onnxruntime-node@\S+ /,
    ),
  ]);
});

it("falls back where the native package has no build for the machine, and repeats its words", async () => {
  const messages: string[] = [];
  const importer: PackageImporter = (name) =>
    name === "onnxruntime-node"
      ? Promise.reject(
          Object.assign(new Error("Cannot find module '../bin/napi-v6/linux/riscv64/x.node'"), {
            code: "MODULE_NOT_FOUND",
          }),
        )
      : importPackage(name);
  const runtime = await openRuntime({ importer, onMessage: (m) => messages.push(m) });
  expect(runtime.kind).toBe("wasm");
  expect(messages[0]).toContain(
    "installed but does not load here. It said: Cannot find module '../bin/napi-v6/linux/riscv64",
  );
});

it("fails with the install line where the package asked for is missing", async () => {
  await expect(
    openRuntime({ prefer: "native", importer: without("onnxruntime-node") }),
  ).rejects.toMatchObject({
    name: "RunError",
    message: expect.stringContaining("npm install onnxruntime-node@"),
    details: { package: "onnxruntime-node", installed: false },
  });
  await expect(openRuntime({ prefer: "wasm", importer: without("onnxruntime-web") })).rejects.toThrow(
    "onnxruntime-web is not installed. Install it: npm install onnxruntime-web@",
  );
});

it("names both packages where neither is there", async () => {
  const opened = openRuntime({ importer: without("onnxruntime-node", "onnxruntime-web") });
  await expect(opened).rejects.toThrow(
    /No ONNX Runtime.*onnxruntime-node is not installed.*\n.*onnxruntime-web is not installed/,
  );
});
