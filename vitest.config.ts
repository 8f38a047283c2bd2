import { execFileSync } from "node:child_process";
import { defineConfig, type ViteUserConfig } from "vitest/config";

// Merging a tracked node_modules (a link, say) deletes the real folder in the checkout that takes the merge.
if (execFileSync("git", ["ls-files", "node_modules"], { encoding: "utf8" }) !== "") {
  throw new Error(
    "node_modules is tracked: run `git rm --cached node_modules` and commit before anything is merged",
  );
}

const config: ViteUserConfig = defineConfig({
  test: {
    include: ["src/**/*.test.ts", "test/**/*.test.ts"],
    testTimeout: 60_000,
    // ONNX Runtime is a native addon: processes, not threads, keep one file's crash from taking the others with it.
    pool: "forks",
    maxWorkers: 2,
  },
});
export default config;
