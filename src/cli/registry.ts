import type { CliCommand } from "./command.ts";
import { artifacts } from "./commands/artifacts.ts";
import { cardCommand } from "./commands/card.ts";
import { compareCommand } from "./commands/compare.ts";
import { doctor } from "./commands/doctor.ts";
import { evaluate } from "./commands/evaluate.ts";
import { finetuneCommand } from "./commands/finetune.ts";
import { graph } from "./commands/graph.ts";
import { init } from "./commands/init.ts";
import { inspect } from "./commands/inspect.ts";
import { interpolateCommand } from "./commands/interpolate.ts";
import { mergeCommand } from "./commands/merge.ts";
import { methodsCommand } from "./commands/methods.ts";
import { predictCommand } from "./commands/predict.ts";
import { pullCommand } from "./commands/pull.ts";
import { pushCommand } from "./commands/push.ts";
import { report } from "./commands/report.ts";
import { resumeCommand } from "./commands/resume.ts";
import { schema } from "./commands/schema.ts";
import { soupCommand } from "./commands/soup.ts";

/** Every command, in the order of the help. */
export const commands: readonly CliCommand[] = [
  finetuneCommand,
  resumeCommand,
  compareCommand,
  evaluate,
  predictCommand,
  interpolateCommand,
  soupCommand,
  mergeCommand,
  pushCommand,
  artifacts,
  inspect,
  methodsCommand,
  graph,
  report,
  cardCommand,
  init,
  pullCommand,
  schema,
  doctor,
];
