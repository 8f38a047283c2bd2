import { parse as parseYaml } from "yaml";
import type { Settings } from "../config/overlay.ts";
import { ConfigError, messageOf } from "../errors.ts";
import type { Files } from "../platform/files.ts";

/**
 * The settings of a YAML or JSON file (JSON is YAML). Relative paths in it count from the working folder, as those of
 * flags do.
 *
 * @throws ConfigError if there is no such file, or it holds no settings
 */
export async function readConfigFile(files: Files, path: string): Promise<Settings> {
  if (!(await files.exists(path)))
    throw new ConfigError(`${path}: no such file; --config takes a YAML or JSON file of settings`);
  const text = await files.readText(path);
  let content: unknown;
  try {
    content = parseYaml(text);
  } catch (cause) {
    throw new ConfigError(`${path}: not readable as YAML or JSON: ${messageOf(cause).split("\n")[0]}`, {
      cause,
    });
  }
  if (content === null || content === undefined) return {};
  if (typeof content !== "object" || Array.isArray(content))
    throw new ConfigError(
      `${path}: holds ${Array.isArray(content) ? "a list" : `"${content}"`}, expected key: value lines`,
    );
  return content as Settings; // an object of YAML has string keys
}
