"""python parquet.py text|images PATH BYTES: a Parquet file of that size, in row groups of at most 64 MiB.

Texts are of 10 to 130 words; an image is a PNG of 72x72 pixels of noise, 16 kB, as the Hugging Face hub embeds it.
"""

import io
import json
import sys

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

WORDS = np.array("the of and a weight was pulled back toward where it began because its gradient asked".split())
GROUP_BYTES = 64 << 20
LABELS = [f"label {n}" for n in range(5)]


def text(rng):
    return " ".join(rng.choice(WORDS, rng.integers(10, 131)))


def image(rng):
    file = io.BytesIO()
    Image.fromarray(rng.integers(0, 256, (72, 72, 3), dtype=np.uint8)).save(file, "png")
    return {"bytes": file.getvalue(), "path": None}


def main(kind, path, size):
    rng = np.random.default_rng(1)
    make = text if kind == "text" else image
    contents = [make(rng) for _ in range(2000)]
    per_row = 400 if kind == "text" else 16_000
    rows = min(GROUP_BYTES // per_row, size // per_row)
    column = "text" if kind == "text" else "image"
    names = {"label": {"names": LABELS, "_type": "ClassLabel"}}
    schema = pa.schema(
        [
            (column, pa.string() if kind == "text" else pa.struct([("bytes", pa.binary()), ("path", pa.string())])),
            ("label", pa.int64()),
        ],
        metadata={"huggingface": json.dumps({"info": {"features": names}})},
    )
    with pq.ParquetWriter(path, schema, compression="none", use_dictionary=False) as writer:
        for _ in range(max(1, size // (rows * per_row))):
            chosen = rng.integers(0, len(contents), rows)
            values = [contents[i] for i in chosen]
            labels = rng.integers(0, 5, rows)
            writer.write_table(pa.table([pa.array(values, schema.field(0).type), pa.array(labels)], schema=schema), row_group_size=rows)


main(sys.argv[1], sys.argv[2], int(float(sys.argv[3])))
