"""What operators there are, for src/ops/registry.test.ts.

    python scripts/goldens/operator-opsets.py     # writes src/ops/fixtures/{operator-opsets,microsoft-operators}.json

Needs onnx and onnxruntime 1.30. Written with onnx 1.23.2 and onnxruntime 1.30.0, up to opset 26, the newest that this
ONNX Runtime runs.

operator-opsets.json: for each ai.onnx operator the opsets in which its definition changed, and the last one in which it
exists. An operator whose last version is deprecated ends before that version. The operators of ai.onnx.ml and
ai.onnx.preview.training follow under their domain, with their last version.
microsoft-operators.json: the names of the operators of com.microsoft that ONNX Runtime defines.
"""

import json
from collections import defaultdict
from pathlib import Path

import onnx
import onnxruntime
from onnxruntime.capi.onnxruntime_pybind11_state import get_all_operator_schema

LATEST = 26
FIXTURES = Path(__file__).parents[2] / "src/ops/fixtures"
assert onnxruntime.__version__.startswith("1.30."), onnxruntime.__version__

schemas = defaultdict(lambda: defaultdict(list))
for schema in onnx.defs.get_all_schemas_with_history():
    if schema.domain != "" or schema.since_version <= LATEST:
        schemas[schema.domain][schema.name].append(schema)

lines = []
for name, versions in sorted(schemas[""].items()):
    history = sorted(versions, key=lambda s: s.since_version)
    until = history[-1].since_version - 1 if history[-1].deprecated else LATEST
    changes = [s.since_version for s in history if not s.deprecated]
    lines.append(f"  {json.dumps(name)}: {json.dumps({'versions': changes, 'until': until})}")
for domain in ("ai.onnx.ml", "ai.onnx.preview.training"):
    for name, versions in sorted(schemas[domain].items()):
        changes = sorted(s.since_version for s in versions)
        entry = {"versions": changes, "until": changes[-1]}
        lines.append(f"  {json.dumps(f'{domain}:{name}')}: {json.dumps(entry)}")

FIXTURES.mkdir(exist_ok=True)
(FIXTURES / "operator-opsets.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")

microsoft = sorted({s.name for s in get_all_operator_schema() if s.domain == "com.microsoft"})
(FIXTURES / "microsoft-operators.json").write_text(json.dumps(microsoft, indent=2) + "\n")
