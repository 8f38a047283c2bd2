"""Tiny random models of many architectures, exported to ONNX, with PyTorch's float64 gradients.

    python scripts/goldens/make_conformance.py [--only REGEX] [--exports ts11,ts14,ts17,ts17raw,dyn18,dynN] [--out FOLDER]
    node scripts/conformance.mjs --cases .cache/conformance/cases --check FILE/check_gradients.py

Needs torch, transformers, onnx and onnxruntime. Writes one folder per model and export (model.onnx, inputs.npz,
reference.npz, meta.json). A case that exists is left alone; an export that PyTorch itself refuses, or whose outputs
ONNX Runtime does not reproduce, is listed in failed-exports-*.json.
"""

import argparse
import contextlib
import copy
import io
import json
import logging
import re
import shutil
import signal
import sys
import time
import warnings
import zlib
from pathlib import Path

import numpy as np
import onnx
import torch

from conformance.export import export_model, open_session
from conformance.reference import losses, match_parameters, reference_gradients
from conformance.further import FURTHER
from conformance.sequences import SEQUENCES
from conformance.modules import MODULES
from conformance.pixels import PIXELS

ROOT = Path(__file__).resolve().parents[2]
EXPORTS = ["ts11", "ts14", "ts17", "ts17raw", "dyn18", "dynN"]
ZOO = {**PIXELS, **SEQUENCES, **MODULES, **FURTHER}
FORWARD_TOLERANCE = 2e-3
LONGEST = 150
"""Seconds after which an exporter is given up."""


def prepare(name):
    """The model in evaluation mode and its inputs; the same for every export of a model."""
    torch.manual_seed(zlib.crc32(name.encode()))
    spec = ZOO[name]()
    model = spec.model.eval()
    with torch.no_grad():
        for parameter in model.parameters():  # no zeros and ones, so that every tensor is told by its values
            if spec.perturb:
                parameter += 0.1 * torch.randn_like(parameter)
        for key, buffer in model.named_buffers():
            if key.endswith("running_mean"):
                buffer.copy_(0.3 * torch.randn_like(buffer))
            elif key.endswith("running_var"):
                buffer.copy_(0.5 + torch.rand_like(buffer))
    return spec, model


def make_case(spec, model, name, variant, out, programs):
    folder = out / f"{name}__{variant}"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "model.onnx"
    with torch.no_grad():
        expected = model(*[t.clone() for t in spec.inputs.values()])
    opset = export_model(copy.deepcopy(model), spec, variant, str(path), programs)
    exported = onnx.load(str(path))
    feeds = {k: v.numpy() for k, v in spec.inputs.items()}
    kept = [i.name for i in exported.graph.input]
    feeds = {k: v for k, v in feeds.items() if k in kept}
    got = open_session(str(path)).run(None, feeds)[0]
    difference = float(np.abs(got - expected.numpy()).max())
    if not difference < FORWARD_TOLERANCE:
        raise RuntimeError(f"outputs differ by {difference:g} from PyTorch's")
    targets = spec.targets(expected)
    loss, candidates, unused = reference_gradients(model, prepare(name)[1], spec, targets)
    if not np.isfinite(loss):
        raise RuntimeError("the reference is not finite")
    matched = match_parameters(exported, candidates)
    np.savez(folder / "inputs.npz", **feeds)
    np.savez(
        folder / "reference.npz",
        loss=np.float64(loss),
        targets=targets.numpy(),
        **{f"grad/{k}": v.astype(np.float32) for k, v in matched.gradients.items()},
    )
    operators = sorted({n.op_type if n.domain in ("", "ai.onnx") else f"{n.domain}.{n.op_type}" for n in exported.graph.node})
    meta = {
        "name": folder.name,
        "exporter": f"torch.onnx {variant} {torch.__version__}",
        "requested_opset": opset,
        "loss": {
            "kind": spec.loss,
            "output": exported.graph.output[0].name,
            "class_axis": spec.class_axis,
            "ignore_index": -100,
            "formula": losses[spec.loss].__doc__,
        },
        "forward_max_abs_diff_ort": difference,
        "params": matched.params,
        "sum_groups": matched.sum_groups,
        "unmapped": matched.unmapped,
        "torch_params_without_initializer": matched.missing,
        "torch_params_without_gradient": unused,
        "ops": operators,
    }
    (folder / "meta.json").write_text(json.dumps(meta))
    return f"{len(matched.gradients)} gradients, unmapped {len(matched.unmapped)}, no initializer {len(matched.missing)}"


def give_up(*_):
    raise TimeoutError(f"the export takes more than {LONGEST} s")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--only", default="")
    parser.add_argument("--exports", default=",".join(EXPORTS))
    parser.add_argument("--out", default=str(ROOT / ".cache/conformance/cases"))
    parser.add_argument("--force", action="store_true")
    parser.add_argument("--verbose", action="store_true")
    flags = parser.parse_args()
    torch.set_num_threads(1)
    warnings.filterwarnings("ignore")
    logging.disable(logging.WARNING)
    signal.signal(signal.SIGALRM, give_up)
    out = Path(flags.out)
    out.mkdir(parents=True, exist_ok=True)
    failures_path = out.parent / f"failed-exports-{flags.exports.replace(',', '-')}.json"
    failures = json.loads(failures_path.read_text()) if failures_path.exists() else {}
    for name in ZOO:
        spec, model, programs = None, None, {}
        for variant in flags.exports.split(","):
            case = f"{name}__{variant}"
            if not re.search(flags.only, case):
                continue
            if not flags.force and ((out / case / "meta.json").exists() or case in failures):
                continue
            started = time.time()
            signal.alarm(LONGEST)
            try:
                quiet = contextlib.nullcontext() if flags.verbose else contextlib.redirect_stdout(io.StringIO())
                with quiet:
                    spec, model = (spec, model) if spec else prepare(name)
                    line = make_case(spec, model, name, variant, out, programs)
                failures.pop(case, None)
            except Exception as error:  # whatever an exporter raises is a line of the list
                if flags.verbose:
                    raise
                line = f"FAILED {type(error).__name__}: {str(error).strip().splitlines()[0][:160] if str(error).strip() else ''}"
                failures[case] = line
                shutil.rmtree(out / case, ignore_errors=True)
            signal.alarm(0)
            print(f"{case:<40} {time.time() - started:5.1f} s  {line}", flush=True)
            failures_path.write_text(json.dumps(failures, indent=1))


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent))
    main()
