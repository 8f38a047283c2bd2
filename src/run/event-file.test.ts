import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { createMemoryFiles } from "../platform/memory-files.ts";
import { crc32c } from "./crc32c.ts";
import { encodeEvent, eventFileHead } from "./event-file.ts";
import { evaluationAt, layerAt, start, stepAt } from "./run.fixtures.ts";
import { readRun } from "./run-reader.ts";
import { createRun } from "./run-writer.ts";
import { withTensorBoard } from "./tensorboard.ts";

interface Golden {
  readonly head: string;
  readonly resumedHead: string;
  readonly events: readonly {
    readonly step: number;
    readonly wallTime: number;
    readonly scalars: readonly (readonly [tag: string, value: string])[];
    readonly frame: string;
  }[];
}

// Written by TensorBoard itself: scripts/goldens/event_file.py.
const golden = JSON.parse(
  readFileSync(new URL("goldens/event-file.json", import.meta.url), "utf8"),
) as Golden;
const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString("base64");

test("CRC-32C equals the examples of RFC 3720, appendix B.4", () => {
  expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
  expect(crc32c(new Uint8Array(32).fill(0xff))).toBe(0x62a8ab43);
  expect(crc32c(Uint8Array.from({ length: 32 }, (_, i) => i))).toBe(0x46dd794e);
});

test("event files equal TensorBoard's own byte for byte", () => {
  expect(base64(eventFileHead(1700000000.5, 0))).toBe(golden.head);
  expect(base64(eventFileHead(1700000000.5, 201))).toBe(golden.resumedHead);
  for (const { step, wallTime, scalars, frame } of golden.events) {
    const values = Object.fromEntries(
      scalars.map(([tag, value]) => [tag, value === "inf" ? Infinity : Number(value)]),
    );
    expect(base64(encodeEvent({ step, wallTime, scalars: values }))).toBe(frame);
  }
});

test("a run with TensorBoard writes the same records, and its events beside them", async () => {
  const files = createMemoryFiles();
  const plain = await createRun(files, "r", start);
  const run = withTensorBoard(plain, files, { startedAt: start.environment.startedAt });
  await run.steps(stepAt(1), stepAt(2));
  await run.layers([layerAt(2), layerAt(2, "conv.bias")]);
  await run.evaluations(evaluationAt(2), evaluationAt(2, "best"));
  const read = await readRun(files, "r");
  expect([read.steps.length, read.layers.length, read.evaluations.length]).toEqual([2, 2, 2]);
  const [file] = await files.list("r/tensorboard");
  expect(file?.name).toBe("events.out.tfevents.1767323045.000000000000.holdfast");
  const text = Buffer.from(await files.read(`r/tensorboard/${file?.name}`)).toString("latin1");
  expect(text.match(/train\/loss/g)).toHaveLength(2);
  expect(text.match(/validation\/accuracy/g)).toHaveLength(1);
  expect(text).toContain("fired/conv.bias");
});
