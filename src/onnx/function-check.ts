import { ModelError } from "../errors.ts";
import { type FunctionDef, functionKey } from "./model.ts";
import type { NodeProto } from "./proto/onnx-ml_pb.ts";

/** Nodes after inlining all functions; real models stay below 200,000. */
const MAX_INLINED_NODES = 2 ** 21;

/**
 * Checks that functions can be inlined: each is defined once, none calls itself, and calls do not multiply without
 * bound (thirty functions that each call the next one twice make a billion nodes).
 *
 * @throws ModelError that names the function
 */
export function checkFunctions(functions: readonly FunctionDef[], nodes: readonly NodeProto[]): void {
  const defs = new Map<string, FunctionDef>();
  for (const def of functions) {
    const key = functionKey(def);
    if (defs.has(key)) throw new ModelError(`function "${key}" is defined twice`);
    defs.set(key, def);
  }
  const sizes = new Map<string, number>();
  const open = new Set<string>();

  const sizeOfNodes = (list: readonly NodeProto[]): number => {
    let sum = 0;
    for (const node of list) {
      sum += 1;
      const key = functionKey({ domain: node.domain, name: node.opType, overload: node.overload });
      const def = defs.get(key);
      if (def) sum += sizeOfFunction(key, def);
      for (const { g, graphs } of node.attribute)
        for (const graph of g ? [g, ...graphs] : graphs) sum += sizeOfNodes(graph.node);
    }
    return sum;
  };
  const sizeOfFunction = (key: string, def: FunctionDef): number => {
    const known = sizes.get(key);
    if (known !== undefined) return known;
    if (open.has(key))
      throw new ModelError(`function "${key}" calls itself (through ${[...open].join(" → ")})`);
    open.add(key);
    const size = sizeOfNodes(def.origin.node);
    open.delete(key);
    sizes.set(key, size);
    return size;
  };

  // Functions that no node calls are checked too, for a caller may yet be added.
  for (const [key, def] of defs) sizeOfFunction(key, def);
  const inlined = sizeOfNodes(nodes);
  if (inlined > MAX_INLINED_NODES) {
    throw new ModelError(
      `the model has ${inlined} nodes once its functions are inlined, more than ${MAX_INLINED_NODES}; the file is damaged`,
    );
  }
}
