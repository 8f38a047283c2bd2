import { beforeAll, describe, expect, it } from "vitest";
import { ConfigError } from "../errors.ts";
import { decodeModel } from "../onnx/decode.ts";
import { encodeModel } from "../onnx/encode.ts";
import { opsetOf } from "../onnx/model.ts";
import { createOptimizer } from "../optim/create-optimizer.ts";
import { createMemoryFiles } from "../platform/memory-files.ts";
import { openRuntime, type Runtime } from "../runtime/runtime.ts";
import { createRandom } from "../tensor/random.ts";
import { decodeSafetensors, encodeSafetensors } from "../tensor/safetensors.ts";
import { scalar, type Tensor, tensor, zeros } from "../tensor/tensor.ts";
import { type ArtifactsOptions, writeArtifacts } from "./artifacts.ts";
import { createTinyModel } from "./tiny-model.fixtures.ts";

const BATCH = 6;
const STEPS = 12;
const LR = 0.01;
/** Both sides take float32 gradients from one model and step in float32 with sums in float64: rounding of a few steps. */
const TOLERANCE = 1e-6;

interface Described {
  readonly loss: unknown;
  readonly targetWeights?: unknown;
  readonly parameters: readonly {
    readonly name: string;
    readonly shape: readonly number[];
    readonly role: "weight" | "bias" | "norm" | "embedding";
    readonly gradient: string;
    readonly anchor: string;
    readonly anchorInput: string | null;
    readonly states: readonly { readonly name: string; readonly shape: readonly number[] }[];
  }[];
}

let runtime: Runtime;
beforeAll(async () => {
  runtime = await openRuntime({ threads: 1 });
});

async function write(
  options: Partial<ArtifactsOptions> = {},
  model: Uint8Array = createTinyModel(),
  content: Record<string, Uint8Array> = {},
) {
  const files = createMemoryFiles(content);
  await writeArtifacts(decodeModel(model), {
    files,
    runtime,
    out: "out",
    inputShapes: new Map([["image", [BATCH, 1, 8, 8]]]),
    loss: "cross-entropy",
    logits: "logits",
    ...options,
  });
  const about = JSON.parse(await files.readText("out/artifacts.json")) as Described;
  const { tensors } = decodeSafetensors(await files.read("out/checkpoint.safetensors"), "checkpoint");
  const open = async (name: string) => runtime.createSession(await files.read(`out/${name}.onnx`), { name });
  return { files, about, tensors, open };
}

type Written = Awaited<ReturnType<typeof write>>;

function batchOf(step: number): [string, Tensor][] {
  const random = createRandom(step);
  const image = Float32Array.from({ length: BATCH * 64 }, () => random.normal());
  const targets = BigInt64Array.from({ length: BATCH }, () => BigInt(random.integer(3)));
  return [
    ["image", tensor("float32", [BATCH, 1, 8, 8], image)],
    ["targets", tensor("int64", [BATCH], targets)],
  ];
}

/** The loop that any language would write over the files. */
async function trainWithFiles({ about, tensors, open }: Written): Promise<Map<string, Tensor>> {
  const [training, optimizer] = [await open("training_model"), await open("optimizer_model")];
  const values = new Map(about.parameters.map((p) => [p.name, tensors.get(p.name)!]));
  const states = new Map(
    about.parameters.flatMap((p) => p.states.map((s) => [s.name, zeros("float32", s.shape)])),
  );
  const anchors = new Map(
    about.parameters.flatMap(({ name, anchorInput: at }) =>
      at === null ? [] : [[at, tensors.get(at) ?? tensors.get(name)!]],
    ),
  );
  for (let step = 1; step <= STEPS; step++) {
    const out = await training.run(new Map([...values, ...batchOf(step)]));
    const gradients = about.parameters.map((p) => [p.gradient, out.get(p.gradient)!] as const);
    const at = [
      ["lr", scalar("float32", LR)],
      ["step", scalar("int64", step)],
    ] as const;
    const next = await optimizer.run(
      new Map<string, Tensor>([...values, ...gradients, ...states, ...anchors, ...at]),
    );
    for (const [name, value] of next) {
      const own = name.replace(/_next$/, "");
      (values.has(own) ? values : states).set(own, value);
    }
  }
  return values;
}

async function trainWithKernels(
  { about, tensors, open }: Written,
  rule: string,
  anchor: Parameters<typeof createOptimizer>[0]["anchor"],
): Promise<ReadonlyMap<string, Float32Array>> {
  const training = await open("training_model");
  const optimizer = await createOptimizer({
    parameters: about.parameters.map(({ name, shape, role }) => ({
      name,
      shape,
      role: role === "weight" ? "other" : role,
      initial: tensors.get(name)!.data as Float32Array, // artifacts hold float32
    })),
    update: { rule },
    anchor,
  });
  for (let step = 1; step <= STEPS; step++) {
    const values = about.parameters.map(
      ({ name, shape }) => [name, tensor("float32", shape, optimizer.parameters.get(name)!)] as const,
    );
    const out = await training.run(new Map<string, Tensor>([...values, ...batchOf(step)]));
    for (const { name, gradient } of about.parameters)
      optimizer.gradients.get(name)!.set(out.get(gradient)!.data as Float32Array); // as above
    optimizer.step({ lr: LR });
  }
  return optimizer.parameters;
}

describe("the four files", () => {
  it.each([
    ["adam", "spd"],
    ["sgd", "l2-sp-decoupled"],
    ["lion", "weight-decay"],
  ])("take a model the way that %s + %s of this package takes it", async (rule, anchor) => {
    const written = await write({ optimizer: { rule, anchor, at: "init" } });
    const theirs = await trainWithFiles(written);
    const ours = await trainWithKernels(written, rule, { rule: anchor, at: "init" });
    for (const { name } of written.about.parameters) {
      const [a, b] = [ours.get(name)!, theirs.get(name)!.data as Float32Array];
      expect(Math.max(...a.map((x, i) => Math.abs(x - b[i]!)))).toBeLessThan(TOLERANCE);
      expect(
        Math.max(...a.map((x, i) => Math.abs(x - Number(written.tensors.get(name)!.data[i])))),
      ).toBeGreaterThan(LR / 10);
    }
  });

  it("hold weights to those of a file, whose values the checkpoint keeps", async () => {
    const names: readonly [string, number[]][] = [
      ["conv.weight", [4, 1, 3, 3]],
      ["conv.bias", [4]],
      ["fc.weight", [3, 4]],
      ["fc.bias", [3]],
    ];
    const other = new Map(
      names.map(([name, dims]) => [
        name,
        tensor("float32", dims, new Float32Array(dims.reduce((a, b) => a * b)).fill(0.25)),
      ]),
    );
    const { about, tensors } = await write(
      { optimizer: { rule: "adam", anchor: "spd", at: "other.safetensors" } },
      createTinyModel(),
      { "other.safetensors": encodeSafetensors(other) },
    );
    expect(about.parameters.map((p) => [p.anchor, p.anchorInput])).toEqual(
      names.map(([n]) => ["file", `${n}_anchor`]),
    );
    expect([...tensors.get("fc.bias_anchor")!.data]).toEqual([0.25, 0.25, 0.25]);
  });

  it("need no anchor where it is zero, nor where the rule reads none", async () => {
    const zero = await write({ optimizer: { rule: "adam", anchor: "spd", at: "zero" } });
    const decay = await write({ optimizer: { rule: "adam", anchor: "weight-decay", at: "init" } });
    for (const { about } of [zero, decay])
      expect(about.parameters.map((p) => p.anchorInput)).toEqual([null, null, null, null]);
  });

  it("give the same loss with and without gradients, and the model's own outputs", async () => {
    const { tensors, open } = await write();
    const feeds = new Map([...tensors, ...batchOf(1)]);
    const [trained, judged] = [
      await (await open("training_model")).run(feeds),
      await (await open("eval_model")).run(feeds),
    ];
    const direct = await (await runtime.createSession(createTinyModel())).run(
      new Map(batchOf(1).slice(0, 1)),
    );
    expect(judged.get("loss")!.data[0]).toBeCloseTo(Number(trained.get("loss")!.data[0]), 6);
    for (const out of [trained, judged]) {
      const logits = out.get("logits")!.data as Float32Array; // the model's output is float32
      logits.forEach((x, i) => {
        expect(x).toBeCloseTo(Number(direct.get("logits")!.data[i]), 5);
      });
    }
  });

  it("keep the source's operator set where it is newer than the one they are written in", async () => {
    const source = decodeModel(createTinyModel());
    source.opsets.set("", 22);
    source.irVersion = 10;
    const { files } = await write({}, encodeModel(source));
    expect(opsetOf(decodeModel(await files.read("out/training_model.onnx")))).toBe(22);
  });

  it("train what a regular expression names, with the rest as constants", async () => {
    const { about, files } = await write({ trainable: "^fc" });
    expect(about.parameters.map((p) => p.name)).toEqual(["fc.weight", "fc.bias"]);
    const { graph } = decodeModel(await files.read("out/optimizer_model.onnx"));
    expect(graph.inputs.map((v) => v.name)).not.toContain("conv.weight");
  });

  it("leave ignored targets out of the mean", async () => {
    const { tensors, open } = await write({ lossOptions: { ignoreIndex: 7 } });
    const session = await open("eval_model");
    const [image] = batchOf(3);
    const lossOf = async (targets: readonly bigint[]) => {
      const feeds = new Map([
        ...tensors,
        image!,
        ["targets", tensor("int64", [BATCH], BigInt64Array.from(targets))] as const,
      ]);
      return Number((await session.run(feeds)).get("loss")!.data[0]);
    };
    const each = await Promise.all(
      [0, 1].map((k) => lossOf([0, 1, 2, 0, 1, 2].map((t, i) => BigInt(i === k ? t : 7)))),
    );
    expect(await lossOf([0n, 1n, 7n, 7n, 7n, 7n])).toBeCloseTo((each[0]! + each[1]!) / 2, 5);
  });
});

describe("the loss of artifacts", () => {
  it("has options, and a weight for each example where asked for", async () => {
    const lossOptions = { classWeights: [1, 2, 0.5], labelSmoothing: 0.1, weighted: true };
    const { about, tensors, open } = await write({ loss: "cross-entropy", lossOptions });
    expect(about.loss).toEqual({ name: "cross-entropy", output: "logits", ...lossOptions });
    expect(about.targetWeights).toEqual({ name: "target_weights", dtype: "float32", shape: [BATCH] });
    const session = await open("training_model");
    const lossOf = async (weights: readonly number[]) => {
      const factors = ["target_weights", tensor("float32", [BATCH], Float32Array.from(weights))] as const;
      const out = await session.run(new Map([...tensors, ...batchOf(2), factors]));
      return Number(out.get("loss")!.data[0]);
    };
    const [all, one] = [await lossOf([1, 1, 1, 1, 1, 1]), await lossOf([3, 0, 0, 0, 0, 0])];
    expect(await lossOf([2, 2, 2, 2, 2, 2])).toBeCloseTo(all, 5);
    expect(Math.abs(one - all)).toBeGreaterThan(1e-3);
    expect((await write()).about).not.toHaveProperty("targetWeights");
  });
});

describe("what cannot be written is said", () => {
  it.each([
    [{ logits: "nothing" }, /no output "nothing".*its outputs are logits/],
    [{ trainable: "^absent$" }, /"\^absent\$" fits no weight/],
    [{ trainable: "(" }, /no regular expression/],
    [{ lossOptions: { classAxis: 5 } }, /class axis 5 is out of range/],
    [{ optimizer: { rule: "adam", anchor: "tpgm", at: "init" } }, /"tpgm".*no form as an ONNX graph/],
    [
      { optimizer: { rule: "adam", anchor: "spd", at: "init", hyperparameters: { momentum: 1 } } },
      /no hyperparameter "momentum"/,
    ],
  ] as const)("%j", async (options, message) => {
    const attempt = write(options);
    await expect(attempt).rejects.toThrow(ConfigError);
    await expect(attempt).rejects.toThrow(message);
  });
});
