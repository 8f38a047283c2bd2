/** Parameter shapes of the two workloads that docs and benchmarks speak of. */

/** A BERT classifier on the encoder of all-MiniLM-L6-v2: 6 layers of 384, 22.6 M parameters in 103 tensors. */
export const miniLm = [
  [30522, 384],
  [512, 384],
  [2, 384],
  [384],
  [384],
  ...Array.from({ length: 6 }, () => encoderLayer(384, 1536)).flat(),
  [2, 384],
  [2],
];

/** ViT-B/16 with 1,000 classes: 86.6 M parameters in 200 tensors. */
export const vitB = [
  [768, 3, 16, 16],
  [768],
  [1, 1, 768],
  [1, 197, 768],
  ...Array.from({ length: 12 }, () => encoderLayer(768, 3072)).flat(),
  [768],
  [768],
  [1000, 768],
  [1000],
];

function encoderLayer(width, hidden) {
  const projections = Array.from({ length: 4 }, () => [[width, width], [width]]).flat();
  return [
    ...projections,
    [hidden, width],
    [hidden],
    [width, hidden],
    [width],
    [width],
    [width],
    [width],
    [width],
  ];
}
