import { defineComposite, LATEST, type LowerContext, type OpDef } from "./define.ts";

/** Operators that move blocks of a map between its depth and its plane. X is [N, C, H, W], s the block size. */
export const depthSpaceOps: readonly OpDef[] = [
  /** DepthToSpace(X): [N, C/s², H·s, W·s]. https://onnx.ai/onnx/operators/onnx__DepthToSpace.html */
  defineComposite({
    opType: "DepthToSpace",
    opsets: [1, LATEST],
    lower: (ctx) => {
      const { b, node, input } = ctx;
      const [n, c, h, w, s] = blocksOf(ctx);
      if (c % (s * s) !== 0) node.fail(`${c} channels do not divide into blocks of ${s} × ${s}`);
      const depth = c / (s * s);
      const isDcr = node.string("mode", "DCR") === "DCR"; // depth varies slowest (CRD) or fastest (DCR)
      const split = b.reshape(input(0), isDcr ? [n, s, s, depth, h, w] : [n, depth, s, s, h, w]);
      const woven = b.transpose(split, isDcr ? [0, 3, 4, 1, 5, 2] : [0, 1, 4, 2, 5, 3]);
      return [b.reshape(woven, [n, depth, h * s, w * s])];
    },
  }),
  /** SpaceToDepth(X): [N, C·s², H/s, W/s]. https://onnx.ai/onnx/operators/onnx__SpaceToDepth.html */
  defineComposite({
    opType: "SpaceToDepth",
    opsets: [1, LATEST],
    lower: (ctx) => {
      const { b, node, input } = ctx;
      const [n, c, h, w, s] = blocksOf(ctx);
      if (h % s !== 0 || w % s !== 0) node.fail(`a map of ${h} × ${w} does not divide into blocks of ${s}`);
      const split = b.reshape(input(0), [n, c, h / s, s, w / s, s]);
      return [b.reshape(b.transpose(split, [0, 3, 5, 1, 2, 4]), [n, c * s * s, h / s, w / s])];
    },
  }),
];

function blocksOf({ node, input }: LowerContext): [n: number, c: number, h: number, w: number, s: number] {
  const [n, c, h, w] = input(0).dims;
  if (input(0).dims.length !== 4) node.fail(`takes [N, C, H, W], got [${input(0).dims}]`);
  return [n!, c!, h!, w!, node.int("blocksize")]; // the rank was checked just above
}
