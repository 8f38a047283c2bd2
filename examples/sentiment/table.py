"""The four comparisons of examples/sentiment/domains as one table: each method over all four training domains.

    .venv/bin/python examples/sentiment/table.py [runs/sentiment]

Reads the run folders and prints Markdown. Means over domains are taken seed by seed; after ± half of the 95 % t interval over
seeds. Differences from AdamW are paired by training domain, seed and example; their interval is that of a bootstrap over
seeds (S − 1 of S are drawn) and examples, in which each test set is drawn once for all models that were judged on it.
Needs NumPy.
"""

import base64
import json
import sys
from pathlib import Path

import numpy as np

DOMAINS = ["amazon", "tweets", "film", "news"]
METHODS = ["adamw", "l2-sp", "spd", "lp-ft", "linear-probe"]
BASELINE = "adamw"
WISE = "wise-ft"
T_975 = {1: 12.706, 2: 4.303, 3: 3.182, 4: 2.776}
"""Student's t, by degrees of freedom."""
REPLICATES = 4000


def hits(record):
    bits = np.unpackbits(np.frombuffer(base64.b64decode(record["correct"]), np.uint8), bitorder="little")
    return bits[: record["count"]].astype(np.int8)


def read_run(folder, domain):
    """Right answers by test domain, the distance from the pretrained weights, and how often the anchor fired."""
    summary = json.loads((folder / "summary.json").read_text())
    if summary["status"] != "finished":
        return {}
    records = [json.loads(line) for line in (folder / "evaluations.jsonl").read_text().splitlines()]
    kept = [r for r in records if r["model"] == "best" and r["kind"] != "validation"]
    name = lambda r: domain if r["kind"] == "test" else r["set"]  # noqa: E731
    moved = summary.get("deviation", 0.0)
    own = {"hits": {name(r): hits(r) for r in kept}, "moved": moved, "fired": summary.get("firingRate")}
    out = {"": own}
    walk = folder / "interpolation.json"
    if walk.exists():
        found = json.loads(walk.read_text())
        point = next(p for p in found["points"] if p["share"] == found["chosen"])
        sets = [s for s in point["sets"] if s["kind"] != "validation"]
        # The way starts at the pretrained body.
        mixed = {"hits": {name(s): hits(s) for s in sets}, "moved": point["share"] * moved, "fired": None}
        out[WISE] = mixed
    return out


def read(root):
    """runs[domain][method][seed]"""
    runs = {}
    for domain in DOMAINS:
        for method in METHODS:
            for folder in sorted((root / domain / "runs" / method).glob("seed-*")):
                seed = int(folder.name.split("-")[1])
                for kind, run in read_run(folder, domain).items():
                    runs.setdefault(domain, {}).setdefault(kind or method, {})[seed] = run
    return runs


def side(run, domain, where):
    names = [domain] if where == "id" else [d for d in DOMAINS if d != domain]
    return 100 * np.mean([run["hits"][name].mean() for name in names])


def with_interval(values):
    half = T_975[len(values) - 1] * np.std(values, ddof=1) / np.sqrt(len(values)) if len(values) > 1 else np.nan
    return f"{np.mean(values):.1f} ± {half:.1f}"


def difference(runs, domains, method, where, random):
    """(mean, low, high) of method minus baseline in points, over domains, seeds and examples."""
    seeds = sorted(runs[domains[0]][BASELINE])
    sets = {}  # test domain -> list of [seed, example]
    for domain in domains:
        a, b = runs[domain][method], runs[domain][BASELINE]
        for name in [domain] if where == "id" else [d for d in DOMAINS if d != domain]:
            rows = np.stack([a[s]["hits"][name] - b[s]["hits"][name] for s in seeds])
            sets.setdefault(name, []).append(rows.astype(np.float64))
    stacked = {name: np.stack(rows) for name, rows in sets.items()}  # [domain, seed, example]
    count = sum(len(rows) for rows in stacked.values())
    mean = sum(rows.mean(axis=(1, 2)).sum() for rows in stacked.values()) / count
    draws = np.empty(REPLICATES)
    for r in range(REPLICATES):
        chosen = random.integers(len(seeds), size=max(1, len(seeds) - 1))
        total = 0.0
        for rows in stacked.values():
            examples = random.integers(rows.shape[2], size=rows.shape[2])
            total += rows[:, chosen][:, :, examples].mean(axis=(1, 2)).sum()
        draws[r] = total / count
    low, high = np.percentile(draws, [2.5, 97.5])
    return 100 * mean, 100 * low, 100 * high


def signed(value):
    return f"{value:+.1f}".replace("-", "−")


def shown(estimate):
    mean, low, high = estimate
    text = f"{signed(mean)} ({signed(low)} to {signed(high)})"
    return f"**{text}**" if low > 0 or high < 0 else text


def row(*cells):
    print("| " + " | ".join(cells) + " |")


def table(runs, domains, methods):
    row("method", "ID", "OOD mean", "‖θ − θ0‖", "fired %", "ID − AdamW", "OOD − AdamW")
    row(*["---"] * 7)
    random = np.random.default_rng(1)
    for method in methods:
        seeds = sorted(runs[domains[0]][method])
        over = lambda read: [np.mean([read(runs[d][method][s], d) for d in domains]) for s in seeds]  # noqa: E731
        fired = [runs[d][method][s]["fired"] for d in domains for s in seeds]
        can_fire = method == "spd"
        against = (
            ["", ""]
            if method == BASELINE
            else [shown(difference(runs, domains, method, where, random)) for where in ("id", "ood")]
        )
        row(
            method,
            with_interval(over(lambda r, d: side(r, d, "id"))),
            with_interval(over(lambda r, d: side(r, d, "ood"))),
            f"{np.mean(over(lambda r, d: r['moved'])):.2f}",
            f"{100 * np.mean(fired):.0f}" if can_fire else "–",
            *against,
        )
    print()


def main():
    root = Path(sys.argv[1] if len(sys.argv) > 1 else "runs/sentiment")
    runs = read(root)
    order = ["adamw", WISE, "l2-sp", "spd", "lp-ft", "linear-probe"]
    seeds = set(runs[DOMAINS[0]][BASELINE])
    done = [d for d in DOMAINS if all(set(runs.get(d, {}).get(m, {})) == seeds for m in order)]
    missing = [d for d in DOMAINS if d not in done]
    print(f"### All four\n" if not missing else f"### {', '.join(done)} (not finished: {', '.join(missing)})\n")
    table(runs, done, order)
    for domain in done:
        print(f"### Trained on {domain}\n")
        table(runs, [domain], order)
    print("### Each test set\n")
    row("trained on", "method", *DOMAINS)
    row(*["---"] * 6)
    for domain in done:
        for method in order:
            means = [100 * np.mean([r["hits"][name].mean() for r in runs[domain][method].values()]) for name in DOMAINS]
            row(domain, method, *[f"{m:.1f}" for m in means])


if __name__ == "__main__":
    main()
