import { bytes } from "../../report/format.ts";
import { describeMachine, type MachineFacts, type PackageFacts } from "../../runtime/describe.ts";
import { VERSION } from "../../version.ts";
import type { CliCommand } from "../command.ts";
import { print } from "../command.ts";
import { EXIT_CODES } from "../exit-codes.ts";
import { printJson } from "../json-output.ts";
import { tableLines } from "../table.ts";
import { openTerminal, type Terminal } from "../terminal.ts";

export const doctor: CliCommand = {
  name: "doctor",
  summary: "Say what this machine can run, and what to install.",
  group: "Set up:",
  examples: [["holdfast doctor", "exit code 1 if nothing here can run a model"]],
  define(command, cli) {
    command.option("--json", "the facts as JSON").action(async ({ json }: { readonly json?: boolean }) => {
      const facts = await describeMachine();
      if (facts.runtime === null) cli.exitWith(EXIT_CODES.failed);
      if (json === true) return printJson(cli, { holdfast: VERSION, ...facts });
      print(cli, describe(facts, openTerminal(cli.stdout, cli.environment)));
    });
  },
};

function describe(facts: MachineFacts, { style }: Terminal): string[] {
  const { cpu, memory, packages, runtime } = facts;
  const machine = tableLines(
    [
      ["holdfast", VERSION],
      ["Node", `${facts.node} (${facts.platform})`],
      [
        "CPU",
        `${cpu.model}, ${cpu.threads} threads${cpu.features.length ? `, ${cpu.features.join(" ")}` : ""}`,
      ],
      ["memory", `${bytes(memory.available)} free of ${bytes(memory.total)}`],
    ],
    "l",
  );
  const verdict =
    runtime === "native"
      ? style("green", "Ready: models run on the native ONNX Runtime.")
      : runtime === "wasm"
        ? style("yellow", "Ready, but slow: only the WebAssembly build of ONNX Runtime loads here.")
        : style("red", "Not ready: no ONNX Runtime loads here. Install the first of these:");
  const sharp = packages.find((p) => p.name === "sharp");
  return [
    ...machine,
    "",
    ...packages.flatMap((p) => packageLines(p, style)),
    "",
    verdict,
    ...(sharp?.version === null
      ? [style("yellow", "Image files cannot be read without sharp; npz, IDX and CSV data can.")]
      : []),
  ];
}

function packageLines(
  { name, purpose, version, offers, problem, install }: PackageFacts,
  style: Terminal["style"],
): string[] {
  if (problem === null)
    return [
      `${style("green", "✓")} ${name} ${version} ${purpose}${offers.length ? ` (${offers.join(", ")})` : ""}`,
    ];
  const lines = [`${style("red", "✗")} ${name} ${purpose}: ${problem}`];
  return problem.includes(install) ? lines : [...lines, `  ${install}`];
}
