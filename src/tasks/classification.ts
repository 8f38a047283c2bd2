import { ClassificationMeter } from "../evaluation/classification-meter.ts";
import { softmax } from "../evaluation/logits.ts";
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
    const probabilities = ranked(said);
    const best = probabilities[0]!; // a classifier has a class at least
    const shown = probabilities.slice(0, top);
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

/** The classes, the most probable first. */
function ranked(said: Said): { class: string; probability: number }[] {
  return probabilitiesOf(said)
    .map((probability, c) => ({ class: said.classes[c] ?? String(c), probability }))
    .sort((a, b) => b.probability - a.probability);
}
