import type { EvaluationRecord, LayerRecord, SampleRecord, StepRecord } from "./records.ts";
import type { CreateRunOptions } from "./run-writer.ts";

export const start: CreateRunOptions = {
  config: { model: "model.onnx", optimizer: { lr: 1e-3, rule: "adam" }, shifts: ["noise: 3", "on"] },
  environment: {
    holdfast: "0.1.0",
    node: "v20.20.0",
    platform: "linux x64",
    cpu: "A CPU",
    threads: 2,
    memoryBytes: 8e9,
    runtime: "onnxruntime-node 1.30.0, cpu",
    packages: { "onnxruntime-node": "1.30.0" },
    seeds: { order: 1, head: 2 },
    gitCommit: "0123abc",
    command: "npx holdfast finetune --config 'a b.yaml'",
    startedAt: "2026-01-02T03:04:05.000Z",
  },
  summary: {
    name: "digits",
    status: "running",
    task: "classification",
    method: { name: "Adam + SPD", updateRule: "adam", anchorRule: "spd", strength: 1 },
    model: "model.onnx",
    head: "new",
    classes: ["zero", "<script>", "__proto__"],
    selection: { set: "validation", metric: "accuracy", higherIsBetter: true },
    trainCount: 100,
    trainableParameters: 1000,
    totalParameters: 1200,
    steps: 0,
    sets: [],
    seconds: 0,
  },
};

export function stepAt(step: number, loss: number = 1 / step): StepRecord {
  return {
    step,
    epoch: step / 10,
    loss,
    lr: 1e-3,
    gradientNorm: 0.5,
    examplesPerSecond: 99.5,
    seconds: step * 0.1,
    memoryBytes: 1e8,
  };
}

export function layerAt(step: number, name: string = "conv.weight"): LayerRecord {
  return {
    step,
    steps: 10,
    name,
    depth: 0,
    role: "weight",
    elements: 27,
    anchored: true,
    condition: 0.5,
    fired: 0.3,
    ratio: 0.01,
    deviation: 0.25,
    norm: 4,
  };
}

export function evaluationAt(step: number, model: EvaluationRecord["model"] = "current"): EvaluationRecord {
  return {
    step,
    epoch: step / 10,
    model,
    set: "validation",
    kind: "validation",
    count: 3,
    metrics: { loss: 0.3, accuracy: 2 / 3 },
    confusion: [
      [1, 0, 0],
      [0, 1, 0],
      [1, 0, 0],
    ],
    correct: "Aw==",
    ...(model !== "current" && {
      reliability: [{ count: 3, confidence: 0.9, accuracy: 2 / 3 }],
      parts: [{ name: "<script>", count: 2, metrics: { f1: 0.5, iou: Number.NaN } }],
      pairs: [{ name: "", points: [[1, 2] as const, [-0.5, 1e9] as const] }],
    }),
  };
}

export const sample: SampleRecord = {
  set: "validation",
  kind: "validation",
  name: "a/b.png",
  label: 1,
  predicted: 0,
  probabilities: [0.6, 0.3, 0.1],
  png: "iVBORw0KGgo=",
};
