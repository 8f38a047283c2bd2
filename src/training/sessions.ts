import type { Batch, Cursor } from "../data/loader.ts";
import { randomFor } from "../data/seed.ts";
import { RunError } from "../errors.ts";
import type { Optimizer } from "../optim/optimizer.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { Session } from "../runtime/session.ts";
import { formatShape, type Shape } from "../tensor/shape.ts";
import { scalar, type Tensor, tensor, zeros } from "../tensor/tensor.ts";
import { DROPOUT_SEED } from "./dropout-masks.ts";
import type { TrainingGraph } from "./training-graph.ts";
import type { TrainingGraphs } from "./training-graphs.ts";

export interface SessionsOptions {
  /** Names the output that evaluation reads. */
  readonly logits: string;
  /** Decides what dropout drops. */
  readonly seed: number;
}

/** The graph for one shape of batches, and its sessions once they were needed. */
interface Bucket {
  readonly graph: TrainingGraph;
  training: Promise<Session> | null;
  evaluation: Promise<Session> | null;
}

/**
 * The training and evaluation sessions of a run, one pair for each shape of batches, fed from the optimizer's memory:
 * parameters are read and gradients written where they lie, whichever session runs.
 */
export class TrainingSessions {
  private readonly runtime: Runtime;
  private readonly main: TrainingGraph;
  private readonly buckets: ReadonlyMap<string, Bucket>;
  private readonly optimizer: Optimizer;
  private readonly options: SessionsOptions;
  private readonly parameters = new Map<string, Tensor>();
  private readonly into = new Map<string, Tensor>();
  private readonly loss = zeros("float32", []);

  private constructor(
    runtime: Runtime,
    graphs: TrainingGraphs,
    optimizer: Optimizer,
    options: SessionsOptions,
  ) {
    this.runtime = runtime;
    this.main = graphs[0];
    this.buckets = new Map(
      graphs.map((graph) => [
        keyOf([...graph.inputs].map(([name, { dims }]) => [name, dims])),
        { graph, training: null, evaluation: null },
      ]),
    );
    this.optimizer = optimizer;
    this.options = options;
    this.into.set("loss", this.loss);
    for (const { name, type } of this.main.parameters) {
      this.parameters.set(name, tensor("float32", type.dims, viewOf(optimizer.parameters, name)));
      const gradient = optimizer.gradients.get(name);
      if (gradient) this.into.set(`${name}_grad`, tensor("float32", type.dims, gradient));
    }
  }

  /**
   * Opens both sessions of the main graph, the first one; those of the others are opened when the first batch of their
   * shape comes.
   *
   * @param graphs all over the same parameters, as `buildTrainingGraphs` gives them
   */
  static async open(
    runtime: Runtime,
    graphs: TrainingGraphs,
    optimizer: Optimizer,
    options: SessionsOptions,
  ): Promise<TrainingSessions> {
    const sessions = new TrainingSessions(runtime, graphs, optimizer, options);
    const [main] = sessions.buckets.values();
    if (main) {
      await sessions.trainingOf(main);
      await sessions.evaluationOf(main);
    }
    return sessions;
  }

  /** Forward and backward over a batch. The gradients are then in `optimizer.gradients`. @returns the mean loss */
  async step(batch: Batch): Promise<number> {
    const bucket = this.bucketOf(batch);
    const session = await this.trainingOf(bucket);
    const feeds = this.feeds(batch, bucket.graph, session);
    if (bucket.graph.hasDropout) feeds.set(DROPOUT_SEED, dropoutSeed(this.options.seed, batch.cursor));
    await session.run(feeds, { outputs: [...this.into.keys()], into: this.into });
    return this.loss.data[0]!; // a scalar has one element
  }

  /** What the loss reads for a batch, float32 [B, …]. */
  predict(batch: Batch): Promise<Tensor<"float32">> {
    return this.output(this.options.logits, batch);
  }

  /** An output of the evaluation model for a batch. @throws RunError if it is not of float32 */
  async output(name: string, batch: Batch): Promise<Tensor<"float32">> {
    const bucket = this.bucketOf(batch);
    const session = await this.evaluationOf(bucket);
    const feeds = this.feeds(batch, bucket.graph, session);
    const found = (await session.run(feeds, { outputs: [name] })).get(name);
    if (found?.dtype !== "float32") {
      throw new RunError(`output "${name}" is ${found?.dtype ?? "missing"}, expected float32 logits`);
    }
    return found as Tensor<"float32">; // the dtype was checked just above
  }

  /** Parameters, targets (the evaluation graph computes the loss too), the inputs that the network reads, frozen weights. */
  private feeds(batch: Batch, graph: TrainingGraph, session: Session): Map<string, Tensor> {
    const feeds = new Map<string, Tensor>(this.parameters);
    // A new head may have made some inputs superfluous.
    for (const [name, value] of batch.inputs) if (graph.inputs.has(name)) feeds.set(name, value);
    feeds.set("targets", batch.targets);
    // A set without weights beside a training set that has them counts each example once.
    if (graph.targetWeights) feeds.set("target_weights", batch.weights ?? ones(graph.targetWeights.dims));
    if (graph.frozen.size === 0) return feeds;
    for (const { name } of session.inputs) {
      const value = graph.frozen.get(name);
      if (value) feeds.set(name, value);
    }
    return feeds;
  }

  private bucketOf({ inputs }: Batch): Bucket {
    const key = keyOf([...this.main.inputs.keys()].map((name) => [name, inputs.get(name)?.dims ?? []]));
    const bucket = this.buckets.get(key);
    if (bucket) return bucket;
    throw new RunError(
      `internal: no training graph takes a batch of ${key}; there are those of ${[...this.buckets.keys()].join("; ")}`,
    );
  }

  private trainingOf(bucket: Bucket): Promise<Session> {
    bucket.training ??= this.runtime.createSession(bucket.graph.trainingModel, { name: "training model" });
    return bucket.training;
  }

  private evaluationOf(bucket: Bucket): Promise<Session> {
    bucket.evaluation ??= this.runtime.createSession(bucket.graph.evalModel, { name: "evaluation model" });
    return bucket.evaluation;
  }

  /** Names of the parameters, in the order of the graph. */
  get names(): readonly string[] {
    return this.main.parameters.map((p) => p.name);
  }

  /** A copy of every trained parameter. */
  snapshot(): Map<string, Float32Array> {
    return new Map(this.names.map((name) => [name, viewOf(this.optimizer.parameters, name).slice()]));
  }

  /** Puts saved values back. */
  load(values: ReadonlyMap<string, Float32Array>): void {
    for (const name of this.names) viewOf(this.optimizer.parameters, name).set(viewOf(values, name));
  }

  async release(): Promise<void> {
    for (const { training, evaluation } of this.buckets.values()) {
      await (await training)?.release();
      await (await evaluation)?.release();
    }
  }
}

/** What tells one shape of batches from another: the dims of every input. */
function keyOf(inputs: readonly (readonly [name: string, dims: readonly number[]])[]): string {
  return inputs.map(([name, dims]) => `${name} ${formatShape(dims)}`).join(", ");
}

/** What a batch drops follows from its place in the data alone, so that a resumed run drops the same. */
function dropoutSeed(seed: number, { epoch, batch }: Cursor): Tensor<"int64"> {
  return scalar("int64", randomFor(seed, "dropout", epoch, batch).integer(2 ** 32));
}

function viewOf<A extends Float32Array>(arrays: ReadonlyMap<string, A>, name: string): A {
  const found = arrays.get(name);
  if (!found) throw new RunError(`internal: there are no values for parameter "${name}"`);
  return found;
}

function ones(dims: Shape): Tensor<"float32"> {
  const t = zeros("float32", dims);
  t.data.fill(1);
  return t;
}
