import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { FileError } from "../../errors.ts";
import type { Files } from "../../platform/files.ts";
import { createMemoryFiles } from "../../platform/memory-files.ts";
import { nodeFiles } from "../../platform/node-files.ts";
import type { Sample } from "../dataset.ts";
import { bytesOfSample, sampleOfBytes } from "./sample-bytes.ts";
import { openShelf, type Prepared } from "./shelf.ts";

const text = { kind: "text", text: "né \ud83d\ude00 \ud800", words: ["né"], tags: [3] } as const;
const samples: Readonly<Record<Sample["kind"], Sample>> = {
  image: {
    kind: "image",
    height: 1,
    width: 3,
    channels: 1,
    data: Uint8Array.of(0, 128, 255),
    mask: Uint16Array.of(1, 65535, 7),
  },
  array: { kind: "array", dims: [4], data: Float32Array.of(-0, Number.NaN, 1e-42, Number.POSITIVE_INFINITY) },
  audio: { kind: "audio", sampleRate: 16000, data: Float32Array.of(-1, 0.5) },
  text,
  dialogue: { kind: "dialogue", messages: [{ role: "user", content: "?" }], answers: ["a", "b"] },
  tokens: {
    kind: "tokens",
    data: Int32Array.of(101, 102),
    types: Int32Array.of(0, 1),
    targets: Int32Array.of(-1, 7),
    source: text,
  },
  sequence: { kind: "sequence", data: Int32Array.of(5), targets: new Int32Array(0), cut: 2, source: text },
  "image-text": {
    kind: "image-text",
    image: { kind: "image", height: 1, width: 1, channels: 3, data: Uint8Array.of(1, 2, 3) },
    text,
  },
};

test.each(Object.entries(samples))("a sample of kind %s comes back bit for bit", (_, sample) => {
  const back = sampleOfBytes(bytesOfSample(sample)) as Sample;
  expect(back).toEqual(sample);
  if (sample.kind === "array" && back.kind === "array")
    expect(new Uint8Array(back.data.buffer)).toEqual(new Uint8Array(sample.data.buffer));
});

test("bytes that are cut hold no sample", () => {
  const bytes = bytesOfSample(samples.tokens);
  for (const length of [0, 3, 20, bytes.length - 1])
    expect(() => sampleOfBytes(bytes.subarray(0, length)), `${length}`).toThrow();
});

const made: string[] = [];
afterAll(async () => {
  for (const folder of made) await rm(folder, { recursive: true, force: true });
});
const stores: readonly { name: string; open: () => Promise<{ files: Files; root: string }> }[] = [
  { name: "memory", open: async () => ({ files: createMemoryFiles({}), root: "cache" }) },
  {
    name: "a disk",
    async open() {
      const root = await mkdtemp(join(tmpdir(), "holdfast-shelf-"));
      made.push(root);
      return { files: nodeFiles, root };
    },
  },
];

const entry = (n: number): Prepared => ({
  fingerprint: n / 3,
  sample: { kind: "image", height: 1, width: 2, channels: 1, data: Uint8Array.of(n, n + 1) },
});

describe.each(stores)("a shelf in $name", ({ open }) => {
  test("gives back what another one in the same folder has put there", async () => {
    const { files, root } = await open();
    const first = await openShelf(files, root, "settings");
    const keys = await Promise.all([0, 1, 2].map((n) => first.keyOf([Uint8Array.of(n), "rule"])));
    for (const [n, key] of keys.entries()) await first.put(key, entry(n));
    await first.flush();
    const second = await openShelf(files, root, "settings");
    for (const [n, key] of keys.entries()) expect(await second.get(key)).toEqual(entry(n));
    expect(second.notes()).toEqual([`${root}: 3 prepared examples were found there, 0 added.`]);
    const other = await openShelf(files, root, "other settings");
    expect(await other.get(keys[0]!)).toBeNull();
  });

  test("which several write to at once keeps what all of them put there", async () => {
    const { files, root } = await open();
    const shelves = await Promise.all([0, 1, 2, 3].map(() => openShelf(files, root, "s")));
    await Promise.all(
      shelves.map(async (shelf, n) => {
        await shelf.put(await shelf.keyOf([`${n}`]), entry(n));
        await shelf.put(await shelf.keyOf(["shared"]), entry(9));
        await shelf.flush();
      }),
    );
    const after = await openShelf(files, root, "s");
    for (const n of [0, 1, 2, 3]) expect(await after.get(await after.keyOf([`${n}`]))).toEqual(entry(n));
    expect(await after.get(await after.keyOf(["shared"]))).toEqual(entry(9));
  });

  test("whose file was cut or damaged says so and finds nothing in it", async () => {
    const { files, root } = await open();
    const shelf = await openShelf(files, root, "s");
    const key = await shelf.keyOf(["x"]);
    await shelf.put(key, entry(1));
    await shelf.flush();
    const [folder] = await files.list(root);
    const [shard] = await files.list(`${root}/${folder!.name}`);
    const path = `${root}/${folder!.name}/${shard!.name}`;
    const whole = await files.read(path);
    for (const length of [0, 5, whole.length - 1]) {
      await files.write(path, whole.slice(0, length));
      const cut = await openShelf(files, root, "s");
      expect(await cut.get(key)).toBeNull();
      expect(cut.notes()[1]).toContain("no whole file of prepared examples");
    }
    const flipped = whole.slice();
    flipped[10]! ^= 1;
    await files.write(path, flipped);
    const damaged = await openShelf(files, root, "s");
    expect(await damaged.get(key)).toBeNull();
    expect(damaged.notes()).toEqual([
      `${root}: 0 prepared examples were found there, 0 added, 1 were damaged.`,
    ]);
    await damaged.put(key, entry(1));
    await damaged.flush();
    expect(await (await openShelf(files, root, "s")).get(key)).toEqual(entry(1));
  });
});

test("parts that say the same in other pieces are another example", async () => {
  const shelf = await openShelf(createMemoryFiles({}), "c", "s");
  const lists = [["ab", "c"], ["a", "bc"], ["abc"], [new TextEncoder().encode("abc")], []];
  const keys = await Promise.all(lists.map((parts) => shelf.keyOf(parts)));
  expect(new Set(keys).size).toBe(lists.length);
});

test("a full disk stops nothing: it is told, and nothing more is written", async () => {
  const memory = createMemoryFiles({});
  let writes = 0;
  const full: Files = {
    ...memory,
    async write(path) {
      writes++;
      throw new FileError(`${path}: no space left on device (ENOSPC)`);
    },
  };
  const shelf = await openShelf(full, "c", "s");
  for (const n of [1, 2]) {
    await shelf.put(`${n}`, entry(n));
    await shelf.flush();
  }
  expect(writes).toBe(1);
  expect(shelf.notes()[1]).toMatch(/^c: prepared examples cannot be kept there \(.*ENOSPC\)\)\.$/);
});
