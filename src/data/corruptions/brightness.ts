import { type AnyCorruption, defineCorruption } from "./corruption.ts";

/**
 * Raises V of HSV by b, clipped to 1: daylight. With V = max(r, g, b) and hue and saturation kept, every channel is
 * multiplied by V′/V; black, which has no hue, turns grey V′. The constant is b.
 */
export const brightness: AnyCorruption = defineCorruption<number>({
  name: "brightness",
  severities: {
    cifar: [0.05, 0.1, 0.15, 0.2, 0.3],
    "tiny-imagenet": [0.1, 0.2, 0.3, 0.4, 0.5],
    imagenet: [0.1, 0.2, 0.3, 0.4, 0.5],
  },
  apply({ data, channels }, b) {
    for (let p = 0; p < data.length; p += channels) {
      let v = 0;
      for (let c = 0; c < channels; c++) v = Math.max(v, data[p + c]!);
      const raised = Math.min(1, v + b);
      for (let c = 0; c < channels; c++) data[p + c] = v > 0 ? (data[p + c]! * raised) / v : raised;
    }
  },
});
