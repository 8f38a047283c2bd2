import { createRandom, type Random } from "../tensor/random.ts";

/** Numbers that are kept at most: 16 MiB of float32. */
const MOST_NUMBERS = 2 ** 22;

/**
 * Keeps the rows of a table for what cannot be summed up on the way, such as ranks: all of them as long as they fit,
 * and a seeded sample, every row as likely as any other, beyond that (Vitter's reservoir, algorithm R).
 */
export class RowSample {
  readonly columns: number;
  private readonly most: number;
  private readonly random: Random = createRandom(0);
  private data: Float32Array = new Float32Array(0);
  private seen = 0;
  private kept = 0;

  constructor(columns: number, mostNumbers: number = MOST_NUMBERS) {
    this.columns = columns;
    this.most = Math.max(1, Math.floor(mostNumbers / columns));
  }

  add(row: ArrayLike<number>): void {
    this.seen++;
    const place = this.kept < this.most ? this.kept : this.random.integer(this.seen);
    if (place >= this.most) return;
    this.kept = Math.max(this.kept, place + 1);
    this.grow();
    this.data.set(row, place * this.columns);
  }

  /** Whether every row that was added is here. */
  get isWhole(): boolean {
    return this.seen === this.kept;
  }

  /** [rows, columns], row-major: a view that the next `add` may change. */
  get values(): Float32Array {
    return this.data.subarray(0, this.kept * this.columns);
  }

  get rows(): number {
    return this.kept;
  }

  at(row: number, column: number): number {
    return this.data[row * this.columns + column]!;
  }

  private grow(): void {
    const needed = this.kept * this.columns;
    if (needed <= this.data.length) return;
    const wider = new Float32Array(
      Math.min(this.most * this.columns, Math.max(needed, this.data.length * 2)),
    );
    wider.set(this.data);
    this.data = wider;
  }
}
