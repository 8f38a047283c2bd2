import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { DataError } from "../../errors.ts";
import { createMemoryFiles } from "../../platform/memory-files.ts";
import { halfToFloat } from "../../tensor/half.ts";
import { bytesOfBase64, golden } from "../data.fixtures.ts";
import { csvScanner, fieldsOf } from "./csv-text.ts";
import { looksLikeIdx, readIdx } from "./idx.ts";
import { decodeNpy, openNpz, readNpz } from "./npy.ts";
import { openZip } from "./zip.ts";

interface Goldens {
  stored: string;
  packed: string;
  bad: string;
  values: Record<string, { dims: number[]; values: (number | boolean | string)[] }>;
}
const goldens = await golden<Goldens>("arrays.json");

describe("npz", () => {
  test.each(["stored", "packed"] as const)(
    "what NumPy saved %s is read back, every dtype and shape",
    async (kind) => {
      const arrays = await readNpz(createMemoryFiles({ "a.npz": bytesOfBase64(goldens[kind]) }), "a.npz");
      expect([...arrays.keys()].sort()).toEqual(Object.keys(goldens.values).sort());
      for (const [name, { dims, values }] of Object.entries(goldens.values)) {
        const got = arrays.get(name)!;
        const data = Array.from(got.data as ArrayLike<number | bigint | string>, (v) => {
          if (got.dtype === "float16") return halfToFloat(Number(v));
          return typeof v === "string" ? v : Number(v);
        });
        expect({ name, dims: got.dims, data }).toEqual({
          name,
          dims,
          data: values
            .map((v) => (typeof v === "boolean" ? Number(v) : v))
            .map((v) => (got.dtype === "float32" ? Math.fround(v as number) : v)),
        });
      }
    },
  );

  test("arrays in Fortran order, big-endian or complex are refused with a reason", async () => {
    const arrays = await openNpz(createMemoryFiles({ "bad.npz": bytesOfBase64(goldens.bad) }), "bad.npz");
    await expect(arrays.get("fortran")!()).rejects.toThrow(
      /"fortran": .*Fortran order; save np.ascontiguousarray/,
    );
    await expect(arrays.get("big")!()).rejects.toThrow(/dtype >f4/);
    await expect(arrays.get("complex")!()).rejects.toThrow(/dtype <c16/);
  });

  test("a header that promises more than the bytes hold is refused before anything is allocated", () => {
    const header = "{'descr': '<f8', 'fortran_order': False, 'shape': (4000000, 1000000), }";
    const bytes = new Uint8Array(10 + header.length + 8);
    bytes.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, header.length, 0]);
    bytes.set(new TextEncoder().encode(header), 10);
    expect(() => decodeNpy(bytes, "x.npy")).toThrow(/8 bytes of data, expected 32000000000000/);
    expect(() => decodeNpy(bytes.slice(0, 40), "x.npy")).toThrow(/the header is cut/);
    expect(() => decodeNpy(new Uint8Array(20), "x.npy")).toThrow(/no NUMPY magic/);
  });
});

describe("zip", () => {
  const whole = bytesOfBase64(goldens.packed);
  const openAll = async (bytes: Uint8Array): Promise<void> => {
    for (const entry of await openZip(createMemoryFiles({ "a.zip": bytes }), "a.zip")) await entry.read();
  };

  test("an archive cut anywhere is a DataError, never a crash", async () => {
    for (let length = 0; length < whole.length; length += 41) {
      await expect(openAll(whole.slice(0, length)), `cut at ${length}`).rejects.toThrow(DataError);
    }
  });

  test("an archive with any byte changed is read or refused with a DataError", async () => {
    for (let at = 0; at < whole.length; at += 29) {
      const bytes = whole.slice();
      bytes[at]! ^= 0xff;
      await openAll(bytes).catch((error: unknown) => expect(error, `byte ${at}`).toBeInstanceOf(DataError));
    }
  });
});

describe("csv", () => {
  // Every row as text, found piece by piece.
  const rowsOf = (text: string, pieceLength: number) => {
    const bytes = new TextEncoder().encode(text);
    const rows: [string, number][] = [];
    const scanner = csvScanner(",", (start, end, fields) => {
      rows.push([new TextDecoder().decode(bytes.subarray(start, end)), fields]);
    });
    for (let at = 0; at < bytes.length; at += pieceLength) scanner.feed(bytes.subarray(at, at + pieceLength));
    return { problem: scanner.finish(), rows };
  };

  test("fields, quotes and line ends are those of RFC 4180, wherever the bytes are cut", () => {
    const text = 'a,b,c\r\n1,"x ""y"", z",\r\n\n"two\nlines",,""\n,\nlast,"q"';
    for (const pieceLength of [1, 2, 3, 7, 100]) {
      const { rows, problem } = rowsOf(text, pieceLength);
      expect(problem).toBe(null);
      expect(rows.map(([row]) => fieldsOf(row, "row"))).toEqual([
        ["a", "b", "c"],
        ["1", 'x "y", z', ""],
        ["two\nlines", "", ""],
        ["", ""],
        ["last", "q"],
      ]);
      expect(rows.map(([, fields]) => fields)).toEqual([3, 3, 3, 2, 2]);
    }
    expect(rowsOf("", 1).rows).toEqual([]);
    // A quote inside a plain field is a character, and a row may end by CR alone.
    expect(rowsOf('5" pipe,1\r6" pipe,2', 4).rows).toEqual([
      ['5" pipe,1', 2],
      ['6" pipe,2', 2],
    ]);
  });

  test("a quote that does not close, or closes too early, is refused", () => {
    expect(rowsOf('a\n"b', 3).problem).toBe("a quoted field does not end");
    expect(() => fieldsOf('"b', "x.csv:2")).toThrow("x.csv:2: a quoted field does not end");
    expect(() => fieldsOf('"b"c', "x.csv:2")).toThrow("x.csv:2: text behind a closing quote");
  });
});

describe("idx", () => {
  // Two images of 2x3, as the MNIST page describes the layout.
  const images = Uint8Array.of(
    0,
    0,
    8,
    3,
    0,
    0,
    0,
    2,
    0,
    0,
    0,
    2,
    0,
    0,
    0,
    3,
    0,
    1,
    2,
    3,
    4,
    5,
    6,
    7,
    8,
    9,
    10,
    11,
  );

  test("an array is read, plain or gzipped", async () => {
    const files = createMemoryFiles({
      "t-images-idx3-ubyte": images,
      "t-images-idx3-ubyte.gz": gzipSync(images),
    });
    for (const path of ["t-images-idx3-ubyte", "t-images-idx3-ubyte.gz"]) {
      expect(await looksLikeIdx(files, path)).toBe(true);
      const { dims, data } = await readIdx(files, path);
      expect([dims, [...data]]).toEqual([
        [2, 2, 3],
        [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11],
      ]);
    }
  });

  test("a cut file, and one of another type, are refused", async () => {
    const float = images.slice();
    float[2] = 0x0d;
    const files = createMemoryFiles({ cut: images.slice(0, 20), head: images.slice(0, 9), float });
    await expect(readIdx(files, "cut")).rejects.toThrow("cut: 4 bytes of data, expected 12 for [2, 2, 3]");
    await expect(readIdx(files, "head")).rejects.toThrow(DataError);
    await expect(readIdx(files, "float")).rejects.toThrow(/magic 0x00000d03/);
    expect(await looksLikeIdx(files, "float")).toBe(false);
  });
});
