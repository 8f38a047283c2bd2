import { mkdtemp, readdir, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { FileError } from "../errors.ts";
import type { Files } from "./files.ts";
import { createMemoryFiles } from "./memory-files.ts";
import { nodeFiles } from "./node-files.ts";

const made: string[] = [];
afterEach(async () => {
  for (const folder of made.splice(0)) await rm(folder, { recursive: true, force: true });
});

async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "holdfast-files-"));
  made.push(folder);
  return folder;
}

const stores: readonly { name: string; open: () => Promise<{ files: Files; root: string }> }[] = [
  { name: "node", open: async () => ({ files: nodeFiles, root: await temporaryFolder() }) },
  { name: "memory", open: async () => ({ files: createMemoryFiles({ "root/keep.txt": "" }), root: "root" }) },
];

describe.each(stores)("$name files", ({ open }) => {
  test("what is written is read back, whole and by range", async () => {
    const { files, root } = await open();
    await files.write(`${root}/a/b.bin`, Uint8Array.of(1, 2, 3, 4, 5));
    expect([...(await files.read(`${root}/a/b.bin`))]).toEqual([1, 2, 3, 4, 5]);
    expect([...(await files.readRange(`${root}/a/b.bin`, 1, 3))]).toEqual([2, 3, 4]);
    expect(await files.readRange(`${root}/a/b.bin`, 5, 0)).toHaveLength(0);
    expect(await files.stat(`${root}/a/b.bin`)).toMatchObject({ kind: "file", bytes: 5 });
  });

  test("content may come in pieces, also asynchronous ones", async () => {
    const { files, root } = await open();
    await files.write(`${root}/x`, [Uint8Array.of(65), Uint8Array.of(), Uint8Array.of(66, 67)]);
    expect(await files.readText(`${root}/x`)).toBe("ABC");
    async function* later(): AsyncGenerator<Uint8Array> {
      yield Uint8Array.of(68);
      yield Uint8Array.of(69);
    }
    await files.write(`${root}/x`, later());
    expect(await files.readText(`${root}/x`)).toBe("DE");
  });

  test("a write that fails in the middle leaves the old content and no litter", async () => {
    const { files, root } = await open();
    await files.write(`${root}/x`, "old");
    const failing = function* (): Generator<Uint8Array> {
      yield Uint8Array.of(1);
      throw new Error("no more");
    };
    await expect(files.write(`${root}/x`, failing())).rejects.toThrow("no more");
    expect(await files.readText(`${root}/x`)).toBe("old");
    expect((await files.list(root)).filter((e) => e.name !== "keep.txt")).toEqual([
      { name: "x", kind: "file" },
    ]);
  });

  test("a range behind the end is refused before anything is allocated", async () => {
    const { files, root } = await open();
    await files.write(`${root}/x`, "abc");
    await expect(files.readRange(`${root}/x`, 1, 2 ** 52)).rejects.toThrow(
      /cannot read \d+ bytes at 1, the file has 3 bytes/,
    );
    await expect(files.readRange(`${root}/x`, -1, 1)).rejects.toThrow(FileError);
    await expect(files.readRange(`${root}/x`, 0.5, 1)).rejects.toThrow(FileError);
    await expect(files.readRange(`${root}/x`, 4, 0)).rejects.toThrow(FileError);
  });

  test("append makes a file and adds to it", async () => {
    const { files, root } = await open();
    await files.append(`${root}/log/steps.jsonl`, "1\n");
    await files.append(`${root}/log/steps.jsonl`, new TextEncoder().encode("2\n"));
    expect(await files.readText(`${root}/log/steps.jsonl`)).toBe("1\n2\n");
  });

  test("list is sorted and tells files from folders", async () => {
    const { files, root } = await open();
    await files.write(`${root}/d/b`, "");
    await files.write(`${root}/d/B`, "");
    await files.makeFolder(`${root}/d/a/deep`);
    await files.makeFolder(`${root}/d/a/deep`);
    expect(await files.list(`${root}/d`)).toEqual([
      { name: "B", kind: "file" },
      { name: "a", kind: "folder" },
      { name: "b", kind: "file" },
    ]);
  });

  test("what is missing is null for stat, false for exists, and an error that names the path to read", async () => {
    const { files, root } = await open();
    expect(await files.stat(`${root}/none`)).toBeNull();
    expect(await files.exists(`${root}/none`)).toBe(false);
    expect(await files.exists(root)).toBe(true);
    for (const body of [files.read, files.readText, files.list]) {
      await expect(body(`${root}/none`)).rejects.toThrow(/none.*no such file/);
    }
    await expect(files.read(root)).rejects.toThrow(/is a folder/);
    await files.write(`${root}/x`, "");
    await expect(files.list(`${root}/x`)).rejects.toThrow(/expected a folder/);
  });

  test("remove takes a folder with all in it and does not mind what is missing", async () => {
    const { files, root } = await open();
    await files.write(`${root}/d/e/f`, "x");
    await files.remove(`${root}/d`);
    await files.remove(`${root}/d`);
    expect(await files.exists(`${root}/d/e/f`)).toBe(false);
    expect(await files.exists(`${root}/d`)).toBe(false);
  });

  test("move renames files over files, and folders only to a free name", async () => {
    const { files, root } = await open();
    await files.write(`${root}/a`, "A");
    await files.write(`${root}/b`, "B");
    await files.move(`${root}/a`, `${root}/b`);
    expect(await files.readText(`${root}/b`)).toBe("A");
    expect(await files.exists(`${root}/a`)).toBe(false);
    await files.write(`${root}/d/e/f`, "F");
    await files.move(`${root}/d`, `${root}/new/d`);
    expect(await files.readText(`${root}/new/d/e/f`)).toBe("F");
    expect(await files.exists(`${root}/d`)).toBe(false);
    await files.makeFolder(`${root}/other`);
    await expect(files.move(`${root}/new/d`, `${root}/other`)).rejects.toThrow(/exists already/);
  });

  test("reading gives a buffer of its own", async () => {
    const { files, root } = await open();
    await files.write(`${root}/x`, Uint8Array.of(1, 2));
    (await files.read(`${root}/x`))[0] = 9;
    expect([...(await files.read(`${root}/x`))]).toEqual([1, 2]);
  });
});

test("unfinished writes of another process are not listed, and links are seen as what they point to", async () => {
  const root = await temporaryFolder();
  await nodeFiles.write(`${root}/.x.77-1.unfinished`, "part");
  await nodeFiles.makeFolder(`${root}/d`);
  await symlink("d", join(root, "link"));
  await symlink("nowhere", join(root, "dangling"));
  expect(await nodeFiles.list(root)).toEqual([
    { name: "d", kind: "folder" },
    { name: "link", kind: "folder" },
  ]);
  expect(await readdir(root)).toHaveLength(4);
});
