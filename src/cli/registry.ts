import type { CliCommand } from "./command.ts";

/** Every command by its name, in the order of the help. */
const loaders: ReadonlyMap<string, () => Promise<CliCommand>> = new Map([
  ["finetune", async () => (await import("./commands/finetune.ts")).finetuneCommand],
  ["resume", async () => (await import("./commands/resume.ts")).resumeCommand],
  ["compare", async () => (await import("./commands/compare.ts")).compareCommand],
  ["evaluate", async () => (await import("./commands/evaluate.ts")).evaluate],
  ["predict", async () => (await import("./commands/predict.ts")).predictCommand],
  ["interpolate", async () => (await import("./commands/interpolate.ts")).interpolateCommand],
  ["soup", async () => (await import("./commands/soup.ts")).soupCommand],
  ["merge", async () => (await import("./commands/merge.ts")).mergeCommand],
  ["push", async () => (await import("./commands/push.ts")).pushCommand],
  ["artifacts", async () => (await import("./commands/artifacts.ts")).artifacts],
  ["inspect", async () => (await import("./commands/inspect.ts")).inspect],
  ["methods", async () => (await import("./commands/methods.ts")).methodsCommand],
  ["graph", async () => (await import("./commands/graph.ts")).graph],
  ["report", async () => (await import("./commands/report.ts")).report],
  ["card", async () => (await import("./commands/card.ts")).cardCommand],
  ["init", async () => (await import("./commands/init.ts")).init],
  ["pull", async () => (await import("./commands/pull.ts")).pullCommand],
  ["schema", async () => (await import("./commands/schema.ts")).schema],
  ["doctor", async () => (await import("./commands/doctor.ts")).doctor],
]);

/**
 * The commands that a command line may be for: the one that it begins with, or all of them, as for help. Each brings
 * hundreds of modules of its own, so the others are left where they are: the command starts in half the time.
 */
export async function commandsFor([first = ""]: readonly string[]): Promise<readonly CliCommand[]> {
  const asked = loaders.get(first);
  return Promise.all(asked ? [asked()] : Array.from(loaders.values(), (load) => load()));
}
