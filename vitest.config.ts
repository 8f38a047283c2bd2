import { defineConfig, type ViteUserConfig } from "vitest/config";

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
