import type { Random } from "../tensor/random.ts";
import type { Text } from "./dataset.ts";

/** One way of spoiling a word; it never becomes empty, and gets no space. */
export type WordNoise = (word: string, random: Random) => string;

/**
 * A text with each of its words changed, white space between them as it was; of words that were read apart, each stays
 * one word, so that what is said of them stays true.
 */
export function withNoise(text: Text, noise: WordNoise, random: Random): Text {
  const changed = (s: string) => s.replace(/\S+/gu, (word) => noise(word, random));
  const { pair, words } = text;
  if (words) {
    const spoilt = words.map(changed);
    return { ...text, text: spoilt.join(" "), words: spoilt };
  }
  return { ...text, text: changed(text.text), ...(pair === undefined ? {} : { pair: changed(pair) }) };
}

/** Letters beside each other on a QWERTY keyboard, row by row. */
const ROWS: readonly string[] = ["qwertyuiop", "asdfghjkl", "zxcvbnm"];

/**
 * Each letter mistyped with a probability: exchanged with the one behind it, left out, typed twice, or hit on the key
 * beside it, each as likely as the others. Letters outside of a to z have no keys beside them and are typed twice.
 */
export function mistyped(share: number): WordNoise {
  return (word, random) => {
    const letters = [...word];
    const out: string[] = [];
    for (let i = 0; i < letters.length; i++) {
      const letter = letters[i]!;
      const isHit = random.next() < share;
      const way = random.integer(4);
      const side = random.next() < 0.5 ? -1 : 1;
      if (!isHit || !/\p{L}/u.test(letter)) out.push(letter);
      else if (way === 0 && i + 1 < letters.length) out.push(letters[++i]!, letter);
      else if (way === 1 && letters.length > 1) continue;
      else if (way === 2) out.push(letter, letter);
      else out.push(keyBeside(letter, side) ?? letter + letter);
    }
    return out.length > 0 ? out.join("") : word;
  };
}

function keyBeside(letter: string, side: -1 | 1): string | null {
  const lower = letter.toLowerCase();
  const row = ROWS.find((r) => r.includes(lower));
  if (!row) return null;
  const at = row.indexOf(lower);
  const other = row[at + side] ?? row[at - side]!; // a row has more than one key
  return letter === lower ? other : other.toUpperCase();
}

/** Each letter in its other case with a probability. */
export function recased(share: number): WordNoise {
  return (word, random) =>
    Array.from(word, (letter) => {
      if (random.next() >= share) return letter;
      const lower = letter.toLowerCase();
      return letter === lower ? letter.toUpperCase() : lower;
    }).join("");
}
