import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { HubServer, TOKEN } from "../../test/support/hub-server.ts";
import { FileError } from "../errors.ts";
import type { Files } from "../platform/files.ts";
import { nodeFiles } from "../platform/node-files.ts";
import { HubClient } from "./client.ts";
import { type PullEvent, type PullOptions, pull } from "./pull.ts";
import { parseRepository } from "./repository.ts";

let server: HubServer;
let out: string;
const weights = Uint8Array.from({ length: 9000 }, (_, i) => (i * 31) % 251);
beforeEach(async () => {
  server = await HubServer.start();
  out = mkdtempSync(join(tmpdir(), "holdfast-pull-"));
  server.add("models/ann/tiny", {
    "config.json": '{"model_type": "bert"}',
    "README.md": "# A model",
    "model.safetensors": new Uint8Array(2000),
    "onnx/model.onnx": weights,
    "onnx/model.onnx_data": weights.slice(0, 5000),
    "onnx/model_fp16.onnx": weights.slice(0, 3000),
    "onnx/model_quantized.onnx": weights.slice(0, 2000),
    "empty.json": "",
  });
});
afterEach(async () => {
  await server.stop();
  rmSync(out, { recursive: true, force: true });
});

const at = (name: string) => join(out, name);

function pullIt(options: Partial<PullOptions> & { readonly token?: string; readonly id?: string } = {}) {
  const { id = "ann/tiny", token, ...rest } = options;
  return pull(parseRepository(id, "model"), {
    files: nodeFiles,
    client: new HubClient({ endpoint: server.endpoint, token }),
    revision: "main",
    dtype: "fp32",
    include: [],
    out: at("model"),
    force: false,
    ...rest,
  });
}

describe("pull", () => {
  test("fetches the graph of one dtype, its files of weights and what is small beside them", async () => {
    const events: PullEvent[] = [];
    const { files } = await pullIt({ onEvent: (e) => events.push(e) });
    expect([...files].sort()).toEqual([
      "README.md",
      "config.json",
      "empty.json",
      "onnx/model.onnx",
      "onnx/model.onnx_data",
    ]);
    expect(new Uint8Array(readFileSync(at("model/onnx/model.onnx")))).toEqual(weights);
    expect(readFileSync(at("model/empty.json"))).toHaveLength(0);
    const last = events.findLast((e) => e.kind === "bytes")!;
    expect(last).toMatchObject({ done: last.total });
    expect(JSON.parse(readFileSync(at("model/origin.json"), "utf8"))).toMatchObject({
      id: "ann/tiny",
      revision: "main",
    });
  });

  test.each([
    ["fp16", "onnx/model_fp16.onnx"],
    ["q8", "onnx/model_quantized.onnx"],
  ] as const)("takes the file of dtype %s", async (dtype, path) => {
    const { files } = await pullIt({ dtype });
    expect(files.filter((f) => f.endsWith(".onnx"))).toEqual([path]);
  });

  test("takes a data set, and of it what patterns name", async () => {
    server.add("datasets/ann/data", {
      "train/a.png": "a",
      "train/b.txt": "b",
      "test/c.png": "c",
      ".gitattributes": "",
    });
    const options = { id: "datasets/ann/data", out: at("data") };
    expect((await pullIt(options)).files).toEqual(["train/a.png", "train/b.txt", "test/c.png"]);
    expect((await pullIt({ ...options, out: at("part"), include: ["**/*.png"] })).files).toEqual([
      "train/a.png",
      "test/c.png",
    ]);
    expect((await pullIt({ ...options, out: at("folder"), include: ["train"] })).files).toEqual([
      "train/a.png",
      "train/b.txt",
    ]);
  });

  test("leaves what is there, and replaces another version only when told to", async () => {
    await pullIt();
    const before = server.requests.length;
    await pullIt();
    expect(server.requests.slice(before).some((r) => r.includes("/resolve/"))).toBe(false);
    writeFileSync(at("model/config.json"), "{}");
    await expect(pullIt()).rejects.toThrow(/holds other versions of config\.json; .*--force/);
    expect(readFileSync(at("model/config.json"), "utf8")).toBe("{}");
    await pullIt({ force: true });
    expect(readFileSync(at("model/config.json"), "utf8")).toBe('{"model_type": "bert"}');
  });

  test("goes on where a connection broke, by itself and in a later call", async () => {
    Object.assign(server.faults, { breakAfter: 4000, breaks: 1 });
    await pullIt();
    expect(new Uint8Array(readFileSync(at("model/onnx/model.onnx")))).toEqual(weights);

    Object.assign(server.faults, { breakAfter: 2500, breaks: Number.POSITIVE_INFINITY });
    const failing: Files = {
      ...nodeFiles,
      append: () =>
        Promise.reject(
          new FileError("x: cannot append to: the disk is full", { details: { code: "ENOSPC" } }),
        ),
    };
    await expect(pullIt({ out: at("later"), files: failing })).rejects.toThrow(
      /the disk is full\. Free 14 kB or/,
    );
    delete server.faults.breakAfter;
    await pullIt({ out: at("later") });
    expect(new Uint8Array(readFileSync(at("later/onnx/model.onnx")))).toEqual(weights);
  });

  test.each(["config.json", "onnx/model.onnx"])(
    "refuses a changed %s by its checksum, and keeps nothing of it",
    async (path) => {
      server.faults.corrupt = path;
      await expect(pullIt()).rejects.toThrow(/is not what .* lists \(sha/);
      delete server.faults.corrupt;
      await pullIt();
      expect(new Uint8Array(readFileSync(at("model/onnx/model.onnx")))).toEqual(weights);
    },
  );

  test("says what to do about each answer of the server", async () => {
    server.add("models/ann/secret", { "model.onnx": "x" }, { isPrivate: true });
    server.add("models/ann/gated", { "model.onnx": "x" }, { isGated: true });
    server.add("models/ann/torch", { "model.safetensors": "x" });
    await expect(pullIt({ id: "ann/secret" })).rejects.toThrow(
      /no such repository, or it is private.*HF_TOKEN/,
    );
    await expect(pullIt({ id: "ann/secret", token: TOKEN })).resolves.toBeDefined();
    await expect(pullIt({ token: "hf_wrong" })).rejects.toThrow(/the token is not accepted/);
    await expect(pullIt({ id: "ann/gated", token: TOKEN })).rejects.toThrow(
      /Accept its conditions at .*\/ann\/gated/,
    );
    await expect(pullIt({ id: "ann/none", token: TOKEN })).rejects.toThrow(
      /has no such repository.*--dataset/,
    );
    await expect(pullIt({ revision: "v9" })).rejects.toThrow(/no revision "v9"/);
    await expect(pullIt({ dtype: "q4" })).rejects.toThrow(/no file of --dtype q4; it has fp32, fp16, q8/);
    await expect(pullIt({ id: "ann/torch" })).rejects.toThrow(/onnx-community\/torch-ONNX/);
    server.faults.status = 503;
    await expect(pullIt()).rejects.toThrow(/is in trouble \(status 503/);
    const gone = server.endpoint;
    await server.stop();
    const client = new HubClient({ endpoint: gone });
    await expect(pullIt({ client })).rejects.toThrow(/cannot reach http:.*: nothing listens there/);
  });

  test("writes nothing outside of its folder, whatever a server lists", async () => {
    server.add("models/ann/evil", { "model.onnx": "x", "../evil.json": "{}" });
    await expect(pullIt({ id: "ann/evil" })).rejects.toThrow(
      /lists a file "\.\.\/evil\.json" outside of itself/,
    );
  });
});
