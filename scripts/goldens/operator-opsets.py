"""The opsets in which each ai.onnx operator exists, for src/ops/registry.test.ts.

    python scripts/goldens/operator-opsets.py     # needs onnx; writes src/ops/fixtures/operator-opsets.json

Written with onnx 1.23.2, up to opset 26. An operator whose last version is deprecated ends before that version.
"""

import json
from collections import defaultdict
from pathlib import Path

import onnx

LATEST = 26
TARGET = Path(__file__).parents[2] / "src/ops/fixtures/operator-opsets.json"

schemas = defaultdict(list)
for schema in onnx.defs.get_all_schemas_with_history():
    if schema.domain == "" and schema.since_version <= LATEST:
        schemas[schema.name].append(schema)

lines = []
for name in sorted(schemas):
    history = sorted(schemas[name], key=lambda s: s.since_version)
    until = history[-1].since_version - 1 if history[-1].deprecated else LATEST
    lines.append(f"  {json.dumps(name)}: {json.dumps([history[0].since_version, until])}")
TARGET.parent.mkdir(exist_ok=True)
TARGET.write_text("{\n" + ",\n".join(lines) + "\n}\n")
