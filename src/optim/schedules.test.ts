import { describe, expect, it } from "vitest";
import { createSchedule, scheduleNames } from "./schedules.ts";

describe.each(scheduleNames)("the %s schedule", (name) => {
  it("warms up linearly to 1 and stays between floor and 1 afterwards", () => {
    const schedule = createSchedule(name, { totalSteps: 20, warmupSteps: 4, floor: 0.1 });
    expect([0, 1, 2, 3, 4].map(schedule)).toEqual([0.25, 0.5, 0.75, 1, 1]);
    for (let step = 4; step < 20; step++) {
      expect(schedule(step + 1)).toBeLessThanOrEqual(schedule(step));
      expect(schedule(step)).toBeGreaterThan(0.1);
    }
    expect(schedule(1000)).toBe(schedule(20));
  });

  it("may be all warm-up", () => {
    const schedule = createSchedule(name, { totalSteps: 2, warmupSteps: 2 });
    expect([0, 1].map(schedule)).toEqual([0.5, 1]);
  });
});

it("schedules refuse unknown names and counts that make no sense", () => {
  expect(() => createSchedule("step", { totalSteps: 10 })).toThrow(
    'schedule: "step" is unknown; choose one of constant, linear, cosine.',
  );
  expect(() => createSchedule("cosine", { totalSteps: 10, warmupSteps: 11, floor: 2 })).toThrow(
    "warmupSteps is 11, expected an integer from 0 to totalSteps (10). floor is 2, expected a number from 0 to 1.",
  );
});
