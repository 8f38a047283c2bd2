import { type AnyCorruption, defineCorruption } from "./corruption.ts";

/** x + N(0, σ²), independent for each pixel and channel, as of a sensor in low light. The constant is σ. */
export const gaussianNoise: AnyCorruption = defineCorruption<number>({
  name: "gaussian-noise",
  severities: {
    cifar: [0.04, 0.06, 0.08, 0.09, 0.1],
    "tiny-imagenet": [0.04, 0.08, 0.12, 0.15, 0.18],
    imagenet: [0.08, 0.12, 0.18, 0.26, 0.38],
  },
  apply({ data }, sigma, random) {
    for (let i = 0; i < data.length; i++) data[i]! += sigma * random.normal();
  },
});
