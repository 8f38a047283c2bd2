import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Value } from "../../onnx/value.ts";
import { NetworkWriter } from "../../picture/networks.fixtures.ts";
import { touchedInArena } from "./arena.ts";
import { type Buffer, planBuffers } from "./buffer-plan.ts";
import { executionOrder } from "./execution-order.ts";

const KB = 1024;
const typed = (v: Value, ...dims: number[]): Value => {
  v.type = { dtype: "float32", dims };
  return v;
};

/** A writer of graphs whose values are all float32 of 1 KiB. */
class SmallGraph extends NetworkWriter {
  readonly x = typed(this.input("x", [256]), 256);

  apply(opType: string, ...inputs: Value[]): Value {
    return typed(this.op(opType, inputs), 256);
  }

  /** Bytes of each buffer and when it is taken and given back, x being apart. */
  plan(...outputs: Value[]): (readonly [number, number, number])[] {
    this.graph.outputs.push(...outputs);
    return planBuffers(this.graph, new Set([this.x])).buffers.map((b) => [b.bytes, b.from, b.to] as const);
  }
}

describe("the order in which ONNX Runtime runs nodes", () => {
  it("begins with what the last sink needs", () => {
    const g = new SmallGraph();
    const [a, b] = [g.apply("Erf", g.x), g.apply("Exp", g.x)];
    g.apply("Sqrt", a);
    g.apply("Neg", b);
    expect(executionOrder(g.graph.nodes).map((n) => n.opType)).toEqual(["Exp", "Neg", "Erf", "Sqrt"]);
  });

  it("computes, of what a node reads, the latest in the file first", () => {
    const g = new SmallGraph();
    const [a, b] = [g.apply("Erf", g.x), g.apply("Exp", g.x)];
    g.apply("Add", a, b);
    expect(executionOrder(g.graph.nodes).map((n) => n.opType)).toEqual(["Exp", "Erf", "Add"]);
  });
});

describe("the plan of buffers", () => {
  it("gives a chain that can write over itself one buffer, beside the output's own", () => {
    const g = new SmallGraph();
    const chain = g.apply("Relu", g.apply("Exp", g.apply("MatMul", g.x, g.x)));
    expect(g.plan(g.apply("Softmax", chain))).toEqual([
      [KB, 0, 3],
      [KB, 3, 4],
    ]);
  });

  it("keeps a value until its last reader, and gives its memory to the next value of the same shape", () => {
    const g = new SmallGraph();
    const a = g.apply("MatMul", g.x, g.x);
    const b = g.apply("Erf", a);
    const c = g.apply("MatMul", a, b);
    const d = g.apply("MatMul", c, c);
    // a and b end with c, d takes the memory of one of them, the output has its own.
    expect(g.plan(g.apply("MatMul", d, d))).toEqual([
      [KB, 0, 2],
      [KB, 1, 4],
      [KB, 2, 3],
      [KB, 4, 5],
    ]);
  });

  it("counts a view once, and what depends on constants alone apart", () => {
    const g = new SmallGraph();
    const view = g.apply("Reshape", g.apply("MatMul", g.x, g.x), g.weight(1));
    const fixed = typed(g.op("Exp", [g.weight(512)]), 512);
    g.graph.outputs.push(g.apply("MatMul", view, fixed));
    const { kept, buffers } = planBuffers(g.graph, new Set([g.x]));
    expect(kept).toBe(2 * KB);
    expect(buffers.map((b) => b.bytes)).toEqual([KB, KB]);
  });
});

describe("the arena", () => {
  const buffer = (bytes: number, from: number, to: number): Buffer => ({ bytes, from, to });
  const MB = 2 ** 20;

  it("takes memory again that was given back", () => {
    const one = [buffer(300 * KB, 0, 1), buffer(300 * KB, 2, 3), buffer(200 * KB, 4, 5)];
    expect(touchedInArena(one)).toBeLessThan(320 * KB);
  });

  it("cannot put a large buffer into the gaps between small ones", () => {
    const small = Array.from({ length: 8 }, (_, i) => buffer(100 * KB, i, i % 2 === 0 ? 8 : 20));
    const touched = touchedInArena([...small, buffer(300 * KB, 9, 10)]);
    expect(touched).toBeGreaterThan(1100 * KB - 17 * KB);
  });

  it("touches at least what is alive together, and at most the sum", () => {
    const buffers = fc.array(
      fc
        .tuple(fc.integer({ min: 1, max: 3 * MB }), fc.nat(20), fc.nat(20))
        .map(([bytes, from, length]) => buffer(bytes, from, from + length)),
      { maxLength: 30 },
    );
    const page = 2 ** 14;
    fc.assert(
      fc.property(buffers, (list) => {
        const alive = (at: number) =>
          list.reduce((n, b) => n + (b.from <= at && at <= b.to ? b.bytes : 0), 0);
        const most = Math.max(0, ...Array.from({ length: 41 }, (_, at) => alive(at)));
        const touched = touchedInArena(list);
        const sum = list.reduce((n, b) => n + Math.ceil(b.bytes / page + 1) * page, 0);
        return touched >= most && touched <= sum;
      }),
    );
  });
});
