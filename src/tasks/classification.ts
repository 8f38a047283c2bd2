import { ClassificationMeter } from "../evaluation/classification-meter.ts";
import { largest, softmax } from "../evaluation/logits.ts";
import type { Said, Task } from "./task.ts";

/** One class of several for each example: logits [B, C] against class indices [B]. */
export const classification: Task = {
  name: "classification",
  summary: "one class of several for each image, text, pair, sound or array",
  samples: ["image", "text", "array", "audio"],
  labelling: "class",
  hasClasses: true,
  metrics: ["accuracy", "balanced-accuracy", "macro-f1", "auroc", "ece", "brier", "loss"],
  head: "vector",
  architectures: { image: "ForImageClassification", text: "ForSequenceClassification" },
  problemType: "single_label_classification",
  width: (train) => train.classes?.length ?? 0,
  loss: "cross-entropy",
  meter: (classes) => new ClassificationMeter(classes.length),
  answer(said, top) {
    const shown = mostProbable(said, Math.max(1, top));
    const best = shown[0]!; // a classifier has a class at least
    return {
      fields: { ...best, probabilities: shown },
      columns: shown.flatMap((p, i) => {
        const suffix = i === 0 ? "" : `_${i + 1}`;
        return [[`class${suffix}`, p.class] as const, [`probability${suffix}`, p.probability] as const];
      }),
    };
  },
  show(said, target) {
    const probabilities = probabilitiesOf(said);
    const predicted = probabilities.indexOf(Math.max(...probabilities));
    return { label: Number(target.data[0]), predicted, probabilities };
  },
};

function probabilitiesOf({ output }: Said): number[] {
  return softmax(output.data, 0, output.data.length);
}

/** The most probable classes, the first one first. */
function mostProbable(said: Said, count: number): { class: string; probability: number }[] {
  const probabilities = probabilitiesOf(said);
  return largest(probabilities, count).map((c) => ({
    class: said.classes[c] ?? String(c),
    probability: probabilities[c]!,
  }));
}
