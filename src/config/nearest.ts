/** The choice that takes the fewest typing mistakes to get to from `text`, or undefined if all are far from it. */
export function nearest(text: string, choices: Iterable<string>): string | undefined {
  let best: string | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (const choice of choices) {
    const mistakes = distance(text.toLowerCase(), choice.toLowerCase());
    if (mistakes < least) [best, least] = [choice, mistakes];
  }
  return least <= Math.max(2, text.length / 3) ? best : undefined;
}

/** Levenshtein's distance: letters put in, left out or exchanged. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const exchange = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(exchange, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[b.length]!;
}
