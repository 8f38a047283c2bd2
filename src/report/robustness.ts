import type { IdOod } from "../evaluation/robustness.ts";
import { type RunView, scoreOf, setsOfSide } from "./run-view.ts";

/** A run as a point in distribution × shifted; empty where it was not judged on both, or not by a share. */
export function idOodOf(view: RunView): IdOod[] {
  const [id, ood] = [scoreOf(view, "id", "last"), scoreOf(view, "ood", "last")];
  if (!id || !ood || !view.metric.isShare) return [];
  const count = (side: "id" | "ood") => setsOfSide(view, side).reduce((n, s) => n + (s.last?.count ?? 0), 0);
  return [{ id: id.value, ood: ood.value, idCount: count("id"), oodCount: count("ood") }];
}
