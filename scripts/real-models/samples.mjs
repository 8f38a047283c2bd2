// Inputs and targets for a model that nobody has data for.
import { sizeOf } from "../../dist/tensor/shape.js";
import { tensor } from "../../dist/tensor/tensor.js";

const NORMAL_SCALE = 0.5;

/** A tensor for each input: normal numbers, or what `settings.inputs` asks for. */
export function sampleInputs(inputs, { dims = {}, inputs: wanted = {} }, random) {
  return new Map(
    inputs.map(({ name, declared }) => {
      const shape = (declared.dims ?? []).map((d, axis) => {
        if (typeof d === "number" && d >= 0) return d;
        const size = dims[d] ?? dims[`${name}.${axis}`];
        if (size === undefined) throw new Error(`input "${name}": no size for axis ${axis} ("${d}")`);
        return size;
      });
      const draw = drawerOf(wanted[name] ?? {}, declared.dtype, random);
      const dtype = /float16/.test(declared.dtype) ? "float32" : declared.dtype; // as training models take it
      return [name, tensor(dtype, shape, arrayOf(dtype, sizeOf(shape), draw))];
    }),
  );
}

function drawerOf({ value, below, uniform }, dtype, random) {
  if (value !== undefined) return () => value;
  if (below !== undefined) return () => random.integer(below);
  if (uniform) return () => uniform[0] + (uniform[1] - uniform[0]) * random.next();
  return /float/.test(dtype) ? () => NORMAL_SCALE * random.normal() : () => random.integer(2);
}

function arrayOf(dtype, length, draw) {
  if (dtype === "int64") return BigInt64Array.from({ length }, () => BigInt(draw()));
  if (dtype === "int32") return Int32Array.from({ length }, draw);
  if (dtype === "bool" || dtype === "uint8") return Uint8Array.from({ length }, draw);
  if (dtype === "float32") return Float32Array.from({ length }, draw);
  throw new Error(`no samples of ${dtype}`);
}

/** Targets near an output: it, and as much noise as it varies, so that no gradient is tiny. */
export function sampleTargets({ data, dims }, random) {
  const mean = data.reduce((a, b) => a + b, 0) / data.length;
  const spread = Math.sqrt(data.reduce((a, b) => a + (b - mean) ** 2, 0) / data.length) || 1;
  return tensor(
    "float32",
    dims,
    data.map((v) => v + spread * random.normal()),
  );
}
