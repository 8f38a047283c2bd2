"""Encodings by Python's tokenizers, for src/data/preprocess/tokenizer.test.ts.

    pip install tokenizers && python scripts/goldens/tokenizer.py     # writes src/data/goldens/tokenizers.json

Two small tokenizers trained on a few lines: WordPiece with BERT's template, byte-level BPE with RoBERTa's, and BPE with
none at all. Cut to several lengths, single texts and pairs.
"""

import json
from pathlib import Path

from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

TARGET = Path(__file__).parents[2] / "src/data/goldens/tokenizers.json"
LINES = [
    "The quick brown fox jumps over the lazy dog, again and again.",
    "Naïve café owners don't serve déjà vu!",
    "Numbers: 3.14, 42 and 1,000; signs & such (really).",
]
TEXTS = [*LINES, "unseen wörds 你好 🙂", "a", "  spaces   everywhere  "]
PAIRS = [(LINES[0], LINES[2]), ("short", LINES[0]), (LINES[1], "")]
LENGTHS = [5, 8, 12, 64]


def word_piece() -> Tokenizer:
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]
    tokenizer.train_from_iterator(LINES, trainers.WordPieceTrainer(vocab_size=200, special_tokens=special))
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    tokenizer.decoder = decoders.WordPiece()
    return tokenizer


def byte_level(template: bool) -> Tokenizer:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    special = ["<s>", "<pad>", "</s>"]
    trainer = trainers.BpeTrainer(vocab_size=330, special_tokens=special, initial_alphabet=alphabet)
    tokenizer.train_from_iterator(LINES, trainer)
    if template:
        tokenizer.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0), add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer


def case(tokenizer: Tokenizer, config: dict) -> dict:
    definition = json.loads(tokenizer.to_str())
    encodings = []
    for length in LENGTHS:
        tokenizer.enable_truncation(max_length=length, strategy="longest_first")
        for text, pair in [*((t, None) for t in TEXTS), *PAIRS]:
            encoded = tokenizer.encode(text, pair)
            encodings.append({"text": text, "pair": pair, "length": length, "ids": encoded.ids, "types": encoded.type_ids})
    return {"definition": definition, "config": config, "encodings": encodings}


cases = {
    "WordPiece as BERT has it": case(word_piece(), {"pad_token": "[PAD]", "model_max_length": 64}),
    "byte-level BPE as RoBERTa has it": case(byte_level(True), {"pad_token": {"content": "<pad>"}}),
    "byte-level BPE without special tokens": case(byte_level(False), {"model_max_length": 1e30}),
}
TARGET.write_text(json.dumps(cases, ensure_ascii=False) + "\n")
