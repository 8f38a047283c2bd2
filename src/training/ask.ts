import { ConfigError } from "../errors.ts";

/** Something that data and model leave open. */
export interface Question {
  /** The flag that answers it, without its dashes. */
  readonly setting: string;
  /** As a question, with its question mark. */
  readonly text: string;
  readonly choices: readonly { readonly value: string; readonly about: string }[];
}

/** Answers a question with the value of one of its choices. */
export type Ask = (question: Question) => Promise<string>;

/** Where there is nobody to ask. @throws ConfigError naming the flag and the choices */
export const nobodyToAsk: Ask = async ({ setting, text, choices }) => {
  const listed = choices.map(({ value, about }) => `\n  ${value}${about === "" ? "" : ` (${about})`}`);
  throw new ConfigError(`${text} Answer with --${setting} and one of${listed.join("")}`, {
    details: { setting, choices: choices.map((c) => c.value) },
  });
};
