// How long a run waits for its images without a cache folder, with an empty one and with a full one.
//     npm run build && node bench/cache.mjs [images=600] [rounds=5]
// Photograph-like JPEGs of 640x480 are made in a temporary folder, read as a training set, and prepared for 224x224. Each
// round times the three one after the other, on warm files; the last lines are ratios to reading without a cache folder.
import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { openDataset } from "../dist/data/open-dataset.js";
import { prepareSets } from "../dist/data/prepare-sets.js";
import { preprocessingFor } from "../dist/data/preprocess/preprocessing-for.js";
import { createPreprocessor } from "../dist/data/preprocess/preprocessor.js";
import { nodeFiles } from "../dist/platform/node-files.js";

const [count = 600, rounds = 5] = process.argv.slice(2).map(Number);
const [width, height] = [640, 480];
const folder = await mkdtemp(join(tmpdir(), "holdfast-cache-bench-"));

/** Waves of colours with a little noise: files of about 60 kB, as photographs have. */
async function writePhotograph(n) {
  const pixels = Buffer.alloc(width * height * 3);
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at += 3) {
      for (let c = 0; c < 3; c++) {
        const wave = Math.sin((x * (1 + (n % 7)) + c * 40) / 60) + Math.cos((y * (2 + (n % 5)) + n) / 80);
        pixels[at + c] = 128 + 55 * wave + 24 * (((x * 7919 + y * 104729 + n * 31 + c) % 97) / 97 - 0.5);
      }
    }
  }
  const path = join(folder, "photographs", n % 2 ? "even" : "odd", `${n}.jpg`);
  await writeFile(
    path,
    await sharp(pixels, { raw: { width, height, channels: 3 } })
      .jpeg()
      .toBuffer(),
  );
}

async function bytesUnder(path) {
  const entries = await readdir(path, { recursive: true, withFileTypes: true });
  const sizes = entries.filter((e) => e.isFile()).map((e) => stat(join(e.parentPath, e.name)));
  return (await Promise.all(sizes)).reduce((sum, s) => sum + s.size, 0);
}

const preprocessor = createPreprocessor(
  preprocessingFor("image", [{ name: "x", dtype: "float32", dims: [3, 224, 224] }]),
);

async function secondsToRead(shelf) {
  const start = performance.now();
  const train = await openDataset(nodeFiles, join(folder, "photographs"));
  const few = { ...train, length: 1 };
  await prepareSets(
    nodeFiles,
    { train, validation: few, test: null },
    { preprocessor, shifts: {}, seed: 1, onBroken: "error", cacheBytes: 0, ...(shelf ? { shelf } : {}) },
  );
  return (performance.now() - start) / 1000;
}

const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
const shown = (values) =>
  `${median(values).toFixed(3)} (${Math.min(...values).toFixed(3)}–${Math.max(...values).toFixed(3)})`;

try {
  for (const name of ["even", "odd"]) await mkdir(join(folder, "photographs", name), { recursive: true });
  for (let n = 0; n < count; n++) await writePhotograph(n);
  const times = { without: [], empty: [], full: [] };
  for (let round = 0; round < rounds; round++) {
    const shelf = { folder: join(folder, `cache-${round}`), identity: "bench" };
    times.without.push(await secondsToRead());
    times.empty.push(await secondsToRead(shelf));
    times.full.push(await secondsToRead(shelf));
  }
  const mega = (bytes) => `${(bytes / 1e6).toFixed(0)} MB`;
  console.log(
    `${count} JPEGs of ${width}x${height}, ${mega(await bytesUnder(join(folder, "photographs")))}; the cache folder takes ` +
      `${mega(await bytesUnder(join(folder, "cache-0")))}. Median of ${rounds} rounds, and the range.`,
  );
  for (const [name, seconds] of Object.entries(times)) {
    const ratios = seconds.map((s, i) => s / times.without[i]);
    console.log(`${name.padEnd(8)} ${shown(seconds)} s, ratio ${shown(ratios)}`);
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}
