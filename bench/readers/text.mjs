const WORDS = "the of and a weight was pulled back toward where it began because its gradient asked".split(
  " ",
);

/** A text of 10 to 130 words, the same for every `n`. */
export function seededText(n) {
  let state = (n * 2654435761 + 12345) >>> 0;
  const next = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state;
  };
  const count = 10 + ((next() >>> 8) % 121);
  return Array.from({ length: count }, () => WORDS[(next() >>> 8) % WORDS.length]).join(" ");
}
