"""The opset in which each ai.onnx operator came to be and those in which it changed, for src/ops/registry.test.ts.

    python scripts/goldens/operator-versions.py     # needs onnx; writes src/ops/fixtures/operator-versions.json

Written with onnx 1.23.2. Versions up to opset 26; functions of deprecated operators are kept, as old models use them.
"""

import json
from collections import defaultdict
from pathlib import Path

import onnx

LATEST = 26
TARGET = Path(__file__).parents[2] / "src/ops/fixtures/operator-versions.json"

versions = defaultdict(set)
for schema in onnx.defs.get_all_schemas_with_history():
    if schema.domain == "" and schema.since_version <= LATEST:
        versions[schema.name].add(schema.since_version)

lines = [f"  {json.dumps(name)}: {json.dumps(sorted(versions[name]))}" for name in sorted(versions)]
TARGET.parent.mkdir(exist_ok=True)
TARGET.write_text("{\n" + ",\n".join(lines) + "\n}\n")
