import { HoldfastError, messageOf } from "../../errors.ts";
import type { Files } from "../../platform/files.ts";
import { joinBytes } from "../../platform/join-bytes.ts";
import { joinPath } from "../../platform/paths.ts";
import type { Sample, StoredPart } from "../dataset.ts";
import { bytesOfSample, sampleOfBytes } from "./sample-bytes.ts";
import { readEntry, readShardIndex, SHARD, type ShardEntry, writeShard } from "./shard-file.ts";

/** Entries are written together once they have so many bytes: few files, and little that a killed run loses. */
const SHARD_BYTES = 16 * 2 ** 20;

/** An example that was prepared for a model. */
export interface Prepared {
  readonly sample: Sample;
  /** `hashSample` of the example as it was read. */
  readonly fingerprint: number;
}

/** Prepared examples on a disk, by what they were made of. */
export interface Shelf {
  /** What an example is found by: a hash (SHA-256, half of it) of the parts that it is made of. */
  keyOf(parts: readonly StoredPart[]): Promise<string>;
  /** Null where there is none, or it cannot be read any more. */
  get(key: string): Promise<Prepared | null>;
  put(key: string, prepared: Prepared): Promise<void>;
  /** Writes what was put and is not on the disk yet. */
  flush(): Promise<void>;
  /** Sentences for the user: how many were found and added, and what was wrong with the folder. */
  notes(): readonly string[];
}

/**
 * A shelf in a folder, in a folder of its own for each `identity`, so that other settings find nothing. Every process
 * writes files of its own, each at once: several may share the folder, and one that is killed leaves nothing broken.
 * What cannot be read is made anew; what cannot be written is told in the notes and stops nothing.
 *
 * @param identity all that decides how an example is prepared, besides the example
 * @throws FileError if the folder cannot be made or listed
 */
export async function openShelf(files: Files, folder: string, identity: string): Promise<Shelf> {
  const own = joinPath(folder, (await sha256([identity])).slice(0, 16));
  await files.makeFolder(own);
  // An entry may lie in several files: two processes made it, or one of them was damaged.
  const places = new Map<string, { readonly path: string; readonly entry: ShardEntry }[]>();
  const problems: string[] = [];
  const remember = (path: string, entries: readonly ShardEntry[]) => {
    for (const entry of entries) places.set(entry[0], [...(places.get(entry[0]) ?? []), { path, entry }]);
  };
  for (const { name } of await files.list(own)) {
    if (!name.endsWith(SHARD)) continue;
    const path = joinPath(own, name);
    try {
      remember(path, await readShardIndex(files, path));
    } catch (error) {
      if (!(error instanceof HoldfastError)) throw error;
      problems.push(`${messageOf(error)}; its examples are prepared anew, the file can be removed.`);
    }
  }

  let pending = new Map<string, Uint8Array>();
  let pendingBytes = 0;
  let [found, added, damaged] = [0, 0, 0];
  let isBroken = false; // nothing more can be written

  const flush = async (): Promise<void> => {
    if (pending.size === 0 || isBroken) return;
    const entries = pending;
    pending = new Map();
    pendingBytes = 0;
    const path = joinPath(own, `${crypto.randomUUID()}${SHARD}`);
    try {
      remember(path, await writeShard(files, path, entries));
      added += entries.size;
    } catch (error) {
      if (!(error instanceof HoldfastError)) throw error;
      isBroken = true;
      problems.push(`${folder}: prepared examples cannot be kept there (${messageOf(error)}).`);
    }
  };

  return {
    keyOf: async (parts) => (await sha256(parts)).slice(0, 32),
    async get(key) {
      for (const { path, entry } of places.get(key) ?? []) {
        const prepared = await read(files, path, entry);
        if (prepared) {
          found++;
          return prepared;
        }
        damaged++;
      }
      places.delete(key);
      return null;
    },
    async put(key, prepared) {
      if (isBroken || places.has(key) || pending.has(key)) return;
      const bytes = bytesOfSample(prepared);
      pending.set(key, bytes);
      pendingBytes += bytes.length;
      if (pendingBytes >= SHARD_BYTES) await flush();
    },
    flush,
    notes() {
      const lost = damaged > 0 ? `, ${damaged} were damaged` : "";
      return [`${folder}: ${found} prepared examples were found there, ${added} added${lost}.`, ...problems];
    },
  };
}

/** Null if the entry is damaged, or its file is gone. */
async function read(files: Files, path: string, entry: ShardEntry): Promise<Prepared | null> {
  try {
    const bytes = await readEntry(files, path, entry);
    return bytes && (sampleOfBytes(bytes) as Prepared); // what `put` wrote, as its hash says
  } catch (error) {
    if (error instanceof HoldfastError) return null;
    throw error;
  }
}

/** SHA-256 of parts, in hexadecimal; each stands behind its kind and length, so that no two lists of them look alike. */
async function sha256(parts: readonly StoredPart[]): Promise<string> {
  const encoder = new TextEncoder();
  const pieces = parts.flatMap((part) => {
    const bytes = typeof part === "string" ? encoder.encode(part) : part;
    return [encoder.encode(`${typeof part === "string" ? "text" : "bytes"} ${bytes.length}\n`), bytes];
  });
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", joinBytes(pieces)));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
