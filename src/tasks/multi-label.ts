import { MultiLabelMeter } from "../evaluation/multi-label-meter.ts";
import type { Said, Task } from "./task.ts";

/** A label is given where its probability is above this. */
const THRESHOLD = 0.5;

/** Any number of labels for each example: logits [B, L] against 0 and 1 [B, L]; probabilities are sigmoids. */
export const multiLabel: Task = {
  name: "multi-label",
  summary: "any number of labels for each image, text, pair, sound or array",
  samples: ["image", "text", "array", "audio"],
  labelling: "classes",
  hasClasses: true,
  metrics: ["map", "micro-f1", "macro-f1", "subset-accuracy", "auroc", "loss"],
  head: "vector",
  architectures: { image: "ForImageClassification", text: "ForSequenceClassification" },
  problemType: "multi_label_classification",
  width: (train) => train.classes?.length ?? 0,
  loss: "bce",
  meter: (classes) => new MultiLabelMeter(classes),
  answer(said, top) {
    const all = probabilitiesOf(said);
    const given = all.filter((p) => p.probability > THRESHOLD).map((p) => p.label);
    const ranked = [...all].sort((a, b) => b.probability - a.probability);
    return {
      fields: { labels: given, probabilities: ranked.slice(0, Math.max(top, given.length)) },
      columns: [["labels", given.join(";")], ...all.map((p) => [p.label, p.probability] as const)],
    };
  },
  show(said, target) {
    const all = probabilitiesOf(said);
    const told = (bears: (i: number) => boolean) =>
      all
        .filter((_, i) => bears(i))
        .map((p) => p.label)
        .join(", ") || "none";
    const expected = told((i) => Number(target.data[i]) > THRESHOLD);
    const answer = told((i) => all[i]!.probability > THRESHOLD);
    return { expected, answer, right: expected === answer };
  },
};

/** In the order of the outputs. */
function probabilitiesOf({ output, classes }: Said): { label: string; probability: number }[] {
  return Array.from(output.data, (logit, i) => ({
    label: classes[i] ?? String(i),
    probability: 1 / (1 + Math.exp(-logit)),
  }));
}
