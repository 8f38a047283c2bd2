import { z } from "zod";
import { ConfigError, nearest, unknownName } from "../errors.ts";
import { type Config, type ConfigInput, configSchema } from "./schema.ts";

/**
 * Settings with their defaults filled in.
 *
 * @param source what messages call the settings: a file's path, or "settings"
 * @throws ConfigError that lists every problem with its key
 */
export function parseConfig(input: ConfigInput | unknown, source = "settings"): Config {
  const result = configSchema.safeParse(input, { reportInput: true });
  if (result.success) return result.data;
  const problems = result.error.issues.map(describeIssue);
  throw new ConfigError(
    `${source}: ${problems.length === 1 ? problems[0] : `\n  ${problems.join("\n  ")}`}`,
    {
      details: { problems },
    },
  );
}

function describeIssue(issue: z.core.$ZodIssue): string {
  const key = issue.path.join(".");
  if (issue.code === "unrecognized_keys") {
    const unknown = issue.keys.map((k) => `${key ? `${key}.` : ""}${k}`).join(", ");
    const known = knownKeys(issue.path);
    const near = issue.keys.length === 1 ? nearest(issue.keys[0]!, known) : undefined; // a list of one has it
    const hint = near === undefined ? "" : `did you mean ${near}? `;
    return `unknown ${issue.keys.length === 1 ? "key" : "keys"} ${unknown}; ${hint}known ${key || "top-level"} keys are ${known.join(", ")}`;
  }
  if (issue.code === "invalid_value" && typeof issue.input === "string")
    return unknownName(key, issue.input, issue.values.map(String));
  if (issue.code === "invalid_type" && issue.input === undefined)
    return `${key} is missing; give --${key} or set it in the file`;
  return `${key || "settings"}: ${issue.message}`;
}

function knownKeys(path: readonly PropertyKey[]): string[] {
  let node: unknown = configJsonSchema();
  for (const key of path) node = (node as { properties?: Record<string, unknown> }).properties?.[String(key)];
  return Object.keys((node as { properties?: object } | undefined)?.properties ?? {});
}

/** The JSON Schema of the settings, for editors and for the command's flags. */
export function configJsonSchema(): Record<string, unknown> {
  return z.toJSONSchema(configSchema, { io: "input" }) as Record<string, unknown>;
}

/** Every setting's dotted key: `model`, `optimizer.lr`, … */
export function configKeys(): string[] {
  return keysIn(configJsonSchema(), "");
}

function keysIn(node: unknown, prefix: string): string[] {
  const { properties = {} } = node as { properties?: Record<string, object> }; // of a JSON Schema
  return Object.entries(properties).flatMap(([name, inner]) =>
    "properties" in inner ? keysIn(inner, `${prefix}${name}.`) : [`${prefix}${name}`],
  );
}
