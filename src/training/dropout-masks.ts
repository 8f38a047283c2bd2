import { tensorType } from "../onnx/type.ts";
import { Value } from "../onnx/value.ts";
import type { OpBuilder } from "../ops/op-builder.ts";
import { dropout } from "../passes/dropout.ts";

/** Input of a training model with dropout: int64 [], another number for each batch. Equal seeds drop the same elements. */
export const DROPOUT_SEED = "dropout_seed";

/** Values of a model whose elements are dropped at random while it trains, each with probability `ratio`. */
export interface DropoutPlaces {
  readonly ratio: number;
  readonly at: readonly Value[];
}

/** The places where a training graph drops elements. The evaluation graph has none of them. */
export class DropoutMasks {
  readonly seed = new Value(DROPOUT_SEED, tensorType("int64", []));
  readonly transform: ReadonlyMap<Value, (b: OpBuilder, value: Value) => Value>;
  private readonly pairs: { readonly plain: Value; readonly masked: Value }[] = [];

  constructor({ ratio, at }: DropoutPlaces) {
    this.transform = new Map(
      at.map((source, stream) => [
        source,
        (b: OpBuilder, plain: Value) => {
          if (!b.graph.inputs.includes(this.seed)) b.graph.inputs.push(this.seed);
          const masked = dropout(b, plain, { seed: this.seed, ratio, stream });
          this.pairs.push({ plain, masked });
          return masked;
        },
      ]),
    );
  }

  /** Runs `body` while what reads a masked value reads the plain one. */
  without<T>(body: () => T): T {
    const uses = this.pairs.map(({ plain, masked }) => ({ plain, masked, readers: [...masked.uses] }));
    for (const { plain, readers } of uses) for (const { node, index } of readers) node.setInput(index, plain);
    const result = body();
    for (const { masked, readers } of uses)
      for (const { node, index } of readers) node.setInput(index, masked);
    return result;
  }
}
