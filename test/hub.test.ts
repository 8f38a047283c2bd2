import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runCommandLine } from "../src/cli/program.ts";
import { finetune } from "../src/finetune.ts";
import { nodeFiles } from "../src/platform/node-files.ts";
import { openRuntime } from "../src/runtime/runtime.ts";
import { HubServer, TOKEN } from "./support/hub-server.ts";
import { writeTinyProblem } from "./support/tiny-run.ts";

// The commands against a server on this machine that speaks as the Hub does.
let server: HubServer;
let folder: string;
const at = (...parts: string[]) => join(folder, ...parts);

async function holdfast(...argv: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const said = { stdout: "", stderr: "" };
  const stream = (name: "stdout" | "stderr") => ({
    write: (text: string) => {
      said[name] += text;
    },
  });
  const code = await runCommandLine({
    stdin: (async function* () {})(),
    stdout: stream("stdout"),
    stderr: stream("stderr"),
    files: nodeFiles,
    environment: { NO_COLOR: "1", HF_ENDPOINT: server.endpoint, HF_TOKEN: TOKEN },
    argv,
  });
  return { code, ...said };
}

function filesIn(path: string, below = ""): string[] {
  return readdirSync(join(path, below)).flatMap((name) =>
    statSync(join(path, below, name)).isDirectory() ? filesIn(path, join(below, name)) : [join(below, name)],
  );
}

beforeAll(async () => {
  server = await HubServer.start();
  folder = mkdtempSync(join(tmpdir(), "holdfast-hub-"));
  await writeTinyProblem(folder);
  server.add("models/org/base", {
    "model.onnx": readFileSync(at("model.onnx")),
    "README.md": "---\nlicense: mit\n---\n# Base",
  });
});
afterAll(async () => {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

describe("from the Hub to the Hub", () => {
  test("a model is listed and fetched", async () => {
    const listed = await holdfast("pull", "org/base", "--list");
    expect(listed.stdout).toMatch(/^\*\s+model\.onnx/mu);
    const pulled = await holdfast("pull", "org/base", "--out", at("base"));
    expect(pulled).toMatchObject({ code: 0, stdout: `${at("base")}\n` });
    expect(readFileSync(at("base/model.onnx"))).toEqual(readFileSync(at("model.onnx")));
  });

  test("a run is pushed with a card that knows where it came from", async () => {
    const runtime = await openRuntime({ prefer: "native", threads: 1 });
    await finetune(
      {
        model: at("base"),
        data: at("data/train.npz"),
        test: at("data/test.npz"),
        shifts: { noisy: "corruption:gaussian-noise:2" },
        out: at("run"),
        epochs: 1,
        report: false,
      },
      { files: nodeFiles, runtime },
    );
    const card = await holdfast("card", at("run"), "--name", "me/tiny");
    expect(card.stdout).toMatch(/license: mit\nbase_model: org\/base/u);
    expect(card.stdout).toMatch(/^\| noisy \| shifted \| 30 \|/mu);

    const pushed = await holdfast("push", at("run"), "--repo", "me/tiny", "--private");
    expect(pushed).toMatchObject({ code: 0, stdout: `${server.endpoint}/me/tiny\n` });
    const there = server.repositories.get("models/me/tiny")!;
    expect(there.isPrivate).toBe(true);
    for (const path of filesIn(at("run/model")))
      expect(Buffer.from(there.files.get(path)!), path).toEqual(readFileSync(at("run/model", path)));
    expect(Buffer.from(there.files.get("README.md")!).toString()).toBe(card.stdout);
  }, 60_000);

  test("what was pushed is pulled again, byte for byte", async () => {
    await holdfast("pull", "me/tiny", "--out", at("again"));
    expect(readFileSync(at("again/onnx/model.onnx"))).toEqual(readFileSync(at("run/model/onnx/model.onnx")));
  });

  test("a second push has nothing to do, and another version needs --force", async () => {
    const again = await holdfast("push", at("run"), "--repo", "me/tiny");
    expect(again.stderr).toContain("Nothing to upload");
    writeFileSync(at("run/model/README.md"), "# Edited");
    const refused = await holdfast("push", at("run"), "--repo", "me/tiny");
    expect(refused.code).toBe(3);
    expect(refused.stderr).toMatch(/holds other versions of README\.md; .*--force/u);
    const forced = await holdfast("push", at("run"), "--repo", "me/tiny", "--force");
    expect(forced.stderr).toBe("  README.md\n");
    expect(Buffer.from(server.repositories.get("models/me/tiny")!.files.get("README.md")!).toString()).toBe(
      "# Edited",
    );
  });

  test("large files go in parts, with the bytes counted", async () => {
    cpSync(at("run"), at("large"), { recursive: true });
    mkdirSync(at("large/model/more"));
    const bytes = Uint8Array.from({ length: 10_000 }, (_, i) => i % 256);
    writeFileSync(at("large/model/more/data.bin"), bytes);
    expect((await holdfast("push", at("large"), "--repo", "me/large")).code).toBe(0);
    expect(Buffer.from(server.repositories.get("models/me/large")!.files.get("more/data.bin")!)).toEqual(
      Buffer.from(bytes),
    );
  });

  test.each([
    [["push", "RUN", "--repo", "stranger/x"], /the token may not write there .*of your own/u],
    [["push", "RUN", "--repo", "me/tiny", "--token", "hf_wrong"], /the token is not accepted/u],
    [["push", "RUN", "--repo", "me/tiny", "--token", "wrong"], /does not begin with hf_/u],
    [["push", "RUN", "--repo", "org/base", "--private"], /is there and public/u],
    [["push", "RUN", "--repo", "one word"], /is no name of a repository/u],
    [["push", "RUN", "--repo", "me/new", "--license", "mit"], /the card is written already/u],
    [["push", "nowhere", "--repo", "me/new"], /no run here/u],
    [["pull", "org/base", "--endpoint", "nonsense"], /expected an address/u],
  ])("%j is refused with the remedy", async (argv, message) => {
    const { code, stderr } = await holdfast(...argv.map((word) => (word === "RUN" ? at("run") : word)));
    expect(code).not.toBe(0);
    expect(stderr).toMatch(message);
  });
});
