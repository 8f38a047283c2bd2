import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openRuntime } from "../src/runtime/runtime.ts";
import { tensor, toNumbers } from "../src/tensor/tensor.ts";
import { firstExample } from "./support/documents.ts";

/** Losses and logits of the example's network at x + h t. */
async function moved(h: number): Promise<{ loss: number; logits: number[] }> {
  const runtime = await openRuntime({ prefer: "native", threads: 1 });
  const session = await runtime.createSession(readFileSync("src/autodiff/fixtures/mlp.onnx"));
  const x = Float32Array.from({ length: 30 }, (_, i) => Math.sin(i) + h * Math.cos(i));
  const results = await session.run(new Map([["x", tensor("float32", [5, 6], x)]]));
  await session.release();
  const logits = toNumbers(results.get("logits")!); // its only output
  const terms = [0, 2, 1, 1, 0].map((target, row) => {
    const scores = logits.slice(3 * row, 3 * row + 3);
    return Math.log(scores.reduce((sum, s) => sum + Math.exp(s), 0)) - scores[target]!;
  });
  return { loss: terms.reduce((sum, v) => sum + v, 0) / 5, logits };
}

test("the example of docs/autodiff.md runs, and its figures are those of finite differences", async () => {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-autodiff-"));
  try {
    copyFileSync("src/autodiff/fixtures/mlp.onnx", join(folder, "model.onnx"));
    writeFileSync(join(folder, "example.mjs"), firstExample("docs/autodiff.md", "js"));
    const { status, stdout, stderr } = spawnSync(process.execPath, ["example.mjs"], {
      cwd: folder,
      encoding: "utf8",
    });
    expect(status, stderr).toBe(0);
    expect(existsSync(join(folder, "gradient.onnx"))).toBe(true);
    const printed = new Map(
      stdout
        .trim()
        .split("\n")
        .map((line) => line.split(/ (.*)/s) as [string, string]),
    );
    expect(printed.get("outputs")).toContain("loss a.weight_grad a.bias_grad");

    const [here, up, down] = [await moved(0), await moved(0.02), await moved(-0.02)];
    expect(Number(printed.get("loss"))).toBeCloseTo(here.loss, 5);
    const tangent = printed.get("tangent")!.split(" ").map(Number);
    expect(tangent.length).toBe(15);
    tangent.forEach((v, i) => {
      expect(v).toBeCloseTo((up.logits[i]! - down.logits[i]!) / 0.04, 2);
    });
    const curvature = (up.loss - 2 * here.loss + down.loss) / 0.02 ** 2;
    expect(Number(printed.get("curvature"))).toBeCloseTo(curvature, 2);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
