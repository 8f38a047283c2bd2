import { readFile } from "node:fs/promises";
import os from "node:os";
import { messageOf } from "../errors.ts";
import {
  installLines,
  loadOptional,
  type OptionalPackage,
  type PackageImporter,
} from "../platform/optional-package.ts";

/** What this machine can run, as plain data. */
export interface MachineFacts {
  readonly node: string;
  /** Such as "linux x64". */
  readonly platform: string;
  readonly cpu: {
    readonly model: string;
    /** Cores that this process may use. */
    readonly threads: number;
    /** Vector extensions that ONNX Runtime's kernels are written for; empty where the system does not tell. */
    readonly features: readonly string[];
  };
  readonly memory: {
    /** Bytes that the machine, or the container around this process, has. */
    readonly total: number;
    /** Bytes that this process may still take. */
    readonly available: number;
  };
  readonly packages: readonly PackageFacts[];
  /** Which ONNX Runtime `openRuntime` would take, or null if none loads. */
  readonly runtime: "native" | "wasm" | null;
}

/** One optional package on this machine. */
export interface PackageFacts {
  readonly name: OptionalPackage;
  /** What it is for, in a few words. */
  readonly purpose: string;
  /** Null if it does not load. */
  readonly version: string | null;
  /** Execution providers inside the package, or image formats; empty if it does not load. */
  readonly offers: readonly string[];
  /** Why it does not load, with the line that mends it; null if it does. */
  readonly problem: string | null;
  readonly install: string;
}

const purposes: Readonly<Record<OptionalPackage, string>> = {
  "onnxruntime-node": "runs models, native",
  "onnxruntime-web": "runs models where there is no native build",
  sharp: "decodes images",
};

/** Loads each optional package to see whether it works here, and looks at the machine. Never throws. */
export async function describeMachine(importer?: PackageImporter): Promise<MachineFacts> {
  const names: readonly OptionalPackage[] = ["onnxruntime-node", "onnxruntime-web", "sharp"];
  const packages = await Promise.all(names.map((name) => describePackage(name, importer)));
  const loads = (name: OptionalPackage) => packages.some((p) => p.name === name && p.version !== null);
  const limit = process.constrainedMemory();
  const total = os.totalmem();
  return {
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
    cpu: {
      model: os.cpus()[0]?.model.trim() ?? "unknown",
      threads: os.availableParallelism(),
      features: await cpuFeatures(),
    },
    // Without a limit the kernel reports none (undefined, 0) or a number near 2^64.
    memory: { total: limit > 0 && limit < total ? limit : total, available: process.availableMemory() },
    packages,
    runtime: loads("onnxruntime-node") ? "native" : loads("onnxruntime-web") ? "wasm" : null,
  };
}

async function describePackage(
  name: OptionalPackage,
  importer: PackageImporter | undefined,
): Promise<PackageFacts> {
  const common = { name, purpose: purposes[name], install: installLines[name] };
  try {
    return { ...common, ...readers[name](await loadOptional(name, importer)), problem: null };
  } catch (cause) {
    return { ...common, version: null, offers: [], problem: messageOf(cause) };
  }
}

/** Where each package tells its version and what it can do. The importer gives the package of the name. */
const readers: Readonly<
  Record<OptionalPackage, (loaded: unknown) => Pick<PackageFacts, "version" | "offers">>
> = {
  "onnxruntime-node": (loaded) => {
    const ort = loaded as {
      env: { versions: { common: string; node?: string } };
      listSupportedBackends?: () => readonly { name: string; bundled: boolean }[];
    };
    const backends = ort.listSupportedBackends?.() ?? [{ name: "cpu", bundled: true }];
    return {
      version: ort.env.versions.node ?? ort.env.versions.common,
      offers: backends.filter((b) => b.bundled).map((b) => b.name),
    };
  },
  "onnxruntime-web": (loaded) => {
    const { env } = loaded as { env: { versions: { common: string; web?: string } } };
    return { version: env.versions.web ?? env.versions.common, offers: ["wasm"] };
  },
  sharp: (loaded) => {
    const { versions, format } = (
      loaded as {
        default: {
          versions: Record<string, string>;
          format: Record<string, { input: { buffer: boolean } }>;
        };
      }
    ).default;
    const photos = ["jpeg", "png", "webp", "gif", "tiff", "heif"];
    return {
      version: versions.sharp ?? "unknown",
      offers: photos.filter((name) => format[name]?.input.buffer === true),
    };
  },
};

/** The extensions for which ONNX Runtime has kernels of its own, by their names in /proc/cpuinfo. */
const interesting = [
  "avx2",
  "fma",
  "f16c",
  "avx512f",
  "avx512_vnni",
  "avx512_bf16",
  "amx_tile",
  "asimd",
  "asimddp",
  "sve",
];

async function cpuFeatures(): Promise<readonly string[]> {
  try {
    const text = await readFile("/proc/cpuinfo", "utf8");
    const flags = new Set(/^(?:flags|Features)\s*:\s*(.*)$/m.exec(text)?.[1]?.split(" "));
    return interesting.filter((name) => flags.has(name));
  } catch {
    return []; // Not Linux.
  }
}
