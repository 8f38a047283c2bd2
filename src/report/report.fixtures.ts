import { deflateSync } from "node:zlib";
import { packBits } from "../run/bits.ts";
import type { EvaluationRecord, LayerRecord, SampleRecord, SetKind, StepRecord } from "../run/records.ts";
import type { RunRecord } from "../run/run-reader.ts";
import { createRandom, type Random } from "../tensor/random.ts";

export interface FixtureOptions {
  readonly anchorRule?: "none" | "spd";
  readonly name?: string;
  readonly seed?: number;
  readonly steps?: number;
  readonly tensors?: number;
  readonly classes?: readonly string[];
  /** How much better than the plain run on shifted sets, in logits. */
  readonly gain?: number;
  /** Share of tensor-steps that fire at most. */
  readonly firing?: number;
  readonly head?: "kept" | "new";
}

const DIGITS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"];
const SETS: readonly [set: string, kind: SetKind, count: number, difficulty: number][] = [
  ["validation", "validation", 500, 0],
  ["test", "test", 1000, 0.05],
  ["other writers", "shift", 1797, 1.6],
  ["gaussian noise 3", "shift", 1000, 2.3],
  ["defocus blur 2", "shift", 1000, 1.3],
];

/** A run that looks like a real one: learning curves, layers, evaluations and samples from a seeded generator. */
export function fixtureRun(options: FixtureOptions = {}): RunRecord {
  const { anchorRule = "spd", seed = 1, steps = 600, tensors = 40, classes = DIGITS } = options;
  const {
    gain = anchorRule === "spd" ? 0.25 : 0,
    firing = anchorRule === "spd" ? 0.35 : 0,
    head = "new",
  } = options;
  const random = createRandom(seed);
  const spd = anchorRule === "spd";
  const method = spd ? "Adam + SPD" : "Adam";
  const layers = layerRecords(random, steps, tensors, spd, firing);
  const evaluations = evaluationRecords(random, steps, classes.length, gain, head);
  const final = layers.filter((l) => l.step === steps && l.role !== "head");
  const anchoredSteps = layers.filter((l) => l.anchored);
  const best = evaluations.filter((e) => e.model === "best");
  const config = {
    model: "ppocr-rec.onnx",
    data: "examples/handwriting/data",
    method: { update: "adam", anchor: anchorRule, strength: spd ? 1 : 0 },
    optimizer: { lr: 1e-3, betas: [0.9, 0.999], eps: 1e-8 },
    schedule: { kind: "cosine", warmup: 50, epochs: 10 },
    shifts: SETS.filter(([, kind]) => kind === "shift").map(([name]) => ({ name })),
  };
  return {
    folder: `runs/${options.name ?? (spd ? "digits-spd" : "digits-adam")}`,
    config,
    configText: `# Every setting of this run, defaults included.\nmodel: ppocr-rec.onnx\ndata: examples/handwriting/data\nmethod:\n  update: adam\n  anchor: ${anchorRule}\n  strength: ${spd ? 1 : 0}\noptimizer:\n  lr: 0.001\n  betas:\n    - 0.9\n    - 0.999\n  eps: 1e-8\nschedule:\n  kind: cosine\n  warmup: 50\n  epochs: 10\n`,
    environment: {
      holdfast: "0.1.0",
      node: "v20.20.0",
      platform: "linux x64",
      cpu: "AMD EPYC 7B13",
      threads: 2,
      memoryBytes: 24e9,
      runtime: "onnxruntime-node 1.30.0, cpu",
      packages: { "onnxruntime-node": "1.30.0", sharp: "0.35.5" },
      seeds: { order: seed, head: 2, augmentation: 3 },
      gitCommit: "7561be7",
      command: `npx holdfast finetune --model ppocr-rec.onnx --data examples/handwriting/data --method ${spd ? "spd" : "adam"} --seed ${seed} --out runs/digits`,
      startedAt: "2026-11-24T20:00:00.000Z",
    },
    summary: {
      name: options.name ?? "digits",
      status: "finished",
      task: "classification",
      method: { name: method, updateRule: "adam", anchorRule, strength: spd ? 1 : 0 },
      model: "ppocr-rec.onnx",
      head,
      classes,
      selection: { set: "validation", metric: "accuracy", higherIsBetter: true },
      trainCount: 2000,
      trainableParameters: 2_411_234,
      totalParameters: 2_450_112,
      steps,
      bestStep: Math.round(steps * 0.85),
      sets: best.map((e) => ({ set: e.set, kind: e.kind, count: e.count, metrics: e.metrics })),
      deviation: Math.hypot(...final.map((l) => l.deviation)),
      ...(spd && { firingRate: mean(anchoredSteps.map((l) => l.fired)) }),
      seconds: 71.3,
    },
    steps: stepRecords(random, steps),
    layers,
    evaluations,
    samples: sampleRecords(random, classes),
    interpolation: null,
    network: null,
    remarks: [],
  };
}

/** The same run as a kill at `step` leaves it. */
export function interrupted(run: RunRecord, step: number): RunRecord {
  const { bestStep: _, deviation: __, firingRate: ___, ...summary } = run.summary;
  return {
    ...run,
    summary: { ...summary, status: "running", steps: 0, sets: [], seconds: 0 },
    steps: run.steps.filter((s) => s.step <= step),
    layers: run.layers.filter((l) => l.step <= step),
    evaluations: run.evaluations.filter((e) => e.model !== "best" && e.step <= step),
    samples: [],
    remarks: ["steps.jsonl: the last line was cut off while it was written and is left out."],
  };
}

function stepRecords(random: Random, steps: number): StepRecord[] {
  return Array.from({ length: steps }, (_, i) => {
    const at = i / steps;
    return {
      step: i + 1,
      epoch: ((i + 1) * 32) / 2000,
      loss: Math.max(0.01, 2.3 * Math.exp(-6 * at) + 0.06 + 0.12 * random.normal() * Math.exp(-1.5 * at)),
      lr: 1e-3 * Math.min(1, (i + 1) / 50) * 0.5 * (1 + Math.cos(Math.PI * at)),
      gradientNorm: 1.5 * Math.exp(-2 * at) * Math.exp(0.3 * random.normal()),
      examplesPerSecond: 290 + 10 * random.normal(),
      seconds: (i + 1) * 0.11,
      memoryBytes: 4.2e8,
    };
  });
}

function layerRecords(
  random: Random,
  steps: number,
  tensors: number,
  spd: boolean,
  firing: number,
): LayerRecord[] {
  const records: LayerRecord[] = [];
  const interval = Math.max(1, Math.round(steps / 40));
  const reach = Array.from({ length: tensors }, () => Math.exp(0.6 * random.normal()));
  for (let step = interval; step <= steps; step += interval) {
    for (let t = 0; t < tensors; t++) {
      const role = t >= tensors - 2 ? "head" : t % 4 === 0 ? "weight" : t % 4 === 1 ? "bias" : "norm";
      const depth = Math.floor(t / 2);
      const at = step / steps;
      const elements = role === "weight" ? 64 * (depth + 1) * 9 : 64;
      const norm = Math.sqrt(elements) * 0.4;
      const tilt = 0.3 + (0.7 * t) / tensors;
      const anchored = spd && role !== "head";
      const condition = clamp(0.2 + 0.5 * at * tilt + 0.08 * random.normal());
      records.push({
        step,
        steps: interval,
        name:
          role === "head"
            ? `head.${t % 2 ? "bias" : "weight"}`
            : `backbone.blocks.${depth}.conv${t % 2}.${role}`,
        depth,
        role,
        elements,
        anchored,
        condition,
        fired: anchored ? clamp(firing * at * tilt * 2 * (0.7 + 0.3 * random.next())) : 0,
        ratio: anchored && firing > 0 ? 0.01 + 0.02 * random.next() : 0,
        deviation: norm * 0.2 * tilt * reach[t]! * (1 - Math.exp(-3 * at)) * (spd ? 0.6 : 1),
        norm,
      });
    }
  }
  return records;
}

function evaluationRecords(
  random: Random,
  steps: number,
  classes: number,
  gain: number,
  head: "kept" | "new",
): EvaluationRecord[] {
  const records: EvaluationRecord[] = [];
  const judge = (step: number, model: EvaluationRecord["model"]) => {
    // The same examples are hard for every model: their draws do not come from the run's own generator.
    const examples = createRandom(77);
    for (const [set, kind, count, difficulty] of SETS) {
      const skill =
        model === "initial" && head === "new" ? -2.2 : 3.6 * (1 - Math.exp((-5 * step) / steps)) + 0.2;
      const logit = skill - difficulty + (kind === "shift" ? gain * (step / steps) : 0);
      const confusion = Array.from({ length: classes }, () => new Array<number>(classes).fill(0));
      const right = new Uint8Array(count);
      for (let i = 0; i < count; i++) {
        const u = examples.next();
        const label = i % classes;
        right[i] = 0.9 * u + 0.1 * random.next() < 1 / (1 + Math.exp(-logit)) ? 1 : 0;
        const wrong = random.next() < 0.6 ? (label + 3) % classes : random.integer(classes);
        confusion[label]![right[i] ? label : wrong]!++;
      }
      const accuracy = mean(Array.from(right));
      records.push({
        step,
        epoch: (step * 32) / 2000,
        model,
        set,
        kind,
        count,
        metrics: { accuracy, loss: Math.log1p(Math.exp(-logit)) },
        confusion,
        correct: packBits(right),
      });
    }
  };
  judge(0, "initial");
  for (let i = 1; i <= 12; i++) judge(Math.round((steps * i) / 12), "current");
  judge(Math.round(steps * 0.85), "best");
  return records;
}

function sampleRecords(random: Random, classes: readonly string[]): SampleRecord[] {
  return SETS.filter(([, kind]) => kind !== "validation").flatMap(([set, kind]) =>
    Array.from({ length: 16 }, (_, i): SampleRecord => {
      const shapes = createRandom(i * 31 + set.length);
      const label = i % classes.length;
      const predicted = random.next() < 0.7 ? label : random.integer(classes.length);
      const rest = 0.05 + 0.3 * random.next();
      const probabilities = classes.map((_, c) => (c === predicted ? 1 - rest : rest / (classes.length - 1)));
      return {
        set,
        kind,
        name: `${set}/${label}/${i}.png`,
        label,
        predicted,
        probabilities,
        png: drawing(shapes, label),
      };
    }),
  );
}

/** A 28 × 28 grey PNG of a seven-segment digit with noise. */
function drawing(random: Random, digit: number): string {
  const segments = [
    0b1110111, 0b0100100, 0b1011101, 0b1101101, 0b0101110, 0b1101011, 0b1111011, 0b0100101, 0b1111111,
    0b1101111,
  ];
  const places = [
    [9, 4, 10, 2],
    [7, 5, 2, 9],
    [18, 5, 2, 9],
    [9, 13, 10, 2],
    [7, 14, 2, 9],
    [18, 14, 2, 9],
    [9, 22, 10, 2],
  ] as const;
  const size = 28;
  const rows = new Uint8Array(size * (size + 1)); // each row begins with its filter, 0
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      const lit = places.some(
        ([px, py, w, h], s) =>
          (segments[digit % 10]! >> s) & 1 && x >= px && x < px + w && y >= py && y < py + h,
      );
      rows[y * (size + 1) + 1 + x] = Math.max(0, Math.min(255, (lit ? 225 : 12) + 25 * random.normal()));
    }
  }
  const header = new Uint8Array(13);
  const view = new DataView(header.buffer);
  view.setUint32(0, size);
  view.setUint32(4, size);
  header[8] = 8; // bits; colour type 0 is grey
  const parts = [
    Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]),
    chunk("IHDR", header),
    chunk("IDAT", deflateSync(rows)),
    chunk("IEND", new Uint8Array()),
  ];
  return Buffer.concat(parts).toString("base64");
}

function chunk(type: string, data: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
  let crc = 0xffffffff;
  for (const byte of body) {
    crc ^= byte;
    for (let k = 0; k < 8; k++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  const out = Buffer.alloc(body.length + 8);
  out.writeUInt32BE(data.length, 0);
  out.set(body, 4);
  out.writeUInt32BE(~crc >>> 0, body.length + 4);
  return out;
}

function clamp(share: number): number {
  return Math.min(1, Math.max(0, share));
}

function mean(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0) / values.length;
}
