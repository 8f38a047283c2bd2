import type { Counts } from "./precision-recall.ts";

/** A run of tokens that bear one type. */
export interface Entity {
  readonly type: string;
  /** First and last token. */
  readonly start: number;
  readonly end: number;
}

interface Tag {
  readonly prefix: "B" | "I" | "E" | "S" | "O";
  readonly type: string;
}

/**
 * Entities of a sentence's tags, in IOB1, IOB2 or BIOES, read leniently as seqeval's default does: an entity ends where
 * the next tag cannot belong to it, and begins with any tag that cannot belong to the one before, whatever its prefix.
 * A label without a prefix counts as inside, so that equal neighbours are one entity.
 */
export function entitiesOf(labels: readonly string[]): Entity[] {
  const entities: Entity[] = [];
  let before = OUTSIDE;
  let start = 0;
  for (let i = 0; i <= labels.length; i++) {
    const tag = i < labels.length ? tagOf(labels[i]!) : OUTSIDE;
    const isOther = before.type !== tag.type;
    const beforeIsClosed = before.prefix === "E" || before.prefix === "S";
    const opens = tag.prefix === "B" || tag.prefix === "S";
    if (before.prefix !== "O" && (beforeIsClosed || opens || tag.prefix === "O" || isOther)) {
      entities.push({ type: before.type, start, end: i - 1 });
    }
    if (tag.prefix !== "O" && (beforeIsClosed || opens || before.prefix === "O" || isOther)) start = i;
    before = tag;
  }
  return entities;
}

const OUTSIDE: Tag = { prefix: "O", type: "" };

function tagOf(label: string): Tag {
  if (label === "O") return OUTSIDE;
  const [, prefix, type] = /^([BIES])(?:-(.*))?$/s.exec(label) ?? [];
  if (prefix === undefined) return { prefix: "I", type: label };
  return { prefix: prefix as Tag["prefix"], type: type === undefined || type === "" ? "_" : type }; // one of the letters matched
}

/** Counts by type of entities whose type, start and end are all right; sentence by sentence. */
export class EntityCounts {
  private readonly counts = new Map<
    string,
    { truePositives: number; falsePositives: number; falseNegatives: number }
  >();

  /** @param weight how much the sentence counts @returns its counts as they are, all types together */
  add(truth: readonly string[], predicted: readonly string[], weight: number = 1): Counts {
    const key = (e: Entity) => `${e.start} ${e.end} ${e.type}`;
    const there = entitiesOf(truth);
    const keys = new Set(there.map(key));
    const found = new Set<string>();
    const claimed = entitiesOf(predicted);
    for (const entity of claimed) {
      const isRight = keys.has(key(entity));
      if (isRight) found.add(key(entity));
      this.of(entity.type)[isRight ? "truePositives" : "falsePositives"] += weight;
    }
    for (const entity of there) if (!found.has(key(entity))) this.of(entity.type).falseNegatives += weight;
    const truePositives = found.size;
    return {
      truePositives,
      falsePositives: claimed.length - truePositives,
      falseNegatives: there.length - truePositives,
    };
  }

  /** By type, in alphabetical order. */
  byType(): ReadonlyMap<string, Counts> {
    return new Map([...this.counts].sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  private of(type: string): { truePositives: number; falsePositives: number; falseNegatives: number } {
    const counts = this.counts.get(type) ?? { truePositives: 0, falsePositives: 0, falseNegatives: 0 };
    this.counts.set(type, counts);
    return counts;
  }
}
