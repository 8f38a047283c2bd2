"""Asks installed packages what they can differentiate, operator by operator and network by network: docs/coverage.md.

    python scripts/coverage.py --nodes FOLDER --nodes FOLDER [--cases ../shared/conformance/cases] [--write docs/coverage.md]
        [--onnx-ad PYTHON] [--onnxsim PYTHON] [--ort-training PYTHON] [--only REGEX] [--skip-nodes] [--skip-networks] [--json FILE] [--command TEXT]

Needs onnx, numpy and onnxruntime; PYTHON is the interpreter of an environment that holds the package, and a package
without one is left out. Holdfast is asked as it is built in dist/.

--nodes: single-node tests as onnx lays them out on a disk. Releases of onnx up to 1.16 hold them
(onnx/backend/test/data/node in the wheel); `scripts/goldens/backend_nodes.py --folder` writes those of a newer one. The
first folder that knows an operator gives its tests, so that an older package is asked in an opset that it reads.

--json keeps what was found and adds to it, so that all can be asked in several runs (--only, --skip-networks, --skip-nodes).
"""

import argparse
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import onnx
import onnx.version_converter

HERE = Path(__file__).parent / "coverage-parts"
sys.path.insert(0, str(HERE))
from judge import difference, network_verdict, node_verdict, run  # noqa: E402
from protocol import Package  # noqa: E402
from questions import cotangent_of, forms_of, network_question, node_questions  # noqa: E402
from report import page  # noqa: E402

OTHERS = {"onnx-ad": "ask_onnx_ad.py", "onnxsim": "ask_onnxsim.py", "onnxruntime-training": "ask_ort_training.py"}
# Opsets that the networks are prepared in for those who do not read newer or older ones.
COMMON_OPSETS = (17, 20)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--nodes", action="append", default=[])
    parser.add_argument("--cases", type=Path, default=Path("../shared/conformance/cases"))
    parser.add_argument("--write", type=Path)
    parser.add_argument("--onnx-ad", dest="onnx-ad")
    parser.add_argument("--onnxsim")
    parser.add_argument("--ort-training", dest="onnxruntime-training")
    parser.add_argument("--only", default="")
    parser.add_argument("--skip-nodes", action="store_true")
    parser.add_argument("--skip-networks", action="store_true")
    parser.add_argument("--json", type=Path, help="where to keep what was found; added to if it is there")
    parser.add_argument("--command", default="npm run coverage", help="what the page says it was made by")
    flags = parser.parse_args()

    packages = [Package("holdfast", ["node", str(HERE / "ask_holdfast.mjs")], version_of_holdfast())]
    for name, script in OTHERS.items():
        python = getattr(flags, name)
        if python:
            packages.append(Package(name, [python, str(HERE / script)], version_of(python, name)))
    found = json.loads(flags.json.read_text()) if flags.json and flags.json.exists() else {}

    def keep(kind, name, answer):
        kept = found.setdefault(kind, {}).setdefault(name, {})
        kept.update({key: {**kept[key], **value} if key in kept and isinstance(value, dict) else value for key, value in answer.items()})
        if flags.json:
            flags.json.write_text(json.dumps(found))

    with tempfile.TemporaryDirectory(prefix="coverage-") as folder:
        scratch = Path(folder)
        if not flags.skip_nodes:
            ask_nodes(packages, flags, scratch, lambda name, row: keep("nodes", name, row))
        if not flags.skip_networks:
            ask_networks(packages, flags, scratch, lambda name, answers: keep("networks", name, answers))
    if flags.write:
        flags.write.write_text(page(packages, found.get("nodes"), found.get("networks"), flags.command))


def ask_nodes(packages, flags, scratch, keep):
    """Keeps, by operator and package: how many questions were answered rightly, of how many, and the first other answer."""
    random = np.random.default_rng(7)
    for operator, questions in node_questions(flags.nodes, scratch):
        if not re.search(flags.only, operator):
            continue
        row = {p.name: [0, 0, ""] for p in packages}
        for question in questions:
            try:
                (y,) = run(question.model, question.feeds, [question.output])
                cotangent = random.normal(size=y.shape).astype(np.float32)
                direction = random.normal(size=question.feeds[question.wrt[0]].shape)
                reference = difference(question, cotangent, direction)
            except Exception:
                continue  # stock ONNX Runtime does not run the test
            if reference is None:
                continue
            for package in packages:
                why = node_verdict(package, forms_of(question), cotangent, direction, *reference)
                cell = row[package.name]
                cell[1] += 1
                cell[0] += why is None
                cell[2] = cell[2] or (why or "")
        if any(asked for _, asked, _ in row.values()):
            keep(operator, row)
            print(operator.ljust(28), "  ".join(f"{k} {v[0]}/{v[1]} {v[2][:60]}" for k, v in row.items()), flush=True)


def ask_networks(packages, flags, scratch, keep):
    """Keeps, by case and package: None where every gradient is right, else why not; as exported and prepared."""
    simplifier = next((p for p in packages if p.name == "onnxsim"), None)
    prepare = simplifier and Package("simplifier", [simplifier.command[0], str(HERE / "prepare_onnxsim.py")], "")
    for folder in sorted(flags.cases.iterdir()):
        if not (folder / "meta.json").exists() or not re.search(flags.only, folder.name):
            continue
        question, loss, targets, wanted, sums = network_question(folder, scratch)
        (y,) = run(question.model, question.feeds, [question.output])
        cotangent = cotangent_of(loss, y, targets)
        exported = {p.name: network_verdict(p, question, cotangent, wanted, sums) for p in packages}
        failed = [p for p in packages if exported[p.name] is not None]
        forms = list(prepared_forms(prepare, question, cotangent)) if prepare and failed else []
        prepared = {p.name: prepared_verdict(p, forms, cotangent, wanted, sums) for p in failed}
        keep(folder.name, {"exported": exported, "prepared": prepared})
        print(folder.name.ljust(28), {k: "ok" if v is None else v[:70] for k, v in exported.items()})
        print(" " * 28, {k: "ok" if v is None else v[:70] for k, v in prepared.items()}, flush=True)


def prepared_verdict(package, forms, cotangent, wanted, sums):
    whys = []
    for form in forms:
        whys.append(network_verdict(package, form, cotangent, wanted, sums))
        if whys[-1] is None:
            return None
    return whys[0] if whys else "could not be simplified"


def prepared_forms(prepare, question, cotangent):
    """The network with fixed shapes, simplified; that in other opsets, as far as onnx converts it or its operators are the same
    there; and all with what onnxruntime-training wants of LayerNormalization: its optional outputs."""
    reply = prepare.ask(question.as_message(cotangent))
    models = [onnx.load(file) for file in reply.get("models", [])]
    for opset in COMMON_OPSETS:
        for model in models[: len(reply.get("models", []))]:
            models += [m for m in (converted(model, opset), stamped(model, opset)) if m is not None]
    for i, model in enumerate(models):
        for kind, change in (("plain", None), ("statistics", give_statistics)):
            if change and not change(model):
                continue
            file = question.model.replace(".onnx", f".{i}-{kind}.onnx")
            onnx.save(model, file)
            yield type(question)(question.name, file, question.output, question.wrt, question.feeds)


def converted(model, opset):
    try:
        result = onnx.version_converter.convert_version(model, opset)
    except Exception:
        return None
    result.ir_version = min(result.ir_version, 8)
    return result


def stamped(model, opset):
    """The same nodes under another opset, if the operators are known there with the same inputs and attributes."""
    result = onnx.ModelProto()
    result.CopyFrom(model)
    for entry in result.opset_import:
        if entry.domain == "":
            entry.version = opset
    result.ir_version = min(result.ir_version, 8)
    try:
        onnx.checker.check_model(result)
    except Exception:
        return None
    return result


def give_statistics(model):
    """Makes layer norms give mean and 1 / σ too. @returns whether there are any"""
    norms = [n for n in model.graph.node if n.op_type == "LayerNormalization" and len(n.output) == 1]
    for node in norms:
        node.output.extend([f"{node.output[0]}/mean", f"{node.output[0]}/inverse"])
    return bool(norms)


def version_of(python, package):
    code = f"import importlib.metadata as m; print(m.version({package!r}))"
    return subprocess.run([python, "-c", code], capture_output=True, text=True, check=True).stdout.strip()


def version_of_holdfast():
    package = Path(__file__).parent.parent / "package.json"
    return re.search(r'"version": "(.*?)"', package.read_text())[1]


if __name__ == "__main__":
    main()
