import { npzOf } from "../data/npz.fixtures.ts";
import { createRandom } from "../tensor/random.ts";

const SIZE = 8;
const CLASSES = 3;

/** An `.npz` of grey images with upright, lying or no stripes under noise. */
export function stripes(count: number, seed: number): Uint8Array {
  const random = createRandom(seed);
  const images = new Uint8Array(count * SIZE * SIZE);
  const labels = Uint8Array.from({ length: count }, (_, i) => i % CLASSES);
  images.forEach((_, at) => {
    const label = labels[Math.floor(at / SIZE ** 2)];
    const [row, column] = [Math.floor(at / SIZE) % SIZE, at % SIZE];
    const ink = label === 0 ? column % 2 : label === 1 ? row % 2 : 0;
    images[at] = 40 + 140 * ink + random.integer(60);
  });
  return npzOf({
    images: { descr: "|u1", shape: [count, SIZE, SIZE], bytes: images },
    labels: { descr: "|u1", shape: [count], bytes: labels },
  });
}
