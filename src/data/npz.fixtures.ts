interface NpyParts {
  readonly descr: string;
  readonly shape: readonly number[];
  readonly bytes: ArrayBufferView;
}

/** A stored `.npz` archive for tests; the reader itself is tested against NumPy's own files. */
export function npzOf(arrays: Readonly<Record<string, NpyParts>>): Uint8Array {
  const out: number[] = [];
  const directory: number[] = [];
  const u16 = (v: number) => [v & 255, (v >> 8) & 255];
  const u32 = (v: number) => [...u16(v & 0xffff), ...u16(v >>> 16)];
  const text = (s: string) => [...new TextEncoder().encode(s)];
  for (const [name, { descr, shape, bytes }] of Object.entries(arrays)) {
    const header = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${shape.map((d) => `${d},`).join(" ")}), }\n`;
    const content = [
      ...[0x93, ...text("NUMPY"), 1, 0, ...u16(header.length), ...text(header)],
      ...new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength),
    ];
    const file = text(`${name}.npy`);
    // Version, flags, method, time, date, checksum (not read), lengths, name length, extra length.
    const common = [...u16(20), ...u16(0), ...u16(0), ...u32(0), ...u32(0)];
    const lengths = [...u32(content.length), ...u32(content.length), ...u16(file.length), ...u16(0)];
    directory.push(...u32(0x02014b50), ...u16(20), ...common, ...lengths);
    directory.push(...u16(0), ...u16(0), ...u16(0), ...u32(0), ...u32(out.length), ...file);
    out.push(...u32(0x04034b50), ...common, ...lengths, ...file, ...content);
  }
  const count = Object.keys(arrays).length;
  const end = [
    ...u32(0x06054b50),
    ...u32(0),
    ...u16(count),
    ...u16(count),
    ...u32(directory.length),
    ...u32(out.length),
    0,
    0,
  ];
  return Uint8Array.from([...out, ...directory, ...end]);
}
