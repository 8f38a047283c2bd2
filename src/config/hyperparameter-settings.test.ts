import { expect, it } from "vitest";
import { updateRules } from "../optim/updates/registry.ts";
import { hyperparameterSettings } from "./hyperparameter-settings.ts";
import { configSchema } from "./schema.ts";

it("every hyperparameter of every update rule is a setting of that kind, and every setting belongs to one", () => {
  const known = new Set(Object.keys(hyperparameterSettings));
  for (const { name, defaults } of updateRules) {
    for (const [key, value] of Object.entries(defaults)) {
      const given = { model: "m.onnx", data: "d", out: "o", optimizer: { rule: name, [key]: value } };
      expect(configSchema.safeParse(given).error?.message, `${name}: ${key}`).toBeUndefined();
      known.delete(key);
    }
  }
  expect([...known]).toEqual([]);
});
