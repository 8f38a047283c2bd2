import { CONTRACTIONS } from "./vqa-contractions.ts";

const PUNCTUATION = [...';/[]"{}()=+\\_-><@`,?!'];
const NUMBERS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"];
const DIGITS: ReadonlyMap<string, string> = new Map([
  ...NUMBERS.map((word, i) => [word, String(i)] as const),
  ["none", "0"],
]);
const ARTICLES: ReadonlySet<string> = new Set(["a", "an", "the"]);
/** What Python takes for white space; JavaScript's `\s` is not quite that. */
const SPACE = "[\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]+";
const AROUND = new RegExp(`^${SPACE}|${SPACE}$`, "gu");
const BETWEEN = new RegExp(SPACE, "u");
/** The scorer passes a flag where the most replacements belong; the flag's value is this. */
const MOST_PERIODS = 32;

/**
 * The accuracy of one answer to a visual question as the official scorer has it: each human answer in turn is left out,
 * and the rest decide.
 *
 *     mean over annotators of min(1, others who gave this answer / 3)
 *
 * The answer is normalised in full; the human answers lose their punctuation only, and only if they differ.
 * GT-Vision-Lab/VQA, vqaEval.py at commit c4e6a0e (earlier ones have other punctuation); Antol et al., ICCV 2015.
 *
 * @param humans usually ten
 * @returns in [0, 1]; NaN without human answers
 */
export function vqaAccuracy(answer: string, humans: readonly string[]): number {
  const given = normaliseVqaAnswer(answer);
  const differ = new Set(humans).size > 1;
  const right = humans.map((human) => (differ ? withoutPunctuation(human) : human) === given);
  const agreeing = right.filter(Boolean).length;
  const sum = right.reduce((total, own) => total + Math.min(1, (agreeing - Number(own)) / 3), 0);
  return sum / humans.length;
}

/** An answer as the official scorer compares it: no punctuation, lower case, digits, no articles, contractions whole. */
export function normaliseVqaAnswer(answer: string): string {
  const line = answer.replaceAll("\n", " ").replaceAll("\t", " ").replace(AROUND, "");
  const words = withoutPunctuation(line).toLowerCase().replace(AROUND, "").split(BETWEEN);
  return words
    .map((word) => DIGITS.get(word) ?? word)
    .filter((word) => !ARTICLES.has(word))
    .map((word) => CONTRACTIONS.get(word) ?? word)
    .join(" ");
}

/** A mark beside a space goes, as does every mark where a comma stands between digits; others become a space. */
function withoutPunctuation(text: string): string {
  const hasDigitComma = /\p{Nd},\p{Nd}/u.test(text);
  let out = text;
  for (const mark of PUNCTUATION) {
    const isBesideSpace = text.includes(`${mark} `) || text.includes(` ${mark}`);
    out = out.replaceAll(mark, isBesideSpace || hasDigitComma ? "" : " ");
  }
  let periods = 0;
  return out.replace(/\.(?!\p{Nd})/gu, (period) => (++periods <= MOST_PERIODS ? "" : period));
}
