/** Where a rule or method comes from. */
export interface Source {
  readonly authors: string;
  readonly year: number;
  readonly venue: string;
  readonly url: string;
}

/** "Tian, Huang and Kira, NeurIPS 2024", for people. */
export function citation({ authors, venue, year }: Source): string {
  return `${authors}, ${venue} ${year}`;
}
