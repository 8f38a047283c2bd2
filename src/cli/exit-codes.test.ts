import { CommanderError } from "commander";
import { expect, it } from "vitest";
import { ConfigError, DataError, FileError, ModelError, RunError, UnsupportedOpError } from "../errors.ts";
import { errorText, exitCodeOf } from "./exit-codes.ts";

const full = new FileError("runs/a: cannot write: the disk is full", { details: { code: "ENOSPC" } });

it.each([
  ["a help text", new CommanderError(0, "commander.help", ""), 0],
  ["an unknown flag", new CommanderError(1, "commander.unknownOption", ""), 2],
  ["a setting", new ConfigError("x"), 2],
  ["a model", new ModelError("x"), 3],
  ["an operator", new UnsupportedOpError("x"), 3],
  ["data", new DataError("x"), 3],
  ["a file", new FileError("x"), 3],
  ["a full disk", full, 1],
  ["a full disk somewhere below", new RunError("x", { cause: full }), 1],
  ["NaN", new RunError("x"), 1],
  ["a bug", new TypeError("x"), 1],
])("what goes wrong with %s has its exit code", (_, error, code) => {
  expect(exitCodeOf(error)).toBe(code);
});

it("says below an error how to mend it, where its message does not", () => {
  expect(errorText(full).mend).toMatch(/Free some space.*holdfast resume/);
  expect(errorText(new TypeError("x")).mend).toMatch(/--debug/);
  const missing = new RunError("It is not there.", { details: { install: "npm install it" } });
  expect(errorText(missing).mend).toBe("Install it: npm install it");
  expect(errorText(new RunError("lower --optimizer.lr")).mend).toBeNull();
});
