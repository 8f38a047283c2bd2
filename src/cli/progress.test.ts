import { describe, expect, it } from "vitest";
import type { TrainingEvent } from "../training/events.ts";
import { createProgress } from "./progress.ts";
import { openTerminal } from "./terminal.ts";

/** A run of 40 steps, one every 2 seconds, with an evaluation before and one after. */
function* story(): Generator<TrainingEvent> {
  const evaluation = (step: number, set: string, accuracy: number): TrainingEvent => ({
    kind: "evaluation",
    step,
    epoch: step / 10,
    model: step === 0 ? "initial" : "current",
    set,
    setKind: set === "test" ? "test" : "shift",
    count: 100,
    metrics: { accuracy, loss: 1 },
    chosenBy: "accuracy",
  });
  yield { kind: "phase", text: "Reading model.onnx" };
  yield { kind: "note", text: "A new head is trained." };
  yield {
    kind: "plan",
    totalSteps: 40,
    startStep: 0,
    trainCount: 320,
    batchSize: 32,
    parameters: 1_234_567,
    tensors: 8,
    runtime: "onnxruntime-node",
  };
  yield evaluation(0, "test", 0.1);
  yield evaluation(0, "fog", 0.09);
  yield { kind: "checkpoint", step: 0 };
  for (let step = 1; step <= 40; step++) {
    yield {
      kind: "step",
      step,
      totalSteps: 40,
      epoch: step / 10,
      loss: 0.5,
      lr: 1e-4,
      fired: 2,
      tensors: 8,
      examples: 32,
    };
  }
  yield evaluation(40, "test", 0.987);
  yield { kind: "phase", text: "Writing the model and checking it" };
}

function tell(stream: { isTTY: boolean; columns: number }): string {
  let written = "";
  let seconds = 0;
  const write = (text: string) => {
    written += text;
  };
  const terminal = openTerminal({ ...stream, write }, { NO_COLOR: "1" });
  const progress = createProgress({ terminal, clock: () => seconds * 1000, memory: () => 512e6 });
  for (const event of story()) {
    if (event.kind === "step") seconds += 2;
    progress.tell(event);
  }
  progress.end();
  return written;
}

describe("progress without a terminal", () => {
  const lines = tell({ isTTY: false, columns: 80 }).split("\n");

  it("writes plain lines alone, no faster than people read", () => {
    for (const control of ["\r", "\u001b"]) expect(lines.join("\n")).not.toContain(control);
    const steps = lines.filter((line) => line.startsWith("step "));
    expect(steps.length).toBeGreaterThan(2);
    expect(steps.length).toBeLessThanOrEqual(9);
  });

  it("tells loss, rate, memory, firing and what is left", () => {
    const tenth = lines.find((line) => line.startsWith("step 11/40"));
    expect(tenth).toBe("step 11/40  epoch 1.1  loss 0.5000  lr 1.0e-4  fired 25 %  16/s  512 MB  58 s left");
  });

  it("grows a table by one row for each evaluation", () => {
    const table = lines.filter((line) => /^ +(step|0|40) /.test(line));
    expect(table).toEqual([
      "      step        test         fog  Accuracy",
      "         0      10.0 %       9.0 %",
      "        40      98.7 %",
    ]);
  });
});

describe("progress on a terminal", () => {
  const text = tell({ isTTY: true, columns: 60 });

  it("keeps one live line below the others, and takes it away at the end", () => {
    expect(text).toContain("\r\u001b[2K━");
    expect(text.endsWith("Writing the model and checking it\n")).toBe(true);
  });

  it("never writes a live line that is wider than the terminal", () => {
    const live = text.split("\r\u001b[2K").filter((part) => part.startsWith("━") || part.startsWith("─"));
    expect(live.length).toBeGreaterThan(20);
    for (const part of live) expect([...part.split("\n")[0]!].length).toBeLessThan(60);
  });
});
