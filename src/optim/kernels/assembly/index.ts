export { FREE, SCALARS, SUMS, useWorkspace, WORKSPACE } from "./block";
export { drive, shrink } from "./drive";
export { mapRows, meanRows, PANEL, product } from "./matrices";
export { accumulate, firstNonFinite, sumSquaredDifferences, sumSquares } from "./reductions";
export { agreement, dot, rowDistances, rowDots, scaleRows, shrinkRows } from "./rows";
