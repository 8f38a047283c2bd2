"""Models that Holdfast saves, judged by Python: onnx.checker, and onnxruntime with the outputs of the original.

    npm run build && python scripts/goldens/onnx_saved.py [FOLDER OF CASES | MODEL.onnx]…     # needs onnx, onnxruntime

A case is a folder with model.onnx and inputs.npz; a model without inputs is fed with seeded random numbers. Every model
is saved in the ways of resave.mjs. A checker that refuses the original may refuse the copies. Exits with 1 on a difference.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort

ROOT = Path(__file__).parents[2]
DTYPES = {"tensor(float)": np.float32, "tensor(int64)": np.int64, "tensor(int32)": np.int32, "tensor(bool)": bool}


def models(arguments):
    for argument in map(Path, arguments):
        yield from [argument] if argument.suffix == ".onnx" else sorted(argument.glob("*/model.onnx"))


def session(path):
    options = ort.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = 1
    return ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def feeds_for(path, inputs):
    npz = path.parent / "inputs.npz"
    if npz.exists():
        stored = np.load(npz)
        return {i.name: stored[i.name].astype(DTYPES[i.type]) for i in inputs}
    generator = np.random.default_rng(0)
    image = [1, 3, 64, 320]
    dims = lambda i: [d if isinstance(d, int) else image[axis] for axis, d in enumerate(i.shape)]
    return {i.name: generator.normal(size=dims(i)).astype(DTYPES[i.type]) for i in inputs}


def checked(path):
    try:
        onnx.checker.check_model(str(path))
        return "valid"
    except onnx.checker.ValidationError as error:
        return str(error).splitlines()[0]


def same(a, b):
    return a.dtype == b.dtype and np.array_equal(a, b, equal_nan=a.dtype.kind == "f")


def main(arguments):
    paths = list(models(arguments or [ROOT.parent / "shared/conformance/cases"]))
    failures = saved = 0
    with tempfile.TemporaryDirectory() as out:
        subprocess.run(
            ["node", ROOT / "scripts/goldens/resave.mjs", out, *paths], check=True, stdout=subprocess.DEVNULL
        )
        for n, path in enumerate(paths):
            original = session(path)
            feeds = feeds_for(path, original.get_inputs())
            expected = original.run(None, feeds)
            verdict = checked(path)
            for copy in sorted(Path(out, str(n)).glob("*/model.onnx")):
                saved += 1
                problems = [] if checked(copy) in ("valid", verdict) else [f"checker: {checked(copy)}"]
                result = session(copy)
                if [(i.name, i.shape, i.type) for i in result.get_inputs() + result.get_outputs()] != [
                    (i.name, i.shape, i.type) for i in original.get_inputs() + original.get_outputs()
                ]:
                    problems.append("inputs or outputs differ")
                if not all(map(same, expected, result.run(None, feeds))):
                    problems.append("outputs differ")
                failures += bool(problems)
                for problem in problems:
                    print(f"{path} {copy.parent.name}: {problem}")
    print(f"{len(paths)} models, {saved} copies, {failures} failures; onnx {onnx.__version__}, onnxruntime {ort.__version__}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
