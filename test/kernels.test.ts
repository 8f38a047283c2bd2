import { spawnSync } from "node:child_process";
import { expect, it } from "vitest";

it("the committed kernels are what their sources compile to", () => {
  const { status, stderr } = spawnSync(process.execPath, ["scripts/build-kernels.mjs", "--check"], {
    encoding: "utf8",
  });
  expect(stderr).toBe("");
  expect(status).toBe(0);
});
