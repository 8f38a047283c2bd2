import { ConfigError } from "../errors.ts";
import type { Ask } from "../training/ask.ts";
import type { Cli } from "./command.ts";

/** Questions as numbered choices, answered by number or by name on standard input. */
export interface Asking {
  readonly ask: Ask;
  /** Lets go of standard input, so that the process can end. */
  close(): Promise<void>;
}

/** @returns null where nobody is there: input or output is no terminal */
export function openAsking(cli: Cli): Asking | null {
  if (cli.stdin.isTTY !== true || cli.stderr.isTTY !== true) return null;
  const lines = linesOf(cli.stdin);
  return {
    async ask({ setting, text, choices }) {
      const width = Math.max(...choices.map((c) => c.value.length));
      const listed = choices.map(
        ({ value, about }, n) => `  ${n + 1}  ${about === "" ? value : `${value.padEnd(width)}  ${about}`}\n`,
      );
      cli.stderr.write(`${text}\n${listed.join("")}`);
      for (;;) {
        cli.stderr.write(`1 to ${choices.length}: `);
        const { value, done } = await lines.next();
        if (done) throw new ConfigError(`${text} No answer was given; pass --${setting}.`);
        const answer = value.trim();
        const chosen = choices[Number(answer) - 1] ?? choices.find((c) => c.value === answer);
        if (chosen) return chosen.value;
      }
    },
    async close() {
      await lines.return(undefined);
    },
  };
}

async function* linesOf(stream: AsyncIterable<string | Uint8Array>): AsyncGenerator<string, void, void> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const piece of stream) {
    const lines = (
      rest + (typeof piece === "string" ? piece : decoder.decode(piece, { stream: true }))
    ).split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
  }
  if (rest !== "") yield rest;
}
