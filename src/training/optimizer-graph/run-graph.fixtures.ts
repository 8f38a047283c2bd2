import type { Runtime } from "../../runtime/runtime.ts";
import type { Session } from "../../runtime/session.ts";
import { sizeOf } from "../../tensor/shape.ts";
import { scalar, type Tensor, tensor } from "../../tensor/tensor.ts";
import { buildOptimizerGraph, type OptimizerGraphOptions } from "./build-optimizer-graph.ts";

/** An optimizer graph with the values that it steps from, kept between steps. */
export interface GraphOptimizer {
  readonly session: Session;
  /** Every input but gradients, `lr` and `step`, by name; each step puts in the values after it. */
  readonly values: Map<string, Float32Array>;
  step(gradients: Readonly<Record<string, Float32Array>>, lr: number): Promise<void>;
}

/** Opens the graph of an optimizer over parameters that start from `initial`, anchored where `anchors` says. */
export async function openGraphOptimizer(
  runtime: Runtime,
  options: OptimizerGraphOptions,
  given: {
    readonly initial: Readonly<Record<string, Float32Array>>;
    readonly anchors?: Readonly<Record<string, Float32Array>>;
  },
): Promise<GraphOptimizer> {
  const { model, parameters } = buildOptimizerGraph(options);
  const session = await runtime.createSession(model, { name: "optimizer", threads: 1 });
  const values = new Map<string, Float32Array>();
  const shapes = new Map<string, readonly number[]>();
  for (const p of parameters) {
    values.set(p.name, given.initial[p.name]!);
    shapes.set(p.name, p.shape).set(p.gradient, p.shape);
    for (const state of p.states) {
      values.set(state.name, new Float32Array(sizeOf(state.shape)));
      shapes.set(state.name, state.shape);
    }
    if (p.anchor === null) continue;
    values.set(p.anchor, given.anchors?.[p.name] ?? given.initial[p.name]!);
    shapes.set(p.anchor, p.shape);
  }
  let done = 0;
  return {
    session,
    values,
    async step(gradients, lr) {
      done++;
      const feeds = new Map<string, Tensor>([
        ["lr", scalar("float32", lr)],
        ["step", scalar("int64", done)],
      ]);
      const put = (name: string, data: Float32Array) =>
        feeds.set(name, tensor("float32", shapes.get(name)!, data));
      for (const [name, data] of values) put(name, data);
      for (const p of parameters) put(p.gradient, gradients[p.name]!);
      for (const [name, next] of await session.run(feeds)) {
        values.set(name.replace(/_next$/, ""), next.data as Float32Array); // every output is float32
      }
    },
  };
}
