import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** A repository of the fake: its files by path, on one branch. */
interface FakeRepository {
  readonly files: Map<string, Uint8Array>;
  /** A token is needed to see it. */
  isPrivate: boolean;
  /** Its conditions must be accepted, which nobody has done. */
  isGated: boolean;
  commits: number;
}

/** What the server does wrong, so that tests see what we make of it. */
export interface Faults {
  /** The connection breaks after so many bytes of a file, as many times as `breaks` says. */
  breakAfter?: number;
  breaks?: number;
  /** Files of these paths arrive with their first byte changed. */
  corrupt?: string;
  /** Every answer has this status. */
  status?: number;
}

/** Larger files are kept as Git LFS does. */
const LFS_BYTES = 1000;
/** So small that lists come in several pages. */
const PAGE = 2;
const MULTIPART_BYTES = 4096;

export const TOKEN = "hf_test";

/**
 * The part of the Hub's HTTP interface that we use, in memory: information, trees in pages, files by range and through a
 * redirect for large ones, creation of repositories, uploads with Git LFS in one part or several, and commits.
 */
export class HubServer {
  readonly repositories = new Map<string, FakeRepository>();
  /** Every request so far: `GET /api/models/…`. */
  readonly requests: string[] = [];
  readonly faults: Faults = {};
  private readonly blobs = new Map<string, Uint8Array>();
  private readonly server: Server;
  private port = 0;

  private constructor(server: Server) {
    this.server = server;
  }

  /** Its address, which stays known when it has stopped. */
  get endpoint(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  static async start(): Promise<HubServer> {
    const server = createServer();
    const hub = new HubServer(server);
    server.on("request", (request, response) => {
      hub.answer(request, response).catch((error: unknown) => {
        response.writeHead(500).end(String(error));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    hub.port = (server.address() as AddressInfo).port;
    return hub;
  }

  stop(): Promise<void> {
    this.server.closeAllConnections();
    return new Promise((resolve) => this.server.close(() => resolve()));
  }

  /** @param key `models/user/name` or `datasets/user/name` */
  add(
    key: string,
    files: Readonly<Record<string, Uint8Array | string>>,
    how: Partial<FakeRepository> = {},
  ): FakeRepository {
    const bytes = Object.entries(files).map(([path, content]) => [path, Buffer.from(content)] as const);
    const repository = {
      files: new Map<string, Uint8Array>(bytes),
      isPrivate: false,
      isGated: false,
      commits: 1,
      ...how,
    };
    this.repositories.set(key, repository);
    return repository;
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<ServerResponse> {
    const url = new URL(request.url ?? "/", this.endpoint);
    const path = decodeURIComponent(url.pathname);
    this.requests.push(`${request.method} ${path}`);
    if (this.faults.status !== undefined) return refuse(response, this.faults.status, "as the test wants it");
    const body = await read(request);
    if (path === "/api/repos/create") return this.create(request, response, body);
    const store = /^\/store\/(?<oid>\w+)(?:\/(?<part>\d+))?$/u.exec(path)?.groups;
    if (store) return this.store(request, response, store as { oid: string; part?: string }, body);
    const named =
      /^\/api\/(?<type>models|datasets)\/(?<id>[^/]+\/[^/]+)\/(?<action>revision|tree|preupload|commit)\/(?<revision>[^/]+(?:\/convert\/parquet)?)$/u.exec(
        path,
      ) ??
      /^\/(?:(?<type>datasets)\/)?(?<id>[^/]+\/[^/]+?)(?:\.git\/info\/(?<action>lfs)\/objects\/batch|\/(?<act>resolve)\/(?<revision>[^/]+)\/(?<file>.+))$/u.exec(
        path,
      );
    if (!named?.groups) return refuse(response, 404, "no such page");
    const { type = "models", id, action = "resolve", revision = "", file = "" } = named.groups;
    const repository = this.repositories.get(`${type}/${id}`);
    const isKnown = request.headers.authorization === `Bearer ${TOKEN}`;
    if (request.headers.authorization && !isKnown)
      return refuse(response, 401, "Invalid credentials in Authorization header");
    if (!repository || (repository.isPrivate && !isKnown))
      return refuse(response, isKnown ? 404 : 401, "Repository not found");
    if (!["main", commitOf(repository)].includes(revision) && revision !== "")
      return refuse(response, 404, "Invalid rev id");
    if (repository.isGated && (action === "resolve" || action === "tree"))
      return refuse(response, 403, "Access to this repository is restricted");
    switch (action) {
      case "revision":
        return json(response, {
          _id: "1",
          id,
          sha: commitOf(repository),
          private: repository.isPrivate,
          gated: false,
          downloads: 0,
          likes: 0,
          lastModified: "2026-01-01",
        });
      case "tree":
        return this.tree(response, url, repository);
      case "resolve":
        return this.resolve(request, response, repository, file);
      case "preupload":
        if (!isKnown) return refuse(response, 401, "Unauthorized");
        return json(response, {
          files: (JSON.parse(body.toString()) as { files: { path: string; size: number }[] }).files.map(
            (f) => ({ path: f.path, uploadMode: f.size > LFS_BYTES ? "lfs" : "regular" }),
          ),
        });
      case "lfs":
        return this.batch(response, body);
      default:
        return this.commit(response, id!, repository, body);
    }
  }

  private create(request: IncomingMessage, response: ServerResponse, body: Buffer): ServerResponse {
    if (request.headers.authorization !== `Bearer ${TOKEN}`) return refuse(response, 401, "Unauthorized");
    const { name, organization, visibility } = JSON.parse(body.toString()) as {
      name: string;
      organization: string;
      visibility?: string;
    };
    const id = `${organization}/${name}`;
    if (organization === "stranger")
      return refuse(response, 403, "You don't have the rights to create a model under this namespace");
    if (this.repositories.has(`models/${id}`))
      return refuse(response, 409, "You already created this model repo");
    this.add(
      `models/${id}`,
      { ".gitattributes": "*.onnx filter=lfs\n" },
      { isPrivate: visibility === "private" },
    );
    return json(response, { url: `${this.endpoint}/${id}`, id });
  }

  private tree(response: ServerResponse, url: URL, { files }: FakeRepository): ServerResponse {
    const folders = new Set(
      [...files.keys()].flatMap((p) => (p.includes("/") ? [p.slice(0, p.lastIndexOf("/"))] : [])),
    );
    const entries = [
      ...[...folders].map((path) => ({ type: "directory", oid: "0", size: 0, path })),
      ...[...files].map(([path, bytes]) => ({
        type: "file",
        path,
        size: bytes.length,
        oid: isLarge(bytes)
          ? sha1("pointer")
          : sha1(Buffer.concat([Buffer.from(`blob ${bytes.length}\0`), bytes])),
        ...(isLarge(bytes) ? { lfs: { oid: sha256(bytes), size: bytes.length, pointerSize: 130 } } : {}),
      })),
    ];
    const at = Number(url.searchParams.get("cursor") ?? 0);
    if (at + PAGE < entries.length) {
      url.searchParams.set("cursor", String(at + PAGE));
      response.setHeader("Link", `<${url.href}>; rel="next"`);
    }
    return json(response, entries.slice(at, at + PAGE));
  }

  private resolve(
    request: IncomingMessage,
    response: ServerResponse,
    { files }: FakeRepository,
    path: string,
  ): ServerResponse {
    const bytes = files.get(path);
    if (!bytes) {
      response.setHeader("X-Error-Code", "EntryNotFound");
      return refuse(response, 404, "Entry not found");
    }
    if (!isLarge(bytes)) return this.send(request, response, bytes, path);
    // Large files lie elsewhere, as they do on the Hub.
    this.blobs.set(sha256(bytes), bytes);
    response.setHeader("X-Linked-Size", String(bytes.length));
    return response.writeHead(302, { Location: `/store/${sha256(bytes)}` }).end();
  }

  private store(
    request: IncomingMessage,
    response: ServerResponse,
    { oid, part }: { oid: string; part?: string },
    body: Buffer,
  ): ServerResponse {
    if (request.method === "GET") {
      const bytes = this.blobs.get(oid);
      return bytes ? this.send(request, response, bytes, this.pathOf(oid)) : refuse(response, 404, "gone");
    }
    if (request.method === "POST") {
      const { parts } = JSON.parse(body.toString()) as { parts: { partNumber: number; etag: string }[] };
      const whole = Buffer.concat(
        parts.map((p) => this.blobs.get(`${oid}/${p.partNumber}`) ?? Buffer.alloc(0)),
      );
      if (sha256(whole) !== oid) return refuse(response, 422, "the parts do not give the whole");
      this.blobs.set(oid, whole);
      return json(response, {});
    }
    if (part === undefined && sha256(body) !== oid)
      return refuse(response, 422, "the checksum does not match");
    this.blobs.set(part === undefined ? oid : `${oid}/${part}`, body);
    return response.writeHead(200, { ETag: `"${part ?? oid}"` }).end();
  }

  private pathOf(oid: string): string {
    for (const { files } of this.repositories.values())
      for (const [path, bytes] of files) if (sha256(bytes) === oid) return path;
    return "";
  }

  private send(
    request: IncomingMessage,
    response: ServerResponse,
    whole: Uint8Array,
    path: string,
  ): ServerResponse {
    const range = /^bytes=(\d+)-(\d*)$/u.exec(request.headers.range ?? "");
    const start = Number(range?.[1] ?? 0);
    const end = range?.[2] ? Number(range[2]) + 1 : whole.length;
    const bytes = Buffer.from(whole.subarray(start, end));
    if (this.faults.corrupt === path && start === 0 && bytes.length > 1) bytes[0] = bytes[0]! ^ 0xff;
    response.writeHead(range ? 206 : 200, {
      "Content-Length": bytes.length,
      ETag: `"${sha1(whole)}"`,
      ...(range ? { "Content-Range": `bytes ${start}-${end - 1}/${whole.length}` } : {}),
    });
    const { breakAfter, breaks = 0 } = this.faults;
    if (breakAfter === undefined || breaks < 1 || bytes.length <= breakAfter) return response.end(bytes);
    this.faults.breaks = breaks - 1;
    response.write(bytes.subarray(0, breakAfter), () => setTimeout(() => response.destroy(), 20));
    return response;
  }

  private batch(response: ServerResponse, body: Buffer): ServerResponse {
    const { objects } = JSON.parse(body.toString()) as { objects: { oid: string; size: number }[] };
    const actions = objects.map(({ oid, size }) => {
      if (this.blobs.has(oid)) return { oid, size };
      const href = `${this.endpoint}/store/${oid}`;
      if (size <= MULTIPART_BYTES) return { oid, size, actions: { upload: { href } } };
      const parts = Array.from({ length: Math.ceil(size / MULTIPART_BYTES) }, (_, i) => [
        `0000${i + 1}`,
        `${href}/${i + 1}`,
      ]);
      return {
        oid,
        size,
        actions: {
          upload: { href, header: { chunk_size: String(MULTIPART_BYTES), ...Object.fromEntries(parts) } },
        },
      };
    });
    return json(response, { transfer: "basic", objects: actions });
  }

  private commit(
    response: ServerResponse,
    id: string,
    repository: FakeRepository,
    body: Buffer,
  ): ServerResponse {
    for (const line of body.toString().split("\n")) {
      const { key, value } = JSON.parse(line) as {
        key: string;
        value: { path: string; content?: string; oid?: string };
      };
      if (key === "file") repository.files.set(value.path, Buffer.from(value.content ?? "", "base64"));
      const blob = this.blobs.get(value.oid ?? "");
      if (key === "lfsFile" && !blob)
        return refuse(response, 400, `LFS object of ${value.path} was not uploaded`);
      if (key === "lfsFile" && blob) repository.files.set(value.path, blob);
    }
    repository.commits++;
    return json(response, {
      success: true,
      commitOid: commitOf(repository),
      commitUrl: `${this.endpoint}/${id}/commit/${commitOf(repository)}`,
      hookOutput: "",
    });
  }
}

function isLarge(bytes: Uint8Array): boolean {
  return bytes.length > LFS_BYTES;
}

function commitOf({ commits }: FakeRepository): string {
  return sha1(`commit ${commits}`);
}

function sha1(bytes: Uint8Array | string): string {
  return createHash("sha1").update(bytes).digest("hex");
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

async function read(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

function json(response: ServerResponse, value: unknown): ServerResponse {
  return response.writeHead(200, { "Content-Type": "application/json" }).end(JSON.stringify(value));
}

function refuse(response: ServerResponse, status: number, error: string): ServerResponse {
  return response.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify({ error }));
}
