import { HubError } from "../errors.ts";
import { createDigest, type Digest } from "../platform/digest.ts";
import type { Files } from "../platform/files.ts";
import { basename, dirname, joinPath } from "../platform/paths.ts";
import type { HubClient, RemoteFile } from "./client.ts";
import { isPassing } from "./hub-errors.ts";
import type { Repository } from "./repository.ts";

/** What comes in is written in pieces of this size: each is an open and a close of the file. */
const PIECE_BYTES = 4 << 20;
/** Files on the disk are read in pieces of this size to check them. */
const READ_BYTES = 16 << 20;
/** Waits before a broken download goes on where it stopped, in milliseconds. */
const PAUSES: readonly number[] = [500, 2000, 8000];

export interface DownloadOptions {
  readonly files: Files;
  readonly client: HubClient;
  readonly repository: Repository;
  readonly revision: string;
  /** Where the file goes. */
  readonly to: string;
  /** Told how many bytes more have arrived, those of an earlier attempt included. */
  readonly onBytes: (count: number) => void;
}

/**
 * Fetches a file: into a hidden one beside it, which a later call goes on with, checked and then renamed. Nobody sees half
 * a file under its name.
 *
 * @throws HubError if the server gives something else than it lists; FileError if it cannot be written
 */
export async function download(file: RemoteFile, options: DownloadOptions): Promise<void> {
  const { files, client, repository, revision, to, onBytes } = options;
  const part = partOf(to, file);
  const digest = digestOf(file);
  let from = (await files.stat(part))?.bytes ?? 0;
  if (from > file.bytes) {
    await files.remove(part);
    from = 0;
  }
  if (digest) await feed(digest, files, part, from);
  onBytes(from);
  if (from === 0) await files.write(part, ""); // a file without bytes is a file too
  for (let attempt = 0; from < file.bytes; attempt++) {
    const waiting = new PieceWriter(files, part, digest);
    try {
      for await (const chunk of client.read(repository, revision, file, from)) {
        from += chunk.length;
        await waiting.add(chunk);
        onBytes(chunk.length);
      }
      await waiting.flush();
      if (from < file.bytes) throw new Error("the connection ended too early");
    } catch (error) {
      await waiting.flush(); // what has arrived is kept
      const pause = PAUSES[attempt];
      if (pause === undefined || !isPassing(error)) throw error;
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  }
  const found = digest?.hex() ?? null;
  if (from !== file.bytes || (file.checksum && found !== file.checksum.hex)) {
    await files.remove(part);
    throw new HubError(
      `${file.path}: what arrived is not what ${client.endpoint} lists (${checksumText(file, from, found)}). It is removed; run the same command again. If it happens again, something on the way changes files: a proxy, a scanner, a broken disk.`,
      { details: { path: file.path } },
    );
  }
  await files.move(part, to);
}

/** Whether a file on the disk is the one that the server lists. */
export async function isSame(files: Files, path: string, file: RemoteFile): Promise<boolean> {
  const stat = await files.stat(path);
  if (stat?.kind !== "file" || stat.bytes !== file.bytes) return false;
  const digest = digestOf(file);
  if (!digest) return true;
  await feed(digest, files, path, file.bytes);
  return digest.hex() === file.checksum?.hex;
}

/** Another version of the file has another part, so that no two are ever glued together. */
function partOf(to: string, { checksum, bytes }: RemoteFile): string {
  return joinPath(dirname(to), `.${basename(to)}.${checksum?.hex.slice(0, 12) ?? bytes}.part`);
}

function digestOf({ checksum, bytes }: RemoteFile): Digest | null {
  if (checksum === null) return null;
  const digest = createDigest(checksum.name);
  // git's id of a blob counts a header.
  if (checksum.name === "sha1") digest.update(new TextEncoder().encode(`blob ${bytes}\0`));
  return digest;
}

async function feed(digest: Digest, files: Files, path: string, bytes: number): Promise<void> {
  for (let at = 0; at < bytes; at += READ_BYTES)
    digest.update(await files.readRange(path, at, Math.min(READ_BYTES, bytes - at)));
}

function checksumText({ bytes, checksum }: RemoteFile, got: number, found: string | null): string {
  if (got !== bytes) return `${got} bytes in place of ${bytes}`;
  return `${checksum?.name} ${found?.slice(0, 12)}… in place of ${checksum?.hex.slice(0, 12)}…`;
}

/** Gathers small chunks to pieces that are worth a write. */
class PieceWriter {
  private readonly files: Files;
  private readonly path: string;
  private readonly digest: Digest | null;
  private chunks: Uint8Array[] = [];
  private bytes = 0;

  constructor(files: Files, path: string, digest: Digest | null) {
    this.files = files;
    this.path = path;
    this.digest = digest;
  }

  async add(chunk: Uint8Array): Promise<void> {
    this.chunks.push(chunk);
    this.bytes += chunk.length;
    if (this.bytes >= PIECE_BYTES) await this.flush();
  }

  async flush(): Promise<void> {
    if (this.bytes === 0) return;
    const piece = new Uint8Array(this.bytes);
    let at = 0;
    for (const chunk of this.chunks) {
      piece.set(chunk, at);
      at += chunk.length;
    }
    this.chunks = [];
    this.bytes = 0;
    await this.files.append(this.path, piece);
    this.digest?.update(piece);
  }
}
