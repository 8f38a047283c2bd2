import type { Evaluate } from "../passes/constant-region.ts";
import type { Runtime } from "../runtime/runtime.ts";

/** Runs small models without inputs, for folding constants. */
export function createEvaluator(runtime: Runtime): Evaluate {
  return async (model) => {
    // Each model is run once, so rewriting it first would cost more than it saves.
    const session = await runtime.createSession(model, {
      name: "constants",
      optimization: "disabled",
      threads: 1,
    });
    try {
      const results = await session.run(new Map());
      return session.outputs.map((output) => results.get(output.name)!); // run() gives every output it lists
    } finally {
      await session.release();
    }
  };
}
