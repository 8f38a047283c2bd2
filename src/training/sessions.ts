import type { Batch, Cursor } from "../data/loader.ts";
import { randomFor } from "../data/seed.ts";
import { RunError } from "../errors.ts";
import type { Optimizer } from "../optim/optimizer.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { Session } from "../runtime/session.ts";
import { scalar, type Tensor, tensor, zeros } from "../tensor/tensor.ts";
import { DROPOUT_SEED } from "./dropout-masks.ts";
import type { TrainingGraph } from "./training-graph.ts";

/**
 * The training and evaluation sessions of a run, fed from the optimizer's memory: parameters are read and gradients
 * written where they lie.
 */
export class TrainingSessions {
  private readonly graph: TrainingGraph;
  private readonly optimizer: Optimizer;
  private readonly training: Session;
  private readonly evaluation: Session;
  private readonly logits: string;
  private readonly seed: number;
  private readonly parameters = new Map<string, Tensor>();
  private readonly into = new Map<string, Tensor>();
  private readonly loss = zeros("float32", []);

  private constructor(
    graph: TrainingGraph,
    optimizer: Optimizer,
    options: { training: Session; evaluation: Session; logits: string; seed: number },
  ) {
    this.graph = graph;
    this.optimizer = optimizer;
    this.training = options.training;
    this.evaluation = options.evaluation;
    this.logits = options.logits;
    this.seed = options.seed;
    this.into.set("loss", this.loss);
    for (const { name, type } of graph.parameters) {
      this.parameters.set(name, tensor("float32", type.dims, viewOf(optimizer.parameters, name)));
      const gradient = optimizer.gradients.get(name);
      if (gradient) this.into.set(`${name}_grad`, tensor("float32", type.dims, gradient));
    }
  }

  /** Opens both sessions. `logits` names the output that evaluation reads; `seed` decides what dropout drops. */
  static async open(
    runtime: Runtime,
    graph: TrainingGraph,
    optimizer: Optimizer,
    options: { readonly logits: string; readonly seed: number },
  ): Promise<TrainingSessions> {
    const training = await runtime.createSession(graph.trainingModel, { name: "training model" });
    const evaluation = await runtime.createSession(graph.evalModel, { name: "evaluation model" });
    return new TrainingSessions(graph, optimizer, { training, evaluation, ...options });
  }

  /** Forward and backward over a batch. The gradients are then in `optimizer.gradients`. @returns the mean loss */
  async step(batch: Batch): Promise<number> {
    const feeds = new Map<string, Tensor>([...this.parameters, ...this.read(batch)]);
    feeds.set("targets", batch.targets);
    if (this.graph.hasDropout) feeds.set(DROPOUT_SEED, dropoutSeed(this.seed, batch.cursor));
    this.addFrozen(feeds, this.training);
    await this.training.run(feeds, { outputs: [...this.into.keys()], into: this.into });
    return this.loss.data[0]!; // a scalar has one element
  }

  /** Logits of a batch, float32 [B, C]. */
  async predict(batch: Batch): Promise<Float32Array> {
    const feeds = new Map<string, Tensor>([...this.parameters, ...this.read(batch)]);
    // The evaluation graph computes the loss too, so it asks for targets even where only logits are read.
    feeds.set("targets", batch.targets);
    this.addFrozen(feeds, this.evaluation);
    const out = await this.evaluation.run(feeds, { outputs: [this.logits] });
    const logits = out.get(this.logits);
    if (logits?.dtype !== "float32") {
      throw new RunError(`output "${this.logits}" is ${logits?.dtype ?? "missing"}, expected float32 logits`);
    }
    return logits.data as Float32Array; // the dtype was checked just above
  }

  private addFrozen(feeds: Map<string, Tensor>, session: Session): void {
    if (this.graph.frozen.size === 0) return;
    for (const { name } of session.inputs) {
      const value = this.graph.frozen.get(name);
      if (value) feeds.set(name, value);
    }
  }

  /** The inputs that the network reads: a new head may have made others superfluous. */
  private read(batch: Batch): [name: string, value: Tensor][] {
    return [...batch.inputs].filter(([name]) => this.graph.inputs.has(name));
  }

  /** Names of the parameters, in the order of the graph. */
  get names(): readonly string[] {
    return this.graph.parameters.map((p) => p.name);
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
    await this.training.release();
    await this.evaluation.release();
  }
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
