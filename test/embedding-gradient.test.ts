import { expect, test } from "vitest";
import { vjp } from "../src/autodiff/vjp.ts";
import { encodeModel } from "../src/onnx/encode.ts";
import { lower } from "../src/passes/lower.ts";
import { openRuntime } from "../src/runtime/runtime.ts";
import { createRandom } from "../src/tensor/random.ts";
import { type Tensor, tensor, zeros } from "../src/tensor/tensor.ts";
import { createEvaluator } from "../src/training/constant-evaluator.ts";
import { graphOf, modelOf, type NodeText } from "./support/graph-of.ts";

const ROWS = 16;
const WIDTH = 96;
const TOKENS = 4096;

// ONNX Runtime's ScatterND(add) loses updates of repeated indices when it runs in several threads; see scatter-rules.ts.
test.each<[string, NodeText, readonly number[]]>([
  ["Gather", ["Gather", ["table", "ids"], ["y"]], [TOKENS]],
  ["GatherND", ["GatherND", ["table", "ids"], ["y"]], [TOKENS, 1]],
])("the gradient of a %s with repeated indices loses nothing in several threads", async (_, node, dims) => {
  const runtime = await openRuntime({ prefer: "native", threads: 4 });
  const table = zeros("float32", [ROWS, WIDTH]);
  const random = createRandom(7);
  const ids = tensor(
    "int64",
    dims,
    BigInt64Array.from({ length: TOKENS }, () => BigInt(random.integer(ROWS))),
  );
  const type = (t: Tensor) => ({ dtype: t.dtype, dims: t.dims });
  const model = modelOf(
    graphOf({ inputs: { table: type(table), ids: type(ids) }, nodes: [node], outputs: ["y"] }),
  );
  const lowered = await lower(model, {
    inputShapes: new Map([
      ["table", table.dims],
      ["ids", ids.dims],
    ]),
    parameters: [],
    evaluate: createEvaluator(runtime),
  });
  const { b, graph } = lowered;
  const y = lowered.outputs.get("y")!;
  const ones = b.full(y.dims, 1, "float32");
  const wrt = lowered.inputs.get("table")!;
  const gradient = vjp(b, { seeds: new Map([[y, ones]]), wrt: [wrt] }).get(wrt)!;
  gradient.name = "gradient";
  graph.outputs = [gradient];
  const session = await runtime.createSession(encodeModel(modelOf(graph)), { name: "gradient" });
  const used = session.inputs.map(({ name }) => name);
  const feeds = new Map(
    [
      ["table", table],
      ["ids", ids],
    ].filter(([name]) => used.includes(name as string)) as [string, Tensor][], // pairs of the two above
  );
  const counts = new Array<number>(ROWS).fill(0);
  for (const id of ids.data) counts[Number(id)]! += 1;
  const expected = counts.flatMap((count) => new Array<number>(WIDTH).fill(count));
  for (let run = 0; run < 20; run++) {
    const result = (await session.run(feeds)).get("gradient")!;
    expect(Array.from(result.data as Float32Array)).toEqual(expected);
  }
  await session.release();
});
