import type { Site } from "../peft/site.ts";
import { tableLines } from "./table.ts";

/** A table of the layers that adapters can sit on, by the names that targets are matched with. */
export function layerLines(layers: readonly Site[]): string[] {
  if (layers.length === 0) return ["No layer of the main graph computes with a stored weight."];
  const rows = layers.map((s) => [s.module, s.kind, `[${s.shape.join(", ")}]`, remarkOn(s)]);
  return tableLines([["layer", "kind", "shape", ""], ...rows], "llll");
}

/** The same, for programs. */
export function layerFacts(layers: readonly Site[]): readonly object[] {
  return layers.map(({ module, namedBy, kind, shape, weight, dtype, isQuantized, uses, refusal }) => ({
    module,
    namedBy,
    kind,
    shape,
    weight: weight.name,
    dtype,
    isQuantized,
    uses: uses.length,
    noAdapterBecause: refusal,
  }));
}

function remarkOn({ refusal, isQuantized, uses, namedBy }: Site): string {
  if (refusal !== null) return `no adapter: ${refusal}`;
  return [
    ...(isQuantized ? ["quantised"] : []),
    ...(uses.length > 1 ? [`used ${uses.length} times`] : []),
    ...(namedBy === "file" ? ["named by its tensor"] : []),
  ].join(", ");
}
