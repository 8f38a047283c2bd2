import { type DistillationKind, distil } from "../autodiff/distillation.ts";
import type { LossNodes } from "../autodiff/losses/loss.ts";
import { ConfigError } from "../errors.ts";
import { replaceAllUses } from "../onnx/edit.ts";
import type { Model } from "../onnx/model.ts";
import type { Value } from "../onnx/value.ts";
import { type Lowered, type LowerOptions, lower } from "../passes/lower.ts";

/** Holds the trained network to the one it starts from, on the batches it is trained on. */
export interface Distillation {
  readonly kind: DistillationKind;
  /** Value of the source model whose like in both networks is compared: its logits, or what a head reads. */
  readonly at: Value;
  /** Factor on the term. */
  readonly strength: number;
  readonly temperature: number;
}

/** The loss with the term added, and the seeds of the backward walk. */
export interface DistilledLoss {
  readonly loss: Value;
  readonly seeds: () => Map<Value, Value>;
}

/**
 * Appends the model once more, with its weights as they are stored and frozen, and a distillation term between the two.
 * So the training graph stays one plain ONNX file, whose teacher no runtime can lose.
 *
 * @param logits the value that the task's loss reads
 * @throws ConfigError if the value to compare was computed away by a rewrite
 */
export async function addTeacher(
  model: Model,
  lowered: Lowered,
  task: LossNodes & { readonly logits: Value },
  { kind, at, strength, temperature }: Distillation,
  options: Omit<LowerOptions, "parameters">,
): Promise<DistilledLoss> {
  const { b, graph } = lowered;
  const student = lowered.valueOf.get(at);
  const copy = await lower(model, { ...options, parameters: [] });
  const teacher = copy.valueOf.get(at);
  if (!student || !teacher || !isIn(lowered, student) || !isIn(copy, teacher)) {
    throw new ConfigError(
      `distillation: the value "${at.name}" is no longer there once the model is lowered; use distillation.at logits, or another --head.from`,
    );
  }
  for (const [name, input] of copy.inputs) {
    const own = lowered.inputs.get(name);
    if (own) replaceAllUses(copy.graph, input, own);
  }
  // Names in a file are unique, of values as of nodes; the student has taken the model's.
  for (const value of copy.graph.values()) value.name = "";
  for (const node of copy.graph.nodes) node.name = "";
  graph.nodes.push(...copy.graph.nodes);
  graph.initializers.push(...copy.graph.initializers);

  const term = distil(b, student, teacher, { kind, temperature, rows: rowsOf(task, student) });
  return {
    loss: b.add(task.loss, b.scale(term.loss, strength)),
    seeds: () => {
      const own = b.scale(term.gradient(), strength);
      const gradient = task.gradient();
      return student === task.logits
        ? new Map([[student, b.add(gradient, own)]])
        : new Map([
            [task.logits, gradient],
            [student, own],
          ]);
    },
  };
}

/** What fills a short batch up has no target that counts in the task's loss, nor in the term. */
function rowsOf(task: LossNodes, student: Value): Value | null {
  return task.targets.dims[0] === student.dims[0] ? task.rows() : null;
}

function isIn({ graph }: Lowered, value: Value): boolean {
  return value.producer === null || graph.nodes.includes(value.producer);
}
