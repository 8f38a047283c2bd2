import { deflateRawSync, gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { DataError } from "../errors.ts";
import { inflate } from "./inflate.ts";

const text = new TextEncoder().encode("holdfast ".repeat(1000));

test("what zlib compressed comes back", async () => {
  const options = { limit: text.length, what: "x" };
  expect(await inflate(new Uint8Array(gzipSync(text)), { format: "gzip", ...options })).toEqual(text);
  expect(await inflate(new Uint8Array(deflateRawSync(text)), { format: "deflate-raw", ...options })).toEqual(
    text,
  );
});

test("a stream that grows beyond its limit, or is cut, is a DataError with its name", async () => {
  const packed = new Uint8Array(gzipSync(text));
  const limited = inflate(packed, { format: "gzip", limit: 8999, what: "train.gz" });
  await expect(limited).rejects.toThrow("train.gz: gzip data grows beyond 8999 bytes");
  const cut = inflate(packed.slice(0, 30), { format: "gzip", limit: 9000, what: "train.gz" });
  await expect(cut).rejects.toThrow(DataError);
});
