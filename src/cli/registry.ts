import type { CliCommand } from "./command.ts";
import { doctor } from "./commands/doctor.ts";
import { finetuneCommand } from "./commands/finetune.ts";
import { report } from "./commands/report.ts";
import { resumeCommand } from "./commands/resume.ts";
import { schema } from "./commands/schema.ts";

/** Every command, in the order of the help. */
export const commands: readonly CliCommand[] = [finetuneCommand, resumeCommand, report, schema, doctor];
