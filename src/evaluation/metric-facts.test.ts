import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { inOrder, METRICS, metricFacts } from "./metric-facts.ts";

it.each(METRICS)(
  "$name has a name for settings, a label and a sentence, and only a rate can be a share",
  (metric) => {
    expect(metric.name).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*$/);
    expect(metric.label.length).toBeLessThanOrEqual(20);
    expect(metric.summary).toMatch(/^[A-Z0-9].*\.$/);
    if (metric.isShare) expect([metric.unit, metric.higherIsBetter]).toEqual(["percent", true]);
    expect(METRICS.filter((m) => m.name === metric.name || m.label === metric.label)).toEqual([metric]);
  },
);

it("docs/metrics.md has the table as it is here", () => {
  const page = readFileSync(new URL("../../docs/metrics.md", import.meta.url), "utf8");
  const rows = METRICS.map(
    (m) => `| \`${m.name}\` | ${m.label} | ${m.higherIsBetter ? "higher" : "lower"} | ${m.summary} |`,
  );
  expect(page.split("\n").filter((line) => line.startsWith("| `"))).toEqual(rows);
});

it("a record's metrics come in the table's order, and those that it does not know last, as plain numbers", () => {
  expect(inOrder(["mine", "loss", "accuracy"]).map((m) => m.name)).toEqual(["accuracy", "loss", "mine"]);
  expect(metricFacts("mine")).toMatchObject({ label: "mine", isShare: false, unit: "number" });
});
