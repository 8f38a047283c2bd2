"""Small Parquet files, for src/data/readers/table*.test.ts and src/data/find-parts.test.ts.

    pip install pyarrow pillow datasets soundfile && python scripts/goldens/parquet.py     # writes src/data/goldens/*.parquet

One as the Hugging Face hub has image sets: images embedded as {bytes, path}, class names in the metadata, several row
groups; one of texts without either; the same 200 rows in every compression and version of pages, as many small pages of one row group; one of dialogues, as lists of turns; and what `datasets` itself writes of words and their tags, in two files.
"""

import io
import json
from pathlib import Path

import datasets
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

FOLDER = Path(__file__).parents[2] / "src/data/goldens"


def png(value: int) -> bytes:
    out = io.BytesIO()
    Image.new("L", (2, 2), value).save(out, "PNG")
    return out.getvalue()


images = [{"bytes": png(10 * i), "path": f"{i}.png"} for i in range(7)]
table = pa.table({"image": images, "label": pa.array([0, 1, 2, 0, 1, 2, 0], pa.int64())})
features = {"image": {"_type": "Image"}, "label": {"names": ["cat", "dog", "owl"], "_type": "ClassLabel"}}
table = table.replace_schema_metadata({"huggingface": json.dumps({"info": {"features": features}})})
pq.write_table(table, FOLDER / "images.parquet", row_group_size=3, compression="snappy")

texts = pa.table({"sentence1": ["a b", "c"], "sentence2": ["d", "e f"], "label": ["no", "yes"], "score": [0.5, 2.0]})
pq.write_table(texts, FOLDER / "texts.parquet", compression="none")

names = ["O", "B-PER", "I-PER", "B-LOC"]
words = datasets.Dataset.from_dict(
    {
        "id": ["0", "1", "2"],
        "tokens": [["Ada", "Lovelace", "left"], ["Rome"], ["in", "Turin"]],
        "ner_tags": [[1, 2, 0], [3], [0, 3]],
    },
    features=datasets.Features(
        {
            "id": datasets.Value("string"),
            "tokens": datasets.List(datasets.Value("string")),
            "ner_tags": datasets.List(datasets.ClassLabel(names=names)),
        }
    ),
)
for shard in range(2):
    words.shard(2, shard, contiguous=True).to_parquet(FOLDER / f"words-{shard}.parquet")

turns = [[{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}], [{"role": "user", "content": "?"}, {"role": "assistant", "content": "!"}]]
pq.write_table(pa.table({"messages": turns, "answer": ["Hello", "!"]}), FOLDER / "dialogues.parquet", compression="none")

rows = range(200)
many = pa.table(
    {
        "text": pa.array([None if i % 50 == 7 else f"{i} " + "word " * (i % 9) for i in rows]),
        "image": pa.array(
            [None if i % 60 == 9 else {"bytes": bytes([i, i // 2, 255]), "path": f"{i}.png"} for i in rows],
            pa.struct([("bytes", pa.binary()), ("path", pa.string())]),
        ),
        "score": pa.array([i / 8 for i in rows], pa.float64()),
        "tags": pa.array([[i, -i] for i in rows], pa.list_(pa.int32())),
        "label": [f"class {i % 3}" for i in rows],
    }
)
for compression in ["none", "snappy", "gzip", "brotli", "zstd", "lz4"]:
    for version in ["1.0", "2.0"]:
        pq.write_table(
            many,
            FOLDER / f"pages-{compression}-v{version[0]}.parquet",
            compression=compression,
            data_page_version=version,
            data_page_size=256,
            write_batch_size=16,
            dictionary_pagesize_limit=600,
        )
