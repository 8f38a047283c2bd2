import { Fields } from "./fields.ts";
import type {
  EnvironmentRecord,
  EvaluationRecord,
  InterpolationRecord,
  LayerRecord,
  RunSummary,
  SampleRecord,
  SetKind,
  SetSummary,
  StepRecord,
} from "./records.ts";

const KINDS: readonly SetKind[] = ["train", "validation", "test", "shift"];

/** Turns one JSON value into a typed record, or throws a DataError that begins with `where`. */
export type Parser<T> = (value: unknown, where: string) => T;

export const parseStep: Parser<StepRecord> = (value, where) => {
  const f = new Fields(value, where);
  return {
    step: f.count("step"),
    epoch: f.number("epoch"),
    loss: f.number("loss"),
    lr: f.number("lr"),
    gradientNorm: f.number("gradientNorm"),
    examplesPerSecond: f.number("examplesPerSecond"),
    seconds: f.number("seconds"),
    ...(f.has("memoryBytes") && { memoryBytes: f.number("memoryBytes") }),
  };
};

export const parseLayer: Parser<LayerRecord> = (value, where) => {
  const f = new Fields(value, where);
  return {
    step: f.count("step"),
    steps: f.count("steps"),
    name: f.string("name"),
    depth: f.count("depth"),
    role: f.string("role"),
    elements: f.count("elements"),
    anchored: f.boolean("anchored"),
    condition: f.number("condition"),
    fired: f.number("fired"),
    ratio: f.number("ratio"),
    deviation: f.number("deviation"),
    norm: f.number("norm"),
  };
};

export const parseEvaluation: Parser<EvaluationRecord> = (value, where) => {
  const f = new Fields(value, where);
  return {
    step: f.count("step"),
    epoch: f.number("epoch"),
    model: f.oneOf("model", ["initial", "current", "best"]),
    set: f.string("set"),
    kind: f.oneOf("kind", KINDS),
    count: f.count("count"),
    ...judged(f),
    ...(f.has("draws") && { draws: f.stringMap("draws") }),
    ...(f.has("confusion") && { confusion: f.squareMatrix("confusion") }),
    ...(f.has("correct") && { correct: f.string("correct") }),
    ...(f.has("reliability") && {
      reliability: f.objects("reliability").map((bin) => ({
        count: bin.number("count"),
        confidence: bin.number("confidence"),
        accuracy: bin.number("accuracy"),
      })),
    }),
    ...(f.has("parts") && {
      parts: f.objects("parts").map((part) => ({
        name: part.string("name"),
        count: part.number("count"),
        metrics: part.numberMap("metrics"),
      })),
    }),
    ...(f.has("pairs") && {
      pairs: f
        .objects("pairs")
        .map((pairs) => ({ name: pairs.string("name"), points: pairs.points("points") })),
    }),
  };
};

function judged(f: Fields): Pick<EvaluationRecord, "asked" | "metrics" | "intervals"> {
  return {
    ...(f.has("asked") && { asked: f.count("asked") }),
    metrics: f.numberMap("metrics"),
    ...(f.has("intervals") && { intervals: f.pairMap("intervals") }),
  };
}

export const parseSample: Parser<SampleRecord> = (value, where) => {
  const f = new Fields(value, where);
  return {
    set: f.string("set"),
    kind: f.oneOf("kind", KINDS),
    name: f.string("name"),
    ...(f.has("label") && { label: f.count("label") }),
    ...(f.has("predicted") && { predicted: f.count("predicted") }),
    ...(f.has("probabilities") && { probabilities: f.numbers("probabilities") }),
    ...(f.has("expected") && { expected: f.string("expected") }),
    ...(f.has("answer") && { answer: f.string("answer") }),
    ...(f.has("right") && { right: f.boolean("right") }),
    ...(f.has("png") && { png: f.string("png") }),
    ...(f.has("text") && { text: f.string("text") }),
  };
};

export const parseEnvironment: Parser<EnvironmentRecord> = (value, where) => {
  const f = new Fields(value, where);
  return {
    holdfast: f.string("holdfast"),
    node: f.string("node"),
    platform: f.string("platform"),
    cpu: f.string("cpu"),
    threads: f.count("threads"),
    memoryBytes: f.number("memoryBytes"),
    runtime: f.string("runtime"),
    packages: f.stringMap("packages"),
    seeds: f.numberMap("seeds"),
    ...(f.has("gitCommit") && { gitCommit: f.string("gitCommit") }),
    command: f.string("command"),
    startedAt: f.string("startedAt"),
  };
};

export const parseSummary: Parser<RunSummary> = (value, where) => {
  const f = new Fields(value, where);
  const method = f.object("method");
  const selection = f.object("selection");
  return {
    name: f.string("name"),
    status: f.oneOf("status", ["running", "finished", "stopped", "failed"]),
    ...(f.has("reason") && { reason: f.string("reason") }),
    task: f.string("task"),
    method: {
      name: method.string("name"),
      updateRule: method.string("updateRule"),
      anchorRule: method.string("anchorRule"),
      strength: method.number("strength"),
    },
    model: f.string("model"),
    head: f.oneOf("head", ["kept", "new", "zero-shot"]),
    classes: f.strings("classes"),
    selection: {
      set: selection.string("set"),
      metric: selection.string("metric"),
      higherIsBetter: selection.boolean("higherIsBetter"),
    },
    trainCount: f.count("trainCount"),
    ...(f.has("notes") && { notes: f.strings("notes") }),
    trainableParameters: f.count("trainableParameters"),
    totalParameters: f.count("totalParameters"),
    steps: f.count("steps"),
    ...(f.has("bestStep") && { bestStep: f.count("bestStep") }),
    sets: f.objects("sets").map(parseSet),
    ...(f.has("deviation") && { deviation: f.number("deviation") }),
    ...(f.has("firingRate") && { firingRate: f.number("firingRate") }),
    seconds: f.number("seconds"),
  };
};

function parseSet(f: Fields): SetSummary {
  return {
    set: f.string("set"),
    kind: f.oneOf("kind", KINDS),
    count: f.count("count"),
    ...judged(f),
    ...(f.has("initial") && { initial: f.numberMap("initial") }),
    ...(f.has("correct") && { correct: f.string("correct") }),
  };
}

export const parseInterpolation: Parser<InterpolationRecord> = (value, where) => {
  const f = new Fields(value, where);
  return {
    from: f.string("from"),
    points: f.objects("points").map((point) => ({
      share: point.number("share"),
      sets: point.objects("sets").map(parseSet),
    })),
    chosen: f.number("chosen"),
  };
};
