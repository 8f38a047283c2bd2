import type { Image } from "../../dataset.ts";
import type { Size } from "../geometry.ts";
import { type FilterName, type Taps, tapsFor } from "../taps.ts";
import { kernelBase64 } from "./resize.wasm.ts";

const PAGE_BYTES = 65536;
/** Vectors reach this far over the end of what they read and write. */
const SLACK = 32;
/** Rows are taken in as many at a time as fit a processor's second cache. */
const BAND_BYTES = 1 << 18;
/** A kernel that needed more memory for a huge image is not kept. */
const LARGEST_KEPT = 1 << 26;

type RowsPass = (
  from: number,
  width: number,
  rows: number,
  table: number,
  outputs: number,
  taps: number,
  to: number,
) => void;

/** What the compiled module exports. */
interface KernelExports {
  readonly colourRows: RowsPass;
  readonly greyRows: RowsPass;
  readonly columns: (
    from: number,
    size: number,
    table: number,
    outputs: number,
    taps: number,
    to: number,
  ) => void;
}

/** The SIMD kernel of a resize, with a memory that grows as images need it. */
export class ResizeKernel {
  readonly #memory = new WebAssembly.Memory({ initial: 1 });
  readonly #exports: KernelExports;
  #known: { readonly key: string; readonly rows: Taps | null; readonly columns: Taps | null } | null = null;

  constructor() {
    const bytes = Uint8Array.from(atob(kernelBase64), (char) => char.charCodeAt(0));
    // A module of a kilobyte compiles at once, in every browser.
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), {
      env: { memory: this.#memory },
    });
    // The shapes of the exports are those of assembly/resize.ts, compiled from the same commit.
    this.#exports = exports as unknown as KernelExports;
  }

  /** Whether its memory is small enough to be kept for other images. */
  get isSmall(): boolean {
    return this.#memory.buffer.byteLength <= LARGEST_KEPT;
  }

  /** The pixels of an image at another size. */
  resize(image: Image, size: Size, filter: FilterName): Uint8Array<ArrayBuffer> {
    const { rows, columns } = this.#tapsOf(image, size, filter);
    const given = image.width * image.channels;
    const made = size.width * image.channels;
    const bandRows = Math.min(image.height, Math.max(1, Math.floor(BAND_BYTES / given)));
    const at = layout({
      rowTable: rows?.table.byteLength ?? 0,
      columnTable: columns?.table.byteLength ?? 0,
      band: rows ? bandRows * given : 0,
      between: image.height * made,
      out: columns ? size.height * made : 0,
    });
    const memory = this.#withRoom(at.end);
    if (rows) {
      new Int32Array(memory.buffer, at.rowTable).set(rows.table);
      const pass = image.channels === 3 ? this.#exports.colourRows : this.#exports.greyRows;
      for (let y = 0; y < image.height; y += bandRows) {
        const count = Math.min(bandRows, image.height - y);
        memory.set(image.data.subarray(y * given, (y + count) * given), at.band);
        pass(at.band, image.width, count, at.rowTable, rows.outputs, rows.taps, at.between + y * made);
      }
    } else memory.set(image.data, at.between);
    if (!columns) return memory.slice(at.between, at.between + image.height * made);
    new Int32Array(memory.buffer, at.columnTable).set(columns.table);
    this.#exports.columns(at.between, made, at.columnTable, columns.outputs, columns.taps, at.out);
    return memory.slice(at.out, at.out + size.height * made);
  }

  /** Those of the last image, if this one is of its size, as the photographs of a folder often are. */
  #tapsOf(from: Size, to: Size, filter: FilterName) {
    const key = `${from.height}x${from.width} ${to.height}x${to.width} ${filter}`;
    if (this.#known?.key !== key) {
      const rows = from.width === to.width ? null : tapsFor(from.width, to.width, filter);
      const columns = from.height === to.height ? null : tapsFor(from.height, to.height, filter);
      this.#known = { key, rows, columns };
    }
    return this.#known;
  }

  #withRoom(bytes: number): Uint8Array<ArrayBuffer> {
    const missing = bytes - this.#memory.buffer.byteLength;
    if (missing > 0) this.#memory.grow(Math.ceil(missing / PAGE_BYTES));
    return new Uint8Array(this.#memory.buffer as ArrayBuffer); // not shared, by construction
  }
}

/** Addresses of parts of some sizes, one behind the other, and the end of all; each on a vector's boundary. */
function layout<Part extends string>(sizes: Readonly<Record<Part, number>>): Record<Part | "end", number> {
  let end = 0;
  const starts = Object.entries<number>(sizes).map(([part, bytes]) => {
    const start = end;
    end = Math.ceil((start + bytes + SLACK) / 16) * 16;
    return [part, start];
  });
  return { ...Object.fromEntries(starts), end };
}
