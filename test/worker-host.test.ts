import { describe, expect, it } from "vitest";
import { DataError, RunError } from "../src/errors.ts";
import { onnxModel } from "../src/runtime/onnx-models.fixtures.ts";
import { type HostOptions, hostInWorker, type WorkerRun } from "../src/runtime/worker-host.ts";

const entry = new URL("./fixtures/worker-entry.mjs", import.meta.url);

interface Request {
  readonly story: string;
  readonly [key: string]: unknown;
}
const host = <Event, Result>(request: Request, options?: HostOptions<Event>): WorkerRun<Result> =>
  hostInWorker<Request, Event, Result>(entry, request, options);

describe("a story in a worker thread", () => {
  it("posts its events in order, typed arrays among them, and then its result", async () => {
    const events: unknown[] = [];
    const { result } = host({ story: "count", to: 3 }, { onEvent: (e) => events.push(e) });
    expect(await result).toEqual({ sum: 6 });
    expect(events).toEqual([1, 2, 3].map((step) => ({ step, values: Float32Array.of(step) })));
  });

  it("leaves this thread free while it blocks its own, and stops between steps when asked", async () => {
    let ticks = 0;
    const timer = setInterval(() => ticks++, 1);
    const run: WorkerRun<{ steps: number }> = host(
      { story: "untilStopped" },
      { onEvent: () => run.requestStop() },
    );
    const { steps } = await run.result;
    clearInterval(timer);
    expect(steps).toBeGreaterThanOrEqual(3);
    expect(ticks).toBeGreaterThan(0);
  });

  it("stops when the signal is aborted, also before the start", async () => {
    const before = host<never, { steps: number }>({ story: "untilStopped" }, { signal: AbortSignal.abort() });
    expect(await before.result).toEqual({ steps: 0 });
    const control = new AbortController();
    const later = host({ story: "untilStopped" }, { signal: control.signal, onEvent: () => control.abort() });
    expect(await later.result).toMatchObject({ steps: expect.any(Number) });
  });

  it("can be terminated in an endless loop", async () => {
    const run = host({ story: "forever" }, { onEvent: () => void run.terminate() });
    await expect(run.result).rejects.toThrow(new RunError("The worker thread was terminated."));
  });

  it("fails with its own error, of our class, with details, stack and cause", async () => {
    const error: unknown = await host({ story: "fails" }).result.catch((e: unknown) => e);
    expect(error).toBeInstanceOf(DataError);
    expect(error).toMatchObject({
      message: "broken.png: not an image",
      details: { path: "broken.png" },
      stack: expect.stringContaining("worker-entry.mjs"),
      cause: { message: "bad magic" },
    });
  });

  it("fails when the thread exits, when something strays, and when the module does not load", async () => {
    await expect(host({ story: "exits" }).result).rejects.toThrow("ended with code 7 and no result");
    await expect(host({ story: "stray" }).result).rejects.toThrow("thrown outside of the story");
    const nowhere = hostInWorker(new URL("./fixtures/no-such-file.mjs", import.meta.url), {});
    await expect(nowhere.result).rejects.toThrow("no-such-file.mjs");
  });

  it("fails when an event cannot be cloned, and when the listener of events throws", async () => {
    await expect(host({ story: "uncloneable" }).result).rejects.toThrow("internal: event cannot cross");
    const onEvent = () => {
      throw new Error("listener failed");
    };
    await expect(host({ story: "count", to: 2 }, { onEvent }).result).rejects.toThrow("listener failed");
  });

  it("runs ONNX Runtime in place, thread after thread in one process", async () => {
    const value = { type: 1, dims: [4] };
    const bytes = onnxModel({
      nodes: [{ op: "Add", inputs: ["x", "x"], outputs: ["y"] }],
      inputs: [{ name: "x", ...value }],
      outputs: [{ name: "y", ...value }],
    });
    for (let i = 0; i < 3; i++) {
      const events: number[] = [];
      const { result } = host<number, Float32Array>(
        { story: "model", bytes, runs: 5 },
        { onEvent: (e) => events.push(e) },
      );
      expect(await result).toEqual(Float32Array.of(32, 64, 96, 128));
      expect(events).toHaveLength(5);
    }
  });
});
