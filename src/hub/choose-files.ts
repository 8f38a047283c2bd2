import { HubError } from "../errors.ts";
import { DTYPE_SUFFIXES, type FileDtype, fileDtypeOf } from "../platform/file-dtypes.ts";
import { basename } from "../platform/paths.ts";

export type HubDtype = FileDtype;

/** The dtypes that a file of weights can be asked for. */
export const hubDtypes = Object.keys(DTYPE_SUFFIXES) as readonly HubDtype[]; // the keys of a constant

/** The file that most repositories have; the others are parts of models that take several files. */
const MAIN_FILE = "model";
/** What lies in a model's folder beside the weights: configurations, tokenizers, templates, the card and the licence. */
const COMPANION =
  /^(?:[^/]+\.(?:json|jinja)|vocab\.txt|merges\.txt|README\.md|LICEN[CS]E[^/]*|NOTICE[^/]*)$/iu;
/** Lists of parts of weights in other formats. */
const OTHER_WEIGHTS = /\.index\.json$/u;

export interface Listed {
  readonly path: string;
  readonly bytes: number;
}

export interface ModelChoice {
  readonly dtype: HubDtype;
  /** Patterns of further files. */
  readonly include: readonly string[];
}

/**
 * The files of a model repository that are needed for one dtype: the graph, its files of weights, and all small files
 * beside them; `model.onnx` alone where it is there, else all parts of the model.
 *
 * @param name of the repository, for messages
 * @throws HubError if there is no ONNX file, or none of that dtype
 */
export function chooseModelFiles<T extends Listed>(
  all: readonly T[],
  { dtype, include }: ModelChoice,
  name: string,
): readonly T[] {
  const graphs = all.filter((f) => f.path.endsWith(".onnx"));
  const asked = all.filter((f) => include.some((pattern) => matches(f.path, pattern)));
  const ofDtype = graphs.filter((f) => fileDtypeOf(f.path).dtype === dtype);
  if (ofDtype.length === 0 && !asked.some((f) => f.path.endsWith(".onnx"))) refuse(graphs, all, dtype, name);
  const main = ofDtype.filter((f) => fileDtypeOf(f.path).name === MAIN_FILE);
  const chosen = main.length > 0 ? main : ofDtype;
  return all.filter(
    (f) =>
      chosen.some((graph) => isPartOf(f.path, graph.path)) ||
      (COMPANION.test(f.path) && !OTHER_WEIGHTS.test(f.path)) ||
      asked.includes(f),
  );
}

/** The files of a data set that some pattern matches, or all but those of git itself. @throws HubError if there is none */
export function chooseDataFiles<T extends Listed>(
  all: readonly T[],
  include: readonly string[],
  name: string,
): readonly T[] {
  const files = all.filter((f) => !basename(f.path).startsWith(".git"));
  if (include.length === 0) return files;
  const chosen = files.filter((f) => include.some((pattern) => matches(f.path, pattern)));
  if (chosen.length > 0) return chosen;
  throw new HubError(`dataset ${name}: no file matches ${include.join(", ")}; it has ${listed(files)}`);
}

/** The graph itself, or a file of weights that belongs to it: `model.onnx_data`, `model.onnx_data_1`, `model.onnx.data`. */
function isPartOf(path: string, graph: string): boolean {
  return path === graph || path.startsWith(`${graph}_data`) || path === `${graph}.data`;
}

function refuse(graphs: readonly Listed[], all: readonly Listed[], dtype: HubDtype, name: string): never {
  if (graphs.length === 0) {
    throw new HubError(
      `model ${name}: holds no .onnx file (it has ${listed(all)}). Look for an export of it, such as onnx-community/${basename(name)}-ONNX, or make one with optimum-cli export onnx.`,
    );
  }
  const known = hubDtypes.filter((d) => graphs.some((f) => fileDtypeOf(f.path).dtype === d));
  throw new HubError(`model ${name}: has no file of --dtype ${dtype}; it has ${known.join(", ")}`);
}

function listed(files: readonly Listed[]): string {
  const names = files.slice(0, 8).map((f) => f.path);
  return files.length > names.length
    ? `${names.join(", ")} and ${files.length - names.length} more`
    : names.join(", ");
}

/** `*` stands for anything within a folder, `**` for anything, `?` for one letter; a pattern may name a folder. */
function matches(path: string, pattern: string): boolean {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/gu, "\\$&")
    .replace(/\*\*\/?|\*|\?/gu, (wild) => (wild.startsWith("**") ? ".*" : wild === "*" ? "[^/]*" : "[^/]"));
  return new RegExp(`^${source.replace(/\/$/u, "")}(?:/.*)?$`, "u").test(path);
}
