import { expect, test } from "vitest";
import { createRecent } from "./recent.ts";

test("what was used last is kept up to the size, and the rest is made again", async () => {
  const made: string[] = [];
  const recent = createRecent<string>(10);
  const use = (name: string, bytes = 4) =>
    recent.get(name, bytes, async () => {
      made.push(name);
      return name;
    });
  for (const name of ["a", "b", "a", "c", "a", "b"]) expect(await use(name)).toBe(name);
  expect(made).toEqual(["a", "b", "c", "b"]); // c pushed b out, not a, which was used after it
  await use("large", 100);
  await use("large", 100);
  expect(made.filter((name) => name === "large")).toHaveLength(1);
});
