import { readFileSync } from "node:fs";
import { float } from "../../src/onnx/attribute.ts";
import type { GradientCase } from "../support/gradient-check.ts";

/** What scripts/goldens/kinks.py writes: PyTorch's gradients where a function has none. Scalars stand for bounds. */
interface Row {
  readonly opType: string;
  readonly attributes: Readonly<Record<string, number>>;
  readonly inputs: readonly (readonly number[] | number)[];
  readonly gradients: readonly (readonly number[] | null)[];
}

const rows = JSON.parse(readFileSync(new URL("./kinks.json", import.meta.url), "utf8")) as readonly Row[];
const inDoubles = new Set(["Abs", "Relu", "Clip", "Max", "Min", "Pow", "CumProd"]);

/** Derivatives at kinks, at ties and at 0 are those that PyTorch takes. */
export const kinkCases: readonly GradientCase[] = rows.map((row) => ({
  opType: row.opType,
  title: "where PyTorch has to choose",
  ...(row.opType === "CumProd" ? { opset: 26 } : {}),
  precision: inDoubles.has(row.opType) || row.opType.startsWith("Reduce") ? "float64" : "float32",
  attributes: Object.fromEntries(Object.entries(row.attributes).map(([name, value]) => [name, float(value)])),
  inputs: [
    ...row.inputs.map((data) =>
      typeof data === "number" ? { dims: [], data: [data] } : { dims: [data.length], data },
    ),
    ...(row.opType === "CumProd" ? [{ dtype: "int64" as const, dims: [], data: [0] }] : []),
  ],
  gradients: row.gradients,
}));
