/** A candidate for the soup and how good it is alone. */
export interface Ingredient {
  readonly name: string;
  readonly score: number;
}

/**
 * Greedy soup: from the best model down, each is averaged in if the average is then no worse on held-out data.
 *
 * Wortsman et al., ICML 2022, Recipe 1. https://arxiv.org/abs/2203.05482
 *
 * @param score of the uniform average of some ingredients; higher is better
 * @returns indices of those that stay, best first
 */
export async function greedySoup(
  ingredients: readonly Ingredient[],
  score: (indices: readonly number[]) => Promise<number>,
): Promise<number[]> {
  const order = ingredients.map((_, i) => i).sort((a, b) => ingredients[b]!.score - ingredients[a]!.score);
  const [first, ...rest] = order;
  if (first === undefined) return [];
  let soup = [first];
  let best = ingredients[first]!.score; // `order` holds indices of the list
  for (const next of rest) {
    const tried = await score([...soup, next]);
    if (tried < best) continue;
    soup = [...soup, next];
    best = tried;
  }
  return soup;
}
