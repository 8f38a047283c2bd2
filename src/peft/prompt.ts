import { ConfigError } from "../errors.ts";
import type { Graph } from "../onnx/graph.ts";
import type { Value } from "../onnx/value.ts";
import { tensor } from "../tensor/tensor.ts";
import type { PeftMethod, WireContext } from "./method.ts";
import type { Site, SiteUse } from "./site.ts";
import type { Place } from "./surgery.ts";

/** Standard deviation of the first vectors where the table of embeddings is quantised and lends no rows. */
const NORMAL_START = 0.02;

/**
 * Prompt tuning: trained vectors among the embeddings of a text, which the network reads as further tokens.
 *
 *     e' = [e₁, p₁ … p_P, e₂ … e_T]
 *
 * They stand behind the first token, so that what reads the first position (a class token) still reads that token; with
 * placement `before`, in front of it, as in the paper and in PEFT. The other inputs of one entry a token grow with
 * them: an attention mask by ones, token types by zeros. Outputs of one entry a token lose the new entries again. The
 * vectors start as rows of the table.
 *
 * Lester et al., EMNLP 2021.
 */
export const prompt: PeftMethod = {
  name: "prompt",
  title: "prompt tuning",
  summary: "trained vectors among the embeddings of a text",
  paper: "https://arxiv.org/abs/2104.08691",
  file: {
    peftType: "HOLDFAST_PROMPT",
    keys: /\.prompt_embeddings$/u,
    write: ({ rank, placement }, modules) => ({
      num_virtual_tokens: rank,
      placement,
      target_modules: modules,
    }),
    isMine: () => true,
    read: (config) => ({
      rank: Number(config.num_virtual_tokens),
      placement: config.placement === "before" ? "before" : "after",
    }),
  },
  kinds: ["embedding"],
  keepsWeight: true,
  // Of the tables that are read by an input, token types have few rows; words have many.
  defaultSites: (sites) =>
    sites
      .filter((s) => s.uses.some((use) => tokenInput(use) !== null))
      .sort((a, b) => (b.shape[0] ?? 0) - (a.shape[0] ?? 0))
      .slice(0, 1),
  defaults: { rank: 20 },
  inits: ["default"],
  hasDropout: false,
  startsAsIdentity: () => false,
  parts: () => new Map([["prompt", { key: "prompt_embeddings", anchor: "init", role: "embedding" }]]),
  shapes: (site, { rank }) => new Map([["prompt", [rank, site.shape[1] ?? 1]]]),
  start: (site, { settings: { rank }, random, base }) => {
    const [count, width] = site.shape as [number, number]; // a table has two axes
    const table = base()?.weight;
    const rows = Array.from({ length: rank }, () => random.integer(count));
    const data = Float32Array.from({ length: rank * width }, (_, i) =>
      table ? table[rows[Math.floor(i / width)]! * width + (i % width)]! : NORMAL_START * random.normal(),
    );
    return new Map([["prompt", tensor("float32", [rank, width], data)]]);
  },
  wire: (site, use, context) => {
    // A table that is the output layer too is no second prompt.
    if (use.node.opType === "Gather") insert(site, use, context);
  },
  merge: null,
};

function insert(site: Site, use: SiteUse, { surgery, values, settings }: WireContext): void {
  const { graph } = surgery;
  const ids = tokenInput(use) ?? refuse(site, "its indices are no input of the model with one row a text");
  const first = settings.placement === "before" ? 0 : 1;
  const { rank } = settings;
  // Before anything is changed: what cannot grow is refused.
  const growing = sequencesLike(graph, ids).map((input) => ({ input, fill: fillOf(site, input) }));
  const shrinking = graph.outputs.filter((output) => isPerToken(output, ids));

  surgery.forgetShapes(); // the sequence grows between them
  const beginning = surgery.before(graph.nodes[0] ?? use.node, site.module);
  for (const { input, fill } of growing) {
    const dtype = input.declared?.dtype ?? "int64";
    const column = beginning.slice(input, 1, 0, 1);
    const ones = beginning.cast(beginning.op("Equal", [column, column]), "bool", dtype);
    const filled = fill === 1 ? ones : beginning.op("Sub", [ones, ones]);
    const grown = splice(
      beginning,
      input,
      beginning.op("Expand", [filled, beginning.ints([1, rank])]),
      first,
    );
    // The prompt's own table is read by the tokens that there are.
    beginning.replace(input, grown);
    if (input === ids) surgery.redirect(use.node, use.input, ids);
  }
  const place = surgery.after(use.node, site.module);
  const embedded = use.node.output();
  const row = place.cast(values.get("prompt")!, "float32", site.dtype); // the only part
  const column = place.slice(embedded, 1, 0, 1);
  const nothing = place.op("Sub", [column, column]);
  place.replace(embedded, splice(place, embedded, place.op("Add", [nothing, row]), first));

  for (const output of shrinking) {
    const end = surgery.after(output.producer ?? use.node, site.module);
    const rest = end.slice(output, 1, first + rank, null);
    end.replace(
      output,
      first === 0 ? rest : end.op("Concat", [end.slice(output, 1, 0, first), rest], { axis: 1 }),
    );
  }
}

/** `extra` among the entries of `sequence` along axis 1, behind the first `before`. */
function splice(place: Place, sequence: Value, extra: Value, before: number): Value {
  const parts =
    before === 0
      ? [extra, sequence]
      : [place.slice(sequence, 1, 0, before), extra, place.slice(sequence, 1, before, null)];
  return place.op("Concat", parts, { axis: 1 });
}

/** The input [texts, tokens] that holds the indices; null if they are computed, or of another shape. */
function tokenInput({ node, input }: SiteUse): Value | null {
  const value = node.inputs[input];
  return value && value.producer === null && value.constant === null && value.declared?.dims?.length === 2
    ? value
    : null;
}

/** The inputs with one entry for each token, `ids` among them. */
function sequencesLike(graph: Graph, ids: Value): Value[] {
  const [rows, tokens] = ids.declared?.dims ?? [];
  return graph.inputs.filter((v) => {
    const dims = v.declared?.dims;
    return dims?.length === 2 && dims[0] === rows && dims[1] === tokens && v.constant === null;
  });
}

/** What an input holds for the new tokens. */
function fillOf(site: Site, { name }: Value): 0 | 1 {
  if (/mask/iu.test(name)) return 1;
  if (/ids?$|types?$|segment/iu.test(name) && !/position/iu.test(name)) return 0;
  return refuse(site, `what the new tokens are in the input "${name}" is not known`);
}

function isPerToken(output: Value, ids: Value): boolean {
  const dims = output.declared?.dims;
  return dims !== undefined && dims !== null && dims.length >= 2 && dims[1] === ids.declared?.dims?.[1];
}

function refuse(site: Site, why: string): never {
  throw new ConfigError(
    `peft.method prompt: no vectors can be put among the embeddings of "${site.module}": ${why}. ` +
      "It takes a table that an input [batch, tokens] indexes, with masks and token types of the same shape; use --peft.method lora otherwise",
  );
}
