import { ConfigError } from "../errors.ts";

export interface ScheduleOptions {
  /** Steps of the whole run, warm-up included. */
  readonly totalSteps: number;
  /** Steps over which the factor rises linearly, 1/w at the first and 1 at step w; 0 if left out. */
  readonly warmupSteps?: number;
  /** Factor at the end of the run, for schedules that fall; 0 if left out. */
  readonly floor?: number;
}

/** Factor on the learning rate at a step, 0 at the first, between 0 and 1. Past the end it stays where it ended. */
export type Schedule = (step: number) => number;

/** Shape of a fall from 1 to 0 while `progress` goes from 0 to 1. */
const shapes: readonly { readonly name: string; readonly at: (progress: number) => number }[] = [
  { name: "constant", at: () => 1 },
  { name: "linear", at: (progress) => 1 - progress },
  // Loshchilov and Hutter, ICLR 2017, without restarts.
  { name: "cosine", at: (progress) => (1 + Math.cos(Math.PI * progress)) / 2 },
];

/** Names of the schedules. */
export const scheduleNames: readonly string[] = shapes.map((s) => s.name);

/**
 * A learning-rate schedule by name: after the warm-up of w steps, floor + (1 − floor) · shape((step − w) / (total − w)).
 * The end is reached one step after the last one, as with PyTorch's schedulers, so no step has a factor of 0.
 *
 * @throws ConfigError for an unknown name, or counts and floors out of range
 */
export function createSchedule(
  name: string,
  { totalSteps, warmupSteps = 0, floor = 0 }: ScheduleOptions,
): Schedule {
  const shape = shapes.find((s) => s.name === name);
  const problems: string[] = [];
  if (!shape) problems.push(`"${name}" is unknown; choose one of ${scheduleNames.join(", ")}.`);
  if (!(Number.isSafeInteger(totalSteps) && totalSteps > 0)) {
    problems.push(`totalSteps is ${totalSteps}, expected a positive integer.`);
  }
  if (!(Number.isSafeInteger(warmupSteps) && warmupSteps >= 0 && warmupSteps <= totalSteps)) {
    problems.push(`warmupSteps is ${warmupSteps}, expected an integer from 0 to totalSteps (${totalSteps}).`);
  }
  if (!(floor >= 0 && floor <= 1)) problems.push(`floor is ${floor}, expected a number from 0 to 1.`);
  if (!shape || problems.length > 0) throw new ConfigError(`schedule: ${problems.join(" ")}`);

  const falling = Math.max(1, totalSteps - warmupSteps);
  return (step) => {
    if (step < warmupSteps) return (step + 1) / warmupSteps;
    return floor + (1 - floor) * shape.at(Math.min(1, (step - warmupSteps) / falling));
  };
}
