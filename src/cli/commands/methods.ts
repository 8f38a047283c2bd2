import { ConfigError, unknownName } from "../../errors.ts";
import type { CliCommand } from "../command.ts";
import { print } from "../command.ts";
import { printJson } from "../json-output.ts";
import { listMethods, type MethodFacts, type MethodKind } from "../method-facts.ts";
import { tableLines } from "../table.ts";
import { openTerminal, type Terminal } from "../terminal.ts";

/** Kinds in the order of the list, with what stands above each. */
const headings: Readonly<Record<MethodKind, string>> = {
  method: "Methods: --method NAME",
  "update rule": "Update rules, which propose a step: --optimizer.rule NAME",
  "anchor rule": "Anchor rules, which hold a weight to where it started: --optimizer.anchor NAME",
  "PEFT method": "Few new parameters beside frozen weights: --peft.method NAME",
  "weight-space method": "On weights that are trained",
};

export const methodsCommand: CliCommand = {
  name: "methods",
  summary: "List what can be trained by: methods, update rules, anchor rules, adapters.",
  group: "Look:",
  examples: [
    ["holdfast methods", "every method with its paper, defaults, memory and search range"],
    ["holdfast methods ftp", "one of them, with all its options"],
    ["holdfast methods --json", "the same for programs"],
  ],
  define(command, cli) {
    command
      .argument("[name]", "a method or rule")
      .option("--json", "everything as JSON")
      .action((name: string | undefined, { json }: { readonly json?: boolean }) => {
        const all = listMethods();
        const chosen = name === undefined ? all : all.filter((m) => m.name === name);
        if (name !== undefined && chosen.length === 0) {
          const known = [...new Set(all.map((m) => m.name))];
          throw new ConfigError(unknownName("method", name, known), { details: { name, known } });
        }
        if (json === true) return printJson(cli, { methods: chosen });
        const terminal = openTerminal(cli.stdout, cli.environment);
        print(
          cli,
          name === undefined ? describeAll(all, terminal) : chosen.flatMap((m) => describeOne(m, terminal)),
        );
      });
  },
};

function describeAll(all: readonly MethodFacts[], { style }: Terminal): string[] {
  const width = Math.max(...all.map((m) => m.name.length));
  const kinds = Object.entries(headings) as [MethodKind, string][]; // the keys are the kinds
  const sections = kinds.flatMap(([kind, heading]) => [
    style("bold", heading),
    ...all
      .filter((m) => m.kind === kind)
      .flatMap((m) => [
        `  ${style("cyan", m.name.padEnd(width))}  ${m.summary}`,
        style("dim", `  ${" ".repeat(width)}  ${factsLine(m)}`),
      ]),
    "",
  ]);
  return [...sections, "Copies are of the trained weights, beside the weights and their gradients."];
}

function factsLine({ paper, defaults, extraCopies, search }: MethodFacts): string {
  const { rule, anchor, trainable, ...numbers } = defaults;
  const pair = rule === undefined ? [] : [`${rule} + ${anchor}`];
  const set = Object.entries(numbers).map(([key, value]) => `${key} ${shown(value)}`);
  const tried = Object.entries(search).map(([key, values]) => `search ${key} ${shown(values)}`);
  const copies = `${extraCopies} ${extraCopies === 1 ? "copy" : "copies"}`;
  return [paper, ...pair, ...set, copies, ...tried].filter((part) => part !== "").join(" · ");
}

function describeOne(m: MethodFacts, { style }: Terminal): string[] {
  const rows = [
    ["use", m.use],
    ...(m.paper === "" ? [] : [["paper", m.paper]]),
    ...(m.url === null ? [] : [["", m.url]]),
    ...Object.entries(m.defaults).map(([key, value], i) => [
      i === 0 ? "defaults" : "",
      `${key}: ${shown(value)}`,
    ]),
    ["memory", `${m.extraCopies} × the trained weights, beside weights and gradients`],
    ...Object.entries(m.search).map(([key, values]) => ["search", `${key}: ${shown(values)}`]),
    ...Object.entries(m.options).map(([key, help], i) => [i === 0 ? "options" : "", `${key}: ${help}`]),
  ];
  return [
    `${style("cyan", m.name)} (${m.kind}): ${m.summary}`,
    ...tableLines(rows, "l").map((line) => `  ${line}`),
    "",
  ];
}

function shown(value: unknown): string {
  return Array.isArray(value) ? value.join(", ") : String(value);
}
