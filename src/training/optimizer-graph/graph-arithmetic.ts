import type { Value } from "../../onnx/value.ts";
import type { OpBuilder } from "../../ops/op-builder.ts";
import { productsOf, type ScalarArithmetic } from "../../optim/arithmetic.ts";
import type { TensorArithmetic } from "../../optim/tensor-arithmetic.ts";
import { sizeOf } from "../../tensor/shape.ts";
import { tensor } from "../../tensor/tensor.ts";

/** Formulas as nodes: operands are values of one dtype that broadcast against each other. */
export function graphArithmetic(b: OpBuilder, dtype: "float32" | "float64"): ScalarArithmetic<Value> {
  return {
    constant: (value) => b.scalar(value, dtype),
    add: (x, y) => b.add(x, y),
    sub: (x, y) => b.sub(x, y),
    mul: (x, y) => b.mul(x, y),
    div: (x, y) => b.div(x, y),
    sqrt: (x) => b.op("Sqrt", [x]),
    abs: (x) => b.op("Abs", [x]),
    max: (x, y) => b.op("Max", [x, y]),
    min: (x, y) => b.op("Min", [x, y]),
    whereGreater: (x, y, yes, no) => b.where(b.op("Greater", [x, y]), yes, no),
    power: (base, exponent) => b.op("Pow", [base, exponent]),
    product(factor, count) {
      const table = [1, ...productsOf(factor), 0];
      const last = b.scalar(table.length - 1, dtype);
      const index = b.cast(b.op("Min", [count, last]), "int64");
      const data = dtype === "float64" ? Float64Array.from(table) : Float32Array.from(table);
      return b.op("Gather", [b.constant(tensor(dtype, [table.length], data)), index]);
    },
  };
}

/** A scalar that was computed in float64, for use with float32 tensors. */
export function toFloat32(b: OpBuilder, value: Value): Value {
  const known = value.constant?.data;
  return known instanceof Float64Array ? b.scalar(known[0]!, "float32") : b.cast(value, "float32");
}

/** Σ x over all elements: float32 within a slice of the first axis and float64 across, float64 []. */
export function sumAll(b: OpBuilder, x: Value): Value {
  const axes = x.dims.map((_, i) => i);
  const within = axes.length > 1 ? axes.slice(1) : axes;
  const slices = b.cast(b.reduceSum(x, within, false), "float64");
  return axes.length > 1 ? b.reduceSum(slices, [0], false) : slices;
}

/** Formulas over float32 tensors [matrices, rows, columns] as nodes. */
export function graphTensors(b: OpBuilder): TensorArithmetic<Value> {
  const floats = graphArithmetic(b, "float32");
  const turn = (x: Value, isTransposed = false) => (isTransposed ? b.transposeLast(x) : x);
  return {
    map: (operands, formula) => formula(floats, ...operands),
    mean(over, operands, formula) {
      const x = formula(floats, ...operands);
      if (over !== "all") return b.reduceMean(x, [over === "row" ? 2 : 1], true);
      const mean = b.div(sumAll(b, x), b.scalar(sizeOf(x.dims), "float64"));
      return b.reshape(b.cast(mean, "float32"), [1, 1, 1]);
    },
    product: (x, y, transposed = {}) => b.matmul(turn(x, transposed.x), turn(y, transposed.y)),
    repeat(times, x, body) {
      let result = x;
      for (let t = 0; t < times; t++) result = body(result);
      return result;
    },
  };
}
