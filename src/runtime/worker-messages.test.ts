import { expect, it } from "vitest";
import * as errors from "../errors.ts";
import { DataError, ModelError, RunError } from "../errors.ts";
import { flattenError, reviveError } from "./worker-messages.ts";

const cross = (error: unknown) => reviveError(structuredClone(flattenError(error)));

it("carries class, message, details, stack and cause of our errors", () => {
  const cause = new TypeError("inner");
  const error = new ModelError("outer", { cause, details: { node: "fc1", dims: [2, 3] } });
  const revived = cross(error);
  expect(revived).toBeInstanceOf(ModelError);
  expect(revived).toMatchObject({
    name: "ModelError",
    message: "outer",
    details: { node: "fc1", dims: [2, 3] },
  });
  expect(revived.stack).toBe(error.stack);
  expect(revived.cause).toMatchObject({ name: "TypeError", message: "inner", stack: cause.stack });
});

it("turns details that cannot be cloned into text", () => {
  const revived = cross(new DataError("bad", { details: { fn: () => 1, path: "a.png" } }));
  expect(revived).toMatchObject({ details: { fn: "() => 1", path: "a.png" } });
});

it("carries what is not an error, and a cause that is its own cause", () => {
  expect(cross("just text")).toMatchObject({ name: "Error", message: "just text" });
  const loop = new RunError("loop");
  loop.cause = loop;
  expect(cross(loop).cause).toMatchObject({ message: "loop" });
});

it("gives every class of errors.ts back", () => {
  for (const [name, Class] of Object.entries(errors)) {
    if (!name.endsWith("Error")) continue;
    const revived = cross(new (Class as typeof errors.HoldfastError)("m"));
    expect(revived.constructor).toBe(Class);
    expect(revived.name).toBe(name);
  }
});
