"""Writes src/data/goldens/split.json: hashes of texts, and which examples a seeded, stratified split holds out.

    python scripts/goldens/split.py

Written from the description in src/data/content-hash.ts and src/data/split.ts alone; standard library only.
"""

import json
import pathlib
import random

OUT = pathlib.Path(__file__).parents[2] / "src" / "data" / "goldens" / "split.json"
MASK = 0xFFFFFFFF


def mixed(x):
    x ^= x >> 16
    x = x * 0x85EBCA6B & MASK
    x ^= x >> 13
    x = x * 0xC2B2AE35 & MASK
    return x ^ x >> 16


def hash_text(text):
    a, b = 0x811C9DC5, 0x9747B28C
    for byte in text.encode():
        a = (a ^ byte) * 0x01000193 & MASK
        b = ((b ^ byte) * 0x01000193 + 1) & MASK
    return (mixed(a) >> 11) << 32 | mixed(b)


def split(labels, fraction, seed):
    held = []
    for label in sorted(set(labels)):
        members = [i for i, other in enumerate(labels) if other == label]
        members.sort(key=lambda i: hash_text(f"{seed}\x1fsplit\x1fexample {i}"))
        held += members[: max(1, min(len(members) - 1, int(len(members) * fraction + 0.5)))]
    return sorted(held)


texts = ["", "a", "ab", "foobar", "Grüße, 世界 🙂", "x" * 1000]
labels = random.Random(0).choices(range(4), [8, 4, 2, 1], k=200)
OUT.write_text(
    json.dumps(
        {
            "hashes": [{"text": text, "hash": hash_text(text)} for text in texts],
            "labels": labels,
            "fraction": 0.15,
            "seed": 7,
            "held": split(labels, 0.15, 7),
        },
        ensure_ascii=False,
        separators=(",", ":"),
    )
    + "\n"
)
