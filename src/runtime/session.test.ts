import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ModelError, RunError, UnsupportedOpError } from "../errors.ts";
import { floatToHalf } from "../tensor/half.ts";
import { int64s, type Tensor, tensor, zeros } from "../tensor/tensor.ts";
import { onnxModel } from "./onnx-models.fixtures.ts";
import { openRuntime } from "./runtime.ts";

const FLOAT = 1;
const INT64 = 7;
const STRING = 8;
const BOOL = 9;
const HALF = 10;

/** y = x · w, total = Σ y; x [batch, 3], w [3, 2]. */
const linear = onnxModel({
  nodes: [
    { op: "MatMul", inputs: ["x", "w"], outputs: ["y"] },
    { op: "ReduceSum", inputs: ["y"], outputs: ["total"], ints: { keepdims: 0 } },
  ],
  inputs: [
    { name: "x", type: FLOAT, dims: ["batch", 3] },
    { name: "w", type: FLOAT, dims: [3, 2] },
  ],
  outputs: [
    { name: "y", type: FLOAT, dims: ["batch", 2] },
    { name: "total", type: FLOAT, dims: [] },
  ],
});

/** w2 = w − g, elementwise over [n]: an optimizer step whose output may lie over its input. */
const step = onnxModel({
  nodes: [{ op: "Sub", inputs: ["w", "g"], outputs: ["w2"] }],
  inputs: ["w", "g"].map((name) => ({ name, type: FLOAT, dims: ["n"] })),
  outputs: [{ name: "w2", type: FLOAT, dims: ["n"] }],
});

/** y = x · k elementwise, where k is a file of its own. */
const scale = onnxModel({
  nodes: [{ op: "Mul", inputs: ["x", "k"], outputs: ["y"] }],
  inputs: [{ name: "x", type: FLOAT, dims: [2] }],
  outputs: [{ name: "y", type: FLOAT, dims: [2] }],
  external: [{ name: "k", dims: [2], location: "scale.bin" }],
});
const pair = tensor("float32", [2], Float32Array.of(10, 20));

/** y = x of one dtype. */
const identity = (type: number, dims: readonly (number | string)[] = ["n"]) =>
  onnxModel({
    nodes: [{ op: "Identity", inputs: ["x"], outputs: ["y"] }],
    inputs: [{ name: "x", type, dims }],
    outputs: [{ name: "y", type, dims }],
  });

const feeds = (entries: Record<string, Tensor>) => new Map(Object.entries(entries));
const x = tensor("float32", [2, 3], Float32Array.of(1, 2, 3, 4, 5, 6));
const w = tensor("float32", [3, 2], Float32Array.of(1, 0, 0, 1, 1, 1));

describe.each(["native", "wasm"] as const)("a session of the %s runtime", (prefer) => {
  const opened = openRuntime({ prefer, threads: 1 });
  const open = async (model: Uint8Array) => (await opened).createSession(model, { name: "m.onnx" });

  it("tells names, dtypes and dimensions of inputs and outputs", async () => {
    const session = await open(linear);
    expect(session.inputs).toEqual([
      { name: "x", dtype: "float32", dims: ["batch", 3] },
      { name: "w", dtype: "float32", dims: [3, 2] },
    ]);
    expect(session.outputs).toEqual([
      { name: "y", dtype: "float32", dims: ["batch", 2] },
      { name: "total", dtype: "float32", dims: [] },
    ]);
  });

  it("computes every output, or only those asked for", async () => {
    const session = await open(linear);
    const all = await session.run(feeds({ x, w }));
    expect([...all.keys()]).toEqual(["y", "total"]);
    expect(all.get("y")).toEqual(tensor("float32", [2, 2], Float32Array.of(4, 5, 10, 11)));
    expect(all.get("total")).toEqual(tensor("float32", [], Float32Array.of(30)));
    expect([...(await session.run(feeds({ x, w }), { outputs: ["total"] })).keys()]).toEqual(["total"]);
  });

  it("fills a given tensor with an output and answers with that tensor", async () => {
    const session = await open(linear);
    const y = zeros("float32", [2, 2]);
    const result = await session.run(feeds({ x, w }), { into: feeds({ y }) });
    expect(result.get("y")).toBe(y);
    expect([...y.data]).toEqual([4, 5, 10, 11]);
    expect(result.get("total")?.data[0]).toBe(30);
  });

  it("reads inputs from a WebAssembly.Memory and writes outputs into it, also over an input", async () => {
    const { buffer } = new WebAssembly.Memory({ initial: 1 });
    const params = tensor("float32", [4], new Float32Array(buffer, 64, 4));
    const grads = tensor("float32", [4], new Float32Array(buffer, 128, 4));
    params.data.set([1, 2, 3, 4]);
    const session = await open(step);
    for (let i = 1; i <= 3; i++) {
      grads.data.fill(i);
      await session.run(feeds({ w: params, g: grads }), { into: feeds({ w2: params }) });
    }
    expect([...new Float32Array(buffer, 64, 4)]).toEqual([-5, -4, -3, -2]);
  });

  it("carries float16 as its bits, bool, int64 and strings", async () => {
    const cases: readonly [number, Tensor][] = [
      [HALF, tensor("float16", [2], Uint16Array.of(floatToHalf(1.5), floatToHalf(-2)))],
      [BOOL, tensor("bool", [3], Uint8Array.of(1, 0, 1))],
      [INT64, int64s([2 ** 53, -1])],
      [STRING, tensor("string", [2], ["héllo", ""])],
    ];
    for (const [type, value] of cases) {
      const session = await open(identity(type));
      expect((await session.run(feeds({ x: value }))).get("y")).toEqual(value);
      await session.release();
    }
  });

  it("carries scalars and tensors without elements", async () => {
    const scalarCase = tensor("float32", [], Float32Array.of(7));
    expect((await (await open(identity(FLOAT, []))).run(feeds({ x: scalarCase }))).get("y")).toEqual(
      scalarCase,
    );
    const empty = zeros("float32", [0]);
    expect((await (await open(identity(FLOAT))).run(feeds({ x: empty }))).get("y")).toEqual(empty);
  });

  it("reports every tensor that does not fit, before the runtime sees one", async () => {
    const session = await open(linear);
    const wrong = session.run(feeds({ x: zeros("float32", [2, 4]), v: w, w: zeros("float64", [3, 2]) }), {
      outputs: ["y", "z"],
      into: feeds({ total: zeros("float32", []) }),
    });
    await expect(wrong).rejects.toThrow(
      [
        "m.onnx: the tensors do not fit the model.",
        'input "x": expected float32 [batch, 3], got float32 [2, 4]',
        'input "w": expected float32 [3, 2], got float64 [3, 2]',
        'input "v": not in the model, which has x, w',
        'output "z": not in the model, which has y, total',
        'output "total": given a tensor to fill, but not among the outputs of this run',
      ].join("\n  "),
    );
    await expect(session.run(feeds({ x }))).rejects.toThrow('input "w": missing, expected float32 [3, 2]');
    await expect(
      session.run(feeds({ x, w }), { into: feeds({ y: zeros("float32", [2, 3]) }) }),
    ).rejects.toThrow('output "y": expected float32 [batch, 2], got float32 [2, 3]');
  });

  it("fails when an output has another size than the tensor to fill, in ONNX Runtime's or our own words", async () => {
    const session = await open(linear);
    const run = session.run(feeds({ x, w }), { into: feeds({ y: zeros("float32", [5, 2]) }) });
    await expect(run).rejects.toThrow(RunError);
    await expect(run).rejects.toThrow("m.onnx");
  });

  it("notices that the memory of a tensor was detached", async () => {
    const memory = new WebAssembly.Memory({ initial: 1 });
    const g = tensor("float32", [2], new Float32Array(memory.buffer, 0, 2));
    const session = await open(step);
    await session.run(feeds({ w: g, g }));
    memory.grow(1);
    await expect(session.run(feeds({ w: g, g }))).rejects.toThrow(
      'input "w": the tensor\'s memory was detached',
    );
  });

  it("names the dtype of a model's input that the binding cannot carry", async () => {
    await expect(open(identity(16))).rejects.toThrow("m.onnx: an input or output is bfloat16, which");
  });

  it("names the operator for which there is no kernel", async () => {
    const strange = onnxModel({
      nodes: [{ op: "Frobnicate", inputs: ["x"], outputs: ["y"] }],
      inputs: [{ name: "x", type: FLOAT, dims: ["n"] }],
      outputs: [{ name: "y", type: FLOAT, dims: ["n"] }],
    });
    await expect(open(strange)).rejects.toThrow(UnsupportedOpError);
    await expect(open(strange)).rejects.toThrow("no kernel for Frobnicate");
  });

  it("refuses bytes that are no model, with ONNX Runtime's words as the cause", async () => {
    const error: unknown = await open(Uint8Array.of(1, 2, 3, 4)).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(ModelError);
    expect(error).toMatchObject({ message: expect.stringContaining("m.onnx"), cause: expect.any(Error) });
  });

  it("opens a file by its path, and a model whose weights lie in another file", async () => {
    const folder = mkdtempSync(join(tmpdir(), "holdfast-session-"));
    try {
      const path = join(folder, "scale.onnx");
      writeFileSync(path, linear);
      const byPath = await (await opened).createSession({ path });
      expect((await byPath.run(feeds({ x, w }), { outputs: ["total"] })).get("total")?.data[0]).toBe(30);
      await expect(byPath.run(feeds({ x }))).rejects.toThrow(path);

      const k = new Uint8Array(Float32Array.of(2, 3).buffer);
      const byBytes = await (await opened).createSession(scale, {
        externalData: new Map([["scale.bin", k]]),
      });
      expect([...(await byBytes.run(feeds({ x: pair }))).get("y")!.data]).toEqual([20, 60]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("names the external data that it was not given", async () => {
    await expect(open(scale)).rejects.toThrow(/scale\.bin.*\n.*give their contents in `externalData`/);
  });

  it("cannot run after its release, and may be released twice", async () => {
    const session = await open(linear);
    await session.release();
    await session.release();
    await expect(session.run(feeds({ x, w }))).rejects.toThrow("the session was released");
  });

  it("keeps memory flat over 1,000 runs", async () => {
    const size = 1 << 16;
    const session = await open(step);
    const params = zeros("float32", [size]);
    const grads = tensor("float32", [size], new Float32Array(size).fill(1));
    const run = () => session.run(feeds({ w: params, g: grads }), { into: feeds({ w2: params }) });
    for (let i = 0; i < 100; i++) await run();
    const before = process.memoryUsage.rss();
    for (let i = 0; i < 1000; i++) await run();
    expect(params.data[0]).toBe(-1100);
    // One leaked tensor per run would be 250 MiB; the collector may hold some dozens.
    expect(process.memoryUsage.rss() - before).toBeLessThan(150 * 2 ** 20);
  });
});

describe("the two runtimes", () => {
  it("give the same numbers", async () => {
    const values = Float32Array.from({ length: 300 }, (_, i) => Math.fround(Math.sin(i)));
    const big = tensor("float32", [100, 3], values);
    const [a, b] = await Promise.all(
      (["native", "wasm"] as const).map(async (prefer) => {
        const session = await (await openRuntime({ prefer, threads: 1 })).createSession(linear);
        return (await session.run(feeds({ x: big, w }))).get("y")?.data as Float32Array;
      }),
    );
    // Dot products of three terms: the two builds may differ by an FMA, one unit in the last place.
    for (let i = 0; i < 200; i++) expect(Math.abs(a![i]! - b![i]!)).toBeLessThanOrEqual(2 ** -22);
  });
});

describe("the native runtime", () => {
  it("finds external data beside a model opened by its path", async () => {
    const folder = mkdtempSync(join(tmpdir(), "holdfast-session-"));
    try {
      const path = join(folder, "scale.onnx");
      writeFileSync(path, scale);
      writeFileSync(join(folder, "scale.bin"), new Uint8Array(Float32Array.of(2, 3).buffer));
      const session = await (await openRuntime({ prefer: "native" })).createSession({ path });
      expect([...(await session.run(feeds({ x: pair }))).get("y")!.data]).toEqual([20, 60]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("refuses shared memory by name, which it could not read", async () => {
    const session = await (await openRuntime({ prefer: "native" })).createSession(step);
    const shared = tensor("float32", [1], new Float32Array(new SharedArrayBuffer(4)));
    await expect(session.run(feeds({ w: shared, g: shared }))).rejects.toThrow(
      'input "w": the tensor lies in shared',
    );
  });
});
