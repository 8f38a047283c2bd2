"""docs/coverage.md from what coverage.py found."""

import re
from collections import Counter
from pathlib import Path

import onnx
import onnxruntime

LINKS = {
    "holdfast": "this package",
    "onnx-ad": "[onnx-ad](https://pypi.org/project/onnx-ad/)",
    "onnxsim": "[onnxsim](https://pypi.org/project/onnxsim/)",
    "onnxruntime-training": "[onnxruntime-training](https://pypi.org/project/onnxruntime-training/)",
}

PREPARED = """"Prepared" is what its users would do for a package that fails: every shape fixed and constants folded by onnxsim's
simplifier, without and with its optimisations; as it is and in opsets 17 and 20, by onnx's converter or, where the operators are
the same there, by the number alone; with and without the optional outputs of LayerNormalization, which onnxruntime-training
wants. The best of these counts. (An earlier preparation by hand gave the same 61 and 58 for onnxruntime-training and onnx-ad,
and 13 for onnxsim.)"""


def page(packages, nodes, networks, command):
    parts = [
        f"""# What can be differentiated

Made by a script that asks each installed package; nothing here is copied from a document. Derivative models run in
onnxruntime {onnxruntime.__version__}, tests and conversions are those of onnx {onnx.__version__} and, for operators that it had, 1.16.2.

```
{command}
```

| package | version | asked through |
|---|---|---|
{chr(10).join(f"| {LINKS[p.name]} | {p.version} | {asked_through(p)} |" for p in packages)}
"""
    ]
    if networks:
        parts.append(networks_section(packages, networks))
    if nodes:
        parts.append(nodes_section(packages, nodes))
    return "\n".join(parts)


def asked_through(package):
    script = Path(package.command[1])
    functions = {
        "ask_holdfast.mjs": "`gradientModel`",
        "ask_onnx_ad.py": "`onnx_ad.reverse`",
        "ask_onnxsim.py": "`onnxsim.graph_grad.build_backward`, in opset 17",
        "ask_ort_training.py": "`GradientGraphBuilder`, as `generate_artifacts` calls it, in its own runtime",
    }
    return functions[script.name]


def networks_section(packages, networks):
    total = len(networks)
    rows = []
    for package in packages:
        counts = [count(networks, kind, package.name) for kind in ("exported", "prepared")]
        rows.append(f"| {package.name} | {' | '.join(counts)} |")
    heads = " | ".join(p.name for p in packages)
    lines = [f"| {name} | {' | '.join(outcome(found, p.name) for p in packages)} |" for name, found in networks.items()]
    return f"""## Networks

{total} exports of small networks of many kinds ([conformance.md](conformance.md)). A network counts if the gradients of a loss by
**all** of its weights are within 1e-3 relative of PyTorch's in float64. For everybody the weights are turned into inputs, and
the loss's derivative by the network's output is given as the cotangent, so that no package needs a loss of its own.
{PREPARED}

| package | as exported | prepared |
|---|---|---|
{chr(10).join(rows)}

| network | {heads} |
|---|{'---|' * len(packages)}
{chr(10).join(lines)}

What stopped the others, after preparation:

{chr(10).join(reasons(p.name, networks) for p in packages[1:])}
"""


def reasons(name, networks):
    """The commonest answers of a package, without the names of nodes and files in them."""
    whys = [n["prepared"][name] for n in networks.values() if n["exported"][name] and n["prepared"][name]]
    common = Counter(reason_of(why) for why in whys).most_common(5)
    return "\n".join([f"* {name}:", *(f"  * {count} × {why}" for why, count in common)])


def reason_of(why):
    why = re.sub(r"/onnxruntime_src/\S*/", "", why)
    why = re.sub(r"/tmp/\S*|\(node .*|; onnxsim.graph_grad.*|'[^']*[/_][^']*'", "", why)
    why = re.sub(r"^\d+ of \d+ weights.*", "gradients that are wrong or missing", why)
    return re.sub(r"\s+", " ", why).strip()[:110].replace("|", "\\|")


def count(networks, kind, name):
    found = [n["exported"][name] is None or (kind == "prepared" and n["prepared"][name] is None) for n in networks.values()]
    return f"{sum(found)} of {len(found)}"


def outcome(found, name):
    if found["exported"][name] is None:
        return "yes"
    return "prepared" if found["prepared"][name] is None else "–"


def nodes_section(packages, nodes):
    heads = " | ".join(p.name for p in packages)
    lines = []
    for operator, row in nodes.items():
        lines.append(f"| {operator} | {' | '.join(cell(*row[p.name]) for p in packages)} |")
    whole = [sum(1 for row in nodes.values() if row[p.name][0] == row[p.name][1]) for p in packages]
    some = [sum(1 for row in nodes.values() if row[p.name][0] > 0) for p in packages]
    return f"""## Operators

The single-node tests of the package onnx whose result moves with a float32 input: {len(nodes)} operators of ai.onnx. Each float
input of each test (up to eight tests an operator) is one question; integers and settings are stored in the file. A question is put
in the test's own opset and, if that fails, in opset 20. An answer is right if it agrees with central differences within 1 % (in
float64 by onnx's reference implementation, where that agrees with ONNX Runtime). Points at a kink are left out. "3 of 4" is
partly; a dash is none.

| | {heads} |
|---|{'---|' * len(packages)}
| operators, every question right | {' | '.join(map(str, whole))} |
| operators, some question right | {' | '.join(map(str, some))} |

| operator | {heads} |
|---|{'---|' * len(packages)}
{chr(10).join(lines)}
"""


def cell(right, asked, _why):
    if right == asked:
        return f"all {asked}"
    return f"{right} of {asked}" if right else "–"
