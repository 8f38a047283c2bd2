import { Command } from "commander";
import { describe, expect, test } from "vitest";
import { type LossArguments, lossFlags, lossOptionsFrom } from "./loss-flags.ts";

function read(...argv: string[]) {
  const command = new Command().exitOverride().configureOutput({ writeErr: () => undefined });
  for (const option of lossFlags()) command.addOption(option);
  command.parse(argv, { from: "user" });
  return lossOptionsFrom(command.opts<LossArguments>());
}

describe("the flags of a loss", () => {
  test("give what the loss takes", () => {
    expect(read()).toEqual({});
    expect(read("--class-axis", "1", "--ignore-index", "255", "--loss", "dice", "--target-weights")).toEqual({
      classAxis: 1,
      ignoreIndex: 255,
      weighted: true,
    });
    expect(read("--loss-option", "labelSmoothing=0.1", "--loss-option", "classWeights=1,2,0.5")).toEqual({
      labelSmoothing: 0.1,
      classWeights: [1, 2, 0.5],
    });
    expect(read("--loss", "bce", "--loss-option", "positiveWeight=3")).toEqual({ positiveWeight: 3 });
  });

  test("say what it does not take", () => {
    expect(() => read("--loss", "huber", "--loss-option", "gamma=1")).toThrow(
      /the option of loss huber "gamma" is unknown; .*choose one of delta/,
    );
    expect(() => read("--loss-option", "labelSmoothing=a little")).toThrow(/expected a number/);
    expect(() => read("--loss-option", "labelSmoothing=0.1,0.2")).toThrow(/expected a number/);
  });
});
