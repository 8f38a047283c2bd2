import { describe, expect, test } from "vitest";
import { type ConvGeometry, formulationOf } from "./conv-gradient.ts";

function geometry(size: number, kernel: number, change: Partial<ConvGeometry> = {}): ConvGeometry {
  const pair = (v: number) => [v, v];
  const pad = Math.floor(kernel / 2);
  return {
    input: pair(size),
    output: pair(size),
    kernel: pair(kernel),
    strides: pair(1),
    dilations: pair(1),
    padBegin: pair(pad),
    padEnd: pair(pad),
    group: 1,
    ...change,
  };
}

// The winners of measurements on two cores.
describe("each size of convolution gets the formulation that measured fastest", () => {
  test.each([
    ["3×3 on 56×56", geometry(56, 3), 64, { input: "flipped", weight: "taps" }],
    ["3×3 on 28×28", geometry(28, 3), 128, { input: "flipped", weight: "taps" }],
    ["3×3 on 14×14", geometry(14, 3), 256, { input: "transposed", weight: "folded" }],
    ["3×3 on 7×7", geometry(7, 3), 512, { input: "folded", weight: "folded" }],
    ["1×1 on 14×14", geometry(14, 1), 256, { input: "flipped", weight: "taps" }],
    ["1×1 on 7×7", geometry(7, 1), 512, { input: "flipped", weight: "folded" }],
    [
      "3×3, stride 2, to 28×28",
      geometry(56, 3, { strides: [2, 2], output: [28, 28] }),
      64,
      { input: "transposed", weight: "taps" },
    ],
    ["depthwise 3×3", geometry(28, 3, { group: 192 }), 192, { input: "flipped", weight: "grouped" }],
    [
      "pads beyond the kernel",
      geometry(28, 3, { padBegin: [3, 3] }),
      64,
      { input: "transposed", weight: "taps" },
    ],
  ] as const)("%s", (_, g, channels, expected) => {
    expect(formulationOf(g, channels)).toEqual(expected);
  });
});
