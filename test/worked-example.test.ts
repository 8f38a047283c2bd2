import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { stepTensor } from "../src/optim/oracle.ts";
import { findUpdateRule } from "../src/optim/updates/registry.ts";
import { ball } from "./support/ball.ts";

const read = (path: string) => readFileSync(new URL(path, import.meta.url), "utf8");

test("the anchor rule that docs/adding-a-method.md shows is one that compiles here", () => {
  const body = (text: string) => text.slice(text.indexOf("/**\n * Ball:"), text.indexOf("\n});\n") + 5);
  expect(body(read("../docs/adding-a-method.md"))).toBe(body(read("support/ball.ts")));
});

test("and it keeps a tensor within its radius", () => {
  const update = findUpdateRule("adam")
    .bind({})
    .forParameter({ shape: [3], role: "other" });
  const parameter = Float64Array.of(1, -1, 2);
  const anchor = parameter.slice();
  const states = update.states.map(() => new Float64Array(3));
  for (let step = 1; step <= 30; step++) {
    const gradient = Float64Array.of(-1, 1, 0.5);
    stepTensor({
      ...{ update, rule: ball.bind({ radius: 0.25 }), strength: 1, parameter, gradient, states, anchor },
      ...{ lr: 0.05, step },
    });
    expect(Math.hypot(...parameter.map((x, i) => x - anchor[i]!))).toBeLessThanOrEqual(0.25 + 1e-12);
  }
});
