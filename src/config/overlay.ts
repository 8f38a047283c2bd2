/** Settings as a user gives them: nested plain objects, whatever their values. */
export type Settings = { readonly [key: string]: unknown };

/** Settings with others over them, key by key and section by section; lists are replaced whole. */
export function overlay(base: Settings, over: Settings): Settings {
  const out: Record<string, unknown> = { ...base };
  for (const [key, value] of Object.entries(over)) {
    const below = out[key];
    out[key] = isSection(below) && isSection(value) ? overlay(below, value) : value;
  }
  return out;
}

/** Nested settings from dotted keys: `{"optimizer.lr": 1}` gives `{optimizer: {lr: 1}}`. */
export function nested(values: Readonly<Record<string, unknown>>): Settings {
  let out: Settings = {};
  for (const [key, value] of Object.entries(values)) {
    const one = key.split(".").reduceRight<unknown>((inner, name) => ({ [name]: inner }), value);
    out = overlay(out, one as Settings); // a key has a part at least, so this is a section
  }
  return out;
}

/** The converse: `{optimizer: {lr: 1}}` gives `{"optimizer.lr": 1}`; lists stay whole. */
export function dotted(settings: Settings, path = ""): Settings {
  return Object.fromEntries(
    Object.entries(settings).flatMap(([key, value]) =>
      isSection(value) ? Object.entries(dotted(value, `${path}${key}.`)) : [[path + key, value] as const],
    ),
  );
}

function isSection(value: unknown): value is Settings {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
