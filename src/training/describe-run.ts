import type { Config } from "../config/schema.ts";
import type { Model } from "../onnx/model.ts";
import { basename } from "../platform/paths.ts";
import type { RunSummary } from "../run/records.ts";
import { metricOf } from "../tasks/registry.ts";
import type { Task } from "../tasks/task.ts";
import { sizeOf } from "../tensor/shape.ts";
import { resolveMethod } from "./open-optimizer.ts";
import type { RunData } from "./prepare-data.ts";
import type { Network } from "./prepare-network.ts";
import type { TrainingGraph } from "./training-graph.ts";

/** What a run is, before its first step. */
export function describeRun(
  config: Config,
  parts: {
    readonly task: Task;
    readonly data: RunData;
    readonly network: Network;
    readonly graph: TrainingGraph;
    readonly model: Model;
  },
): RunSummary {
  const { task, data, network, graph, model } = parts;
  const stored = new Set([...model.graph.initializers, ...graph.parameters.map((p) => p.source)]);
  const total = [...stored].reduce((n, v) => n + (v.constant ? sizeOf(v.constant.dims) : 0), 0);
  const metric = metricOf(task, config.evaluation.metric);
  return {
    name: basename(config.out),
    status: "running",
    task: config.task,
    method: resolveMethod(config),
    model: config.model,
    head: network.head,
    classes: data.classes,
    selection: { set: "validation", metric: metric.name, higherIsBetter: metric.higherIsBetter },
    trainCount: data.train.dataset.length,
    notes: [...data.notes, ...network.notes],
    trainableParameters: graph.parameters.reduce((n, p) => n + sizeOf(p.type.dims), 0),
    totalParameters: total,
    steps: 0,
    sets: [],
    seconds: 0,
  };
}
