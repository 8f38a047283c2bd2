export { FREE, SCALARS, SUMS } from "./block";
export { shrink } from "./drive";
export { accumulate, firstNonFinite, sumSquaredDifferences, sumSquares } from "./reductions";
