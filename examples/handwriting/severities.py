"""A comparison's accuracy by corruption and severity, as Markdown.

    python examples/handwriting/severities.py runs/optdigits-to-mnist

Reads table.json. A set that is called noise-3 is severity 3 of noise; sets without a number stand before them. Per cent, means
over seeds; the last columns are the mean over each corruption's severities, and in brackets the differences from the baseline that
were seen (95 % bootstrap interval of that set does not hold 0).
"""

import json
import re
import sys
from pathlib import Path

table = json.loads((Path(sys.argv[1]) / "table.json").read_text())
shifts = [s["set"] for s in table["sets"] if s["kind"] == "shift"]
severe = [s for s in shifts if re.fullmatch(r".+-\d", s)]
kinds = sorted({s.rsplit("-", 1)[0] for s in severe})
plain = [s for s in shifts if s not in severe]


def shown(method, name):
    text = f"{100 * method['sets'][name]['value']:.1f}"
    difference = ((method.get("against") or {}).get("sets") or {}).get(name)
    if difference and (difference["low"] > 0 or difference["high"] < 0):
        text += f" ({100 * difference['value']:+.1f})".replace("-", "−")
    return text


def row(*cells):
    print("| " + " | ".join(cells) + " |")


columns = [*plain, *(f"{kind}-{level}" for kind in kinds for level in range(1, 6))]
row("method", "ID", *columns, *(f"{kind}, mean" for kind in kinds))
row("---", *["---:"] * (1 + len(columns) + len(kinds)))
for method in table["methods"]:
    means = [sum(method["sets"][f"{kind}-{level}"]["value"] for level in range(1, 6)) / 5 for kind in kinds]
    row(
        method["name"],
        f"{100 * method['id']['value']:.1f}",
        *(shown(method, name) for name in columns),
        *(f"{100 * m:.1f}" for m in means),
    )
