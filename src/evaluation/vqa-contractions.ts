/**
 * Contractions of the official VQA scorer, with every apostrophe in its place. A word that lacks one apostrophe becomes
 * the form listed here. The gaps in the list are theirs, too.
 */
const CONTRACTED =
  "ain't aren't can't could've couldn't couldn't've didn't doesn't don't hadn't hadn't've hasn't haven't he'd he'd've " +
  "he's how'd how'll how's isn't it'd it'd've it'll ma'am mightn't mightn't've might've mustn't must've needn't " +
  "not've o'clock oughtn't 'ow's'at shan't she'd've should've shouldn't shouldn't've somebody'd've somebody'll " +
  "somebody's someone'd someone'd've someone'll someone's something'd something'd've something'll that's there'd " +
  "there'd've there're there's they'd they'd've they'll they're they've 'twas wasn't we'd've we've weren't what'll " +
  "what're what's what've when's where'd where's where've who'd who'd've who'll who's who've why'll why're why's " +
  "won't would've wouldn't wouldn't've y'all y'all'll y'all'd've you'd you'd've you'll you're you've";

/** What a lower-case word of an answer is replaced by. */
export const CONTRACTIONS: ReadonlyMap<string, string> = new Map([
  ...CONTRACTED.split(" ").flatMap(withoutOneApostrophe),
  ["somebody'd", "somebodyd"], // the one entry that goes the other way round
]);

function withoutOneApostrophe(word: string): [string, string][] {
  return [...word.matchAll(/'/g)].map(({ index }) => [word.slice(0, index) + word.slice(index + 1), word]);
}
