import { ModelError, messageOf, RunError, UnsupportedOpError } from "../errors.ts";
import { dataTypeOfCode } from "../tensor/data-type.ts";

/** What ONNX Runtime says when no kernel exists: "Could not find an implementation for Foo(7) node with name 'n'". */
const noKernel =
  /Could not find an implementation for (?<op>[\w.]+)\((?<version>\d+)\) node with name '(?<node>[^']*)'/;
/** What it says of an operator outside its schemas: "No Op registered for Foo with domain_version of 17". */
const noSchema = /No Op registered for (?<op>[\w.]+) with domain_version of (?<version>\d+)/;
const unknownOp = /(?<op>[\w.:]+)\((?:-?\d+)\) is not a registered function\/op/;
/** What the JavaScript binding says of an input or output whose dtype it cannot carry: "Unsupported data type: 16". */
const noDtype = /unsupported data type: (?<code>\d+)/i;

/** The error to throw when an input or output has a dtype that does not pass between ONNX Runtime and JavaScript. */
export function uncarriedError(model: string, backend: string, dtype: string, cause?: unknown): ModelError {
  return new ModelError(
    `${model}: an input or output is ${dtype}, which ${backend} cannot pass to JavaScript. ` +
      "Convert it in the graph, for example with a Cast to float32.",
    { cause, details: { model, backend, dtype } },
  );
}

/** The error to throw when a session cannot be made of a model. */
export function creationError(model: string, backend: string, cause: unknown): ModelError {
  const said = wordsOf(cause);
  const match = noKernel.exec(said) ?? noSchema.exec(said) ?? unknownOp.exec(said);
  if (match?.groups !== undefined) {
    const { op, version, node } = match.groups;
    return new UnsupportedOpError(
      `${model}: ${backend} has no kernel for ${op}${version === undefined ? "" : ` (opset ${version})`}` +
        `${node === undefined || node === "" ? "" : ` of node "${node}"`} with these types. It said: ${said}`,
      { cause, details: { model, backend, opType: op, opset: version, node } },
    );
  }
  const code = noDtype.exec(said)?.groups?.code;
  if (code !== undefined) {
    return uncarriedError(model, backend, dataTypeOfCode(Number(code)) ?? `dtype ${code}`, cause);
  }
  const remedy = /external data/i.test(said)
    ? "\n  Weights lie in other files: give their contents in `externalData`, or open the model by its path (native)."
    : "";
  return new ModelError(`${model}: ${backend} cannot open the model. It said: ${said}${remedy}`, {
    cause,
    details: { model, backend },
  });
}

/** The error to throw when a run of a session fails inside ONNX Runtime. */
export function runError(model: string, backend: string, cause: unknown): RunError {
  return new RunError(`${model}: ${backend} failed during the run. It said: ${wordsOf(cause)}`, {
    cause,
    details: { model, backend },
  });
}

/** ONNX Runtime's message without the place in its own source, which helps nobody here. */
function wordsOf(cause: unknown): string {
  return messageOf(cause)
    .replace(/\S*\/onnxruntime\/\S+:\d+ .*?\[ONNXRuntimeError\] : \d+ : \w+ : /g, "")
    .trim();
}
