import { Template } from "@huggingface/jinja";
import { DataError, messageOf } from "../../errors.ts";
import type { Files } from "../../platform/files.ts";
import { joinPath } from "../../platform/paths.ts";
import type { Message } from "../dataset.ts";

/** What sets the turns of a dialogue apart, as the model knows it. */
export interface ChatTemplate {
  /**
   * A dialogue as one text, special tokens written out.
   *
   * @param more further variables of the template
   * @throws DataError if the template refuses the messages, a system message, say
   */
  render(messages: readonly Message[], more: Readonly<Record<string, unknown>>): string;
}

/** A Jinja template. @throws DataError with what is wrong with it */
export function createChatTemplate(source: string, where: string): ChatTemplate {
  let template: Template;
  try {
    template = new Template(source);
  } catch (cause) {
    throw new DataError(`${where}: a chat template that cannot be read (${messageOf(cause)})`, { cause });
  }
  return {
    render(messages, more) {
      try {
        return template.render({ messages, ...more });
      } catch (cause) {
        throw new DataError(`${where}: the chat template refuses the messages (${messageOf(cause)})`, {
          cause,
        });
      }
    },
  };
}

/**
 * The chat template of a model folder: `chat_template.jinja`, or `chat_template` of `tokenizer_config.json`, of several
 * the one called "default".
 *
 * @returns null if the folder has none
 */
export async function openChatTemplate(files: Files, folder: string): Promise<ChatTemplate | null> {
  const own = joinPath(folder, "chat_template.jinja");
  if (await files.exists(own)) return createChatTemplate(await files.readText(own), own);
  const path = joinPath(folder, "tokenizer_config.json");
  if (!(await files.exists(path))) return null;
  let config: { readonly chat_template?: unknown };
  try {
    config = JSON.parse(await files.readText(path)) as typeof config;
  } catch (cause) {
    throw new DataError(`${path}: not readable as JSON (${messageOf(cause)})`, { cause });
  }
  const found = config.chat_template;
  if (typeof found === "string") return createChatTemplate(found, path);
  if (!Array.isArray(found)) return null;
  const named = found as readonly { readonly name?: unknown; readonly template?: unknown }[];
  const chosen = named.find((t) => t.name === "default") ?? named[0];
  return typeof chosen?.template === "string" ? createChatTemplate(chosen.template, path) : null;
}
