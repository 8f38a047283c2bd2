"""Conformance cases as ONNX Runtime's own graph optimiser writes them.

    python scripts/goldens/optimize_conformance.py [--cases FOLDER] [--only REGEX] [--out FOLDER]
    node scripts/conformance.mjs --cases .cache/conformance-optimized/cases --check FILE/check_gradients.py

Needs numpy, onnx, onnxruntime and torch. For each case one folder per level (basic, extended, all) that changes the file:
model.onnx as `optimized_model_filepath` gives it, with the references of the case. A weight that the optimiser turned,
reshaped or joined with others is found again by its values; one that it folded into another has no reference.
"""

import argparse
import json
import re
import shutil
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort

from conformance.reference import Candidate, find, match_parameters, stored_tensors

ROOT = Path(__file__).resolve().parents[2]
LEVELS = {
    "basic": ort.GraphOptimizationLevel.ORT_ENABLE_BASIC,
    "extended": ort.GraphOptimizationLevel.ORT_ENABLE_EXTENDED,
    "all": ort.GraphOptimizationLevel.ORT_ENABLE_ALL,
}
PROCESSOR_DOMAIN = "com.microsoft.nchwc"


def optimize(source, target, level):
    options = ort.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = 1
    options.graph_optimization_level = level
    options.optimized_model_filepath = str(target)
    ort.InferenceSession(str(source), options, providers=["CPUExecutionProvider"])


def joined(name, array, candidates):
    """A reference for a weight that holds several others side by side, as fused attention does."""
    for axis in reversed(range(array.ndim)):
        for count in (3, 2):
            if array.shape[axis] % count:
                continue
            parts = [find(part.astype(np.float64), candidates) for part in np.split(array, count, axis)]
            if all(parts):
                return np.concatenate([gradient for _, _, gradient, _ in parts], axis)
    return None


def make_case(case, level, out):
    folder = out / f"{case.name}__{level}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    path = folder / "model.onnx"
    for data in case.glob("model.onnx?*"):  # weights beside the model stay there
        shutil.copy(data, folder / data.name)
    optimize(case / "model.onnx", path, LEVELS[level])
    model, source = onnx.load(str(path)), onnx.load(str(case / "model.onnx"))
    reference = np.load(case / "reference.npz")
    meta = json.loads((case / "meta.json").read_text())
    values = {name: array for name, array in stored_tensors(source)}
    gradients = {k[5:]: reference[k].astype(np.float64) for k in reference.files if k.startswith("grad/")}
    for group in meta.get("sum_groups", []):
        gradients.pop(group["key"][5:])  # one weight in several tensors: which of them the optimiser keeps is its affair
    candidates = [Candidate(k, "identity", values[k].astype(np.float64), g) for k, g in gradients.items()]
    matched = match_parameters(model, candidates)
    for entry in list(matched.unmapped):
        array = next(a for n, a in stored_tensors(model) if n == entry["initializer"])
        gradient = joined(entry["initializer"], array, candidates)
        if gradient is not None:
            matched.gradients[entry["initializer"]] = gradient
            matched.unmapped.remove(entry)
    shutil.copy(case / "inputs.npz", folder / "inputs.npz")
    np.savez(
        folder / "reference.npz",
        loss=reference["loss"],
        targets=reference["targets"],
        **{f"grad/{k}": v.astype(np.float32) for k, v in matched.gradients.items()},
    )
    meta.update(
        name=folder.name,
        exporter=f"{meta['exporter']}, onnxruntime {ort.__version__} {level}",
        params=matched.params,
        sum_groups=matched.sum_groups,
        unmapped=matched.unmapped,
        domains=sorted({n.domain for n in model.graph.node}),
        fused=sorted({n.op_type for n in model.graph.node if n.domain not in ("", "ai.onnx")}),
    )
    (folder / "meta.json").write_text(json.dumps(meta))
    return len(matched.gradients), len(gradients), meta["fused"]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--cases", default=str(ROOT.parent / "shared/conformance/cases"))
    parser.add_argument("--only", default="")
    parser.add_argument("--out", default=str(ROOT / ".cache/conformance-optimized/cases"))
    flags = parser.parse_args()
    for case in sorted(Path(flags.cases).iterdir()):
        if not re.search(flags.only, case.name) or not (case / "meta.json").exists():
            continue
        for level in LEVELS:
            try:
                found, of, fused = make_case(case, level, Path(flags.out))
                print(f"{case.name} {level}: {found} of {of} gradients, {' '.join(fused)}", flush=True)
            except Exception as error:  # whatever ONNX Runtime raises is a line of the list
                print(f"{case.name} {level}: FAILED {str(error).splitlines()[0][:150]}", flush=True)


if __name__ == "__main__":
    main()
