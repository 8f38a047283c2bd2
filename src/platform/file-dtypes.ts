import { basename } from "./paths.ts";

/** What Transformers.js calls the numbers that a model's file holds, and the ending of such a file's name before `.onnx`. */
export const DTYPE_SUFFIXES = {
  fp32: "",
  fp16: "_fp16",
  q8: "_quantized",
  int8: "_int8",
  uint8: "_uint8",
  q4: "_q4",
  q4f16: "_q4f16",
  bnb4: "_bnb4",
} as const;

export type FileDtype = keyof typeof DTYPE_SUFFIXES;

/** The name of an `.onnx` file without what tells its numbers, and those: `decoder_q4.onnx` is `decoder` in q4. */
export function fileDtypeOf(path: string): { readonly name: string; readonly dtype: FileDtype } {
  const whole = basename(path).replace(/\.onnx$/u, "");
  for (const [dtype, suffix] of Object.entries(DTYPE_SUFFIXES))
    if (suffix !== "" && whole.endsWith(suffix))
      return { name: whole.slice(0, -suffix.length), dtype: dtype as FileDtype }; // a key of the table
  return { name: whole, dtype: "fp32" };
}
