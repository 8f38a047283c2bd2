import { ConfigError } from "../errors.ts";
import { tensor } from "../tensor/tensor.ts";
import type { AdapterFormat, PeftSettings } from "./method.ts";

type PeftConfig = Readonly<Record<string, unknown>>;

/** Starts of LoRA after which the base weights are as they were; others change them, so that ΔW is not B A alone. */
const HARMLESS_INITS: ReadonlySet<unknown> = new Set([
  undefined,
  null,
  true,
  false,
  "gaussian",
  "eva",
  "orthogonal",
]);

/** s = alpha / r, or alpha / √r. */
export function loraScale({ alpha, rank, rsLora }: Pick<PeftSettings, "alpha" | "rank" | "rsLora">): number {
  return alpha / (rsLora ? Math.sqrt(rank) : rank);
}

/** LoRA and DoRA as PEFT's files have them. */
export const loraFormat: Omit<AdapterFormat, "isMine"> = {
  peftType: "LORA",
  keys: /\.lora_/u,
  write: (settings, modules) => ({
    r: settings.rank,
    lora_alpha: settings.alpha,
    lora_dropout: settings.dropout,
    use_rslora: settings.rsLora,
    use_dora: false,
    bias: "none",
    fan_in_fan_out: false,
    init_lora_weights: settings.init === "gaussian" ? "gaussian" : true,
    rank_pattern: {},
    alpha_pattern: {},
    target_modules: modules,
  }),
  read: (config, module) => {
    const init = config.init_lora_weights;
    if (!HARMLESS_INITS.has(init)) {
      throw new ConfigError(
        `the adapter was made with init_lora_weights ${JSON.stringify(init)}, which changes the base weights too; ` +
          "save it in PEFT with path_initial_model_for_weight_conversion, which makes a plain LoRA of it",
      );
    }
    return {
      rank: numberFor(config.rank_pattern, module) ?? count(config.r, "r"),
      alpha: numberFor(config.alpha_pattern, module) ?? count(config.lora_alpha, "lora_alpha"),
      rsLora: config.use_rslora === true,
    };
  },
  export: (settings, now, start) => {
    if (settings.init !== "pissa") return null;
    // B A − B₀ A₀ = [B B₀] [A; −A₀], so twice the rank; alpha keeps the scale.
    const [a, b, a0, b0] = [now.get("A")!, now.get("B")!, start.get("A")!, start.get("B")!];
    const { rank } = settings;
    const [rows, columns] = [b.dims[0]!, a.dims[1]!]; // B is [out, r], A is [r, in]
    const wide = new Float32Array(rows * 2 * rank);
    for (let i = 0; i < rows; i++) {
      wide.set(b.data.subarray(i * rank, (i + 1) * rank), i * 2 * rank);
      wide.set(b0.data.subarray(i * rank, (i + 1) * rank), (i * 2 + 1) * rank);
    }
    const tall = Float32Array.from([...a.data, ...a0.data.map((v) => -v)]);
    return {
      settings: {
        ...settings,
        init: "default",
        rank: 2 * rank,
        alpha: settings.alpha * (settings.rsLora ? Math.SQRT2 : 2),
      },
      parts: new Map([
        ["A", tensor("float32", [2 * rank, columns], tall)],
        ["B", tensor("float32", [rows, 2 * rank], wide)],
      ]),
    };
  },
};

function count(value: unknown, key: string): number {
  if (typeof value === "number" && value > 0) return value;
  throw new ConfigError(
    `adapter_config.json: ${key} is ${JSON.stringify(value)}, expected a positive number`,
  );
}

/** The entry of a pattern map (regular expressions on the ends of module paths) that a module fits. */
function numberFor(patterns: PeftConfig[string], module: string): number | null {
  for (const [pattern, value] of Object.entries((patterns ?? {}) as Record<string, unknown>))
    if (typeof value === "number" && new RegExp(`(^|.*\\.)${pattern}$`, "u").test(module)) return value;
  return null;
}
