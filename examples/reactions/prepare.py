"""A masked language model of chemical reactions as ONNX, and reactions as its texts, for the example of hidden tokens.

    pip install numpy torch==2.13.0 transformers==5.24.0 onnx==1.23.2 onnxruntime pyarrow
    python examples/reactions/prepare.py

The model is the ALBERT of the package rxnmapper 0.4.3 (MIT; Schwaller et al., Science Advances 2021): one layer used twelve
times, 0.74 M weights, trained on reactions of US patents. Its tokenizer is a regular expression and a vocabulary; what is
written as tokenizer.json must give the package's tokens. The reactions come out of the package orderly 1.0.0 (MIT; data of
the Open Reaction Database, CC BY-SA 4.0): an industrial laboratory's notebook, and patents of 2001 and 1976. Writes
examples/reactions/.cache/, which git ignores. Half a minute on one core.
"""

import hashlib
import json
import random
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import onnxruntime as ort
import pyarrow.parquet as parquet
import torch
from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, processors
from transformers import AlbertForMaskedLM

CACHE = Path(__file__).parent / ".cache"
MODEL = CACHE / "albert"
SPECIAL = {"pad_token": "[PAD]", "unk_token": "[UNK]", "cls_token": "[CLS]", "sep_token": "[SEP]", "mask_token": "[MASK]"}
PARTS = ("reactant", "reagent", "catalyst", "solvent")
MOST_TOKENS = 206
"""With the two around them 208; longer reactions are left out: a quarter of the notebook, few of the patents."""
SETS = {"notebook": "750_astrazeneca_eln_dataset", "patents-2001": "uspto-grants-2001_07", "patents-1976": "uspto-grants-1976_01"}
JUDGED = 120
"""Reactions of the patents that are judged on."""


def unpacked(package):
    """The folder that a package's wheel was unpacked to."""
    folder = CACHE / "packages" / package
    if not folder.exists():
        wheels = CACHE / "packages"
        subprocess.run([sys.executable, "-m", "pip", "download", "--no-deps", "-q", "-d", str(wheels), package], check=True)
        with zipfile.ZipFile(next(wheels.glob(f"{package.split('==')[0]}-*.whl"))) as wheel:
            wheel.extractall(folder)
    return folder


def symbols():
    """The regular expression of what is one token in SMILES, as rxnmapper's source has it."""
    source = unpacked("rxnmapper==0.4.3") / "rxnmapper/smiles_utils.py"
    return re.search(r'^SMI_REGEX_PATTERN = r"(.*)"$', source.read_text(), re.MULTILINE)[1]


def write_tokenizer(source):
    vocabulary = (source / "vocab.txt").read_text().split()
    ids = {token: i for i, token in enumerate(vocabulary)}
    tokenizer = Tokenizer(models.WordLevel(ids, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex(symbols()), "isolated")
    ends = [(token, ids[token]) for token in ("[CLS]", "[SEP]")]
    tokenizer.post_processor = processors.TemplateProcessing(single="[CLS] $A [SEP]", special_tokens=ends)
    tokenizer.decoder = decoders.Fuse()  # no blanks between tokens
    tokenizer.add_special_tokens(list(SPECIAL.values()))
    tokenizer.save(str(MODEL / "tokenizer.json"))
    config = {**SPECIAL, "tokenizer_class": "PreTrainedTokenizerFast", "clean_up_tokenization_spaces": False}
    (MODEL / "tokenizer_config.json").write_text(json.dumps(config, indent=2))
    return tokenizer


class Logits(torch.nn.Module):
    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, input_ids, attention_mask):
        return self.model(input_ids=input_ids, attention_mask=attention_mask).logits


def write_model(source, tokenizer):
    model = Logits(AlbertForMaskedLM.from_pretrained(source, attn_implementation="eager")).eval()
    (MODEL / "onnx").mkdir(exist_ok=True)
    ids = torch.tensor([tokenizer.encode("CCO.CC(=O)Cl>>CCOC(C)=O").ids] * 2)
    mask = torch.ones_like(ids)
    names = ["input_ids", "attention_mask"]
    torch.onnx.export(
        model,
        (ids, mask),
        MODEL / "onnx/model.onnx",
        input_names=names,
        output_names=["logits"],
        dynamic_axes={name: {0: "batch", 1: "sequence"} for name in [*names, "logits"]},
        opset_version=17,
        do_constant_folding=False,  # which would give the output layer a copy of the table of tokens that it shares
        dynamo=False,
    )
    model.model.config.save_pretrained(MODEL)
    session = ort.InferenceSession(MODEL / "onnx/model.onnx", providers=["CPUExecutionProvider"])
    found = session.run(None, {"input_ids": ids.numpy(), "attention_mask": mask.numpy()})[0]
    error = np.abs(found - model(ids, mask).detach().numpy()).max()
    print(f"model: logits {found.shape}, at most {error:.1e} from PyTorch's")
    assert error < 1e-3


def reactions(stem):
    """Of each row the reaction as the model's texts have it, precursors>>products, and its product."""
    folder = unpacked("orderly==1.0.0") / "orderly/data/test_data/extracted_ord_test_data_trust_labelling/extracted_ords"
    for row in parquet.read_table(folder / f"{stem}.parquet").to_pylist():
        before, after = listed(row, *PARTS), listed(row, "product")
        if before and after:
            yield f"{'.'.join(before)}>>{'.'.join(after)}", after[0]


def listed(row, *parts):
    """The molecules of some parts of a reaction, each once."""
    columns = [column for part in parts for column in sorted(row) if column.startswith(part)]
    return list(dict.fromkeys(row[c] for c in columns if row[c] not in (None, "<missing>")))


def write_data(tokenizer):
    pattern = symbols()
    texts = {name: [] for name in SETS}
    for name, stem in SETS.items():
        for text, product in dict(reactions(stem)).items():
            tokens = re.findall(pattern, text)
            assert "".join(tokens) == text, f"{name}: {text} has what no token is"
            assert tokenizer.encode(text, add_special_tokens=False).ids == [
                tokenizer.token_to_id(t) or tokenizer.token_to_id("[UNK]") for t in tokens
            ]
            if len(tokens) <= MOST_TOKENS:
                texts[name].append((text, product))
    parts = {"train": [], "validation": [], "test": []}
    for text, product in texts.pop("notebook"):
        # By the product, so that no product is in two parts.
        number = hashlib.sha256(product.encode()).digest()[0] / 256
        parts["train" if number < 0.62 else "validation" if number < 0.78 else "test"].append(text)
    for part, found in parts.items():
        write(f"notebook/{part}", found)
    for name, found in texts.items():
        write(name, [text for text, _ in random.Random(name).sample(found, JUDGED)])


def write(name, texts):
    path = CACHE / "data" / f"{name}.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps({"text": text}) + "\n" for text in texts))
    print(f"{name}: {len(texts)} reactions")


if __name__ == "__main__":
    albert = next(unpacked("rxnmapper==0.4.3").glob("rxnmapper/models/transformers/*"))
    MODEL.mkdir(parents=True, exist_ok=True)
    words = write_tokenizer(albert)
    write_model(albert, words)
    write_data(words)
