import { placeOf } from "./ranks.ts";

/**
 * Share of queries for which at least one of the partners is among the k nearest candidates.
 *
 * @param similarity [Q, N] row-major: each query against every candidate, larger is nearer
 * @param partners per query the candidates that belong to it; of equally near candidates the earlier one comes first
 */
export function recallAtK(
  similarity: ArrayLike<number>,
  partners: readonly (readonly number[])[],
  k: number,
): number {
  const candidates = similarity.length / partners.length;
  const found = partners.filter((own, query) =>
    own.some((candidate) => placeOf(similarity, query * candidates, candidates, candidate) < k),
  );
  return found.length / partners.length;
}
