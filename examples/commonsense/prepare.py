"""A tiny LLaMA that knows a small world, and multiple-choice questions about it, for the commonsense example.

    pip install torch transformers onnx onnxscript tokenizers && python examples/commonsense/prepare.py

Writes .cache/commonsense/model (a decoder as Transformers.js has it: key–value cache, tokenizer) and examples/commonsense/data
(questions in the format of the eight commonsense sets). Pretraining takes about four minutes on one core and ends with the
model's score on what it was taught. Questions with four numbered answers are left to fine-tuning.
"""

import argparse
import json
import random
import time
from pathlib import Path

import torch
from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import DynamicCache, LlamaConfig, LlamaForCausalLM

from world import TOPICS, WORDINGS, checks, facts, multiple_choice, numbered_answer, two_solutions

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT / "examples/commonsense/data"
MODEL = ROOT / ".cache/commonsense/model"
LENGTH = 128
FORMS = (facts, checks, numbered_answer, two_solutions)
# The share of the steps after which texts of these forms are read: who knows no fact learns nothing from questions.
COURSE = ((0.0, (facts,)), (0.15, (facts, checks)), (0.4, FORMS))


def make_tokenizer():
    """Byte-level BPE over whole words; the numbers of answers stand apart, so that positions generalise."""
    rng = random.Random(2)
    texts = ["".join(piece for piece, _ in form(rng)) for form in FORMS for _ in range(600)]
    texts += [multiple_choice(rng, "answer", 4)["instruction"] for _ in range(500)]
    tokenizer = Tokenizer(models.BPE())
    split = pre_tokenizers.Split(Regex(r" ?[A-Za-z]+| ?[0-9]|\s+|[^\sA-Za-z0-9]+"), "isolated")
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([split, pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    special = ["<unk>", "<s>", "</s>", "<pad>"]
    tokenizer.train_from_iterator(texts, trainers.BpeTrainer(vocab_size=900, special_tokens=special, initial_alphabet=alphabet))
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.post_processor = processors.TemplateProcessing(single="<s> $A", pair="<s> $A $B", special_tokens=[("<s>", 1)])
    return tokenizer


def encode(tokenizer, pieces):
    """Ids of a text, and the same where they are learned; pieces meet between words, so that they can be encoded apart."""
    ids, labels = [1], [-100]
    for text, learned in pieces:
        piece = tokenizer.encode(text, add_special_tokens=False).ids
        ids += piece
        labels += piece if learned else [-100] * len(piece)
    return ids + [2], labels + [2]


def filled(rows):
    longest = max(len(ids) for ids, _ in rows)
    ids = torch.full((len(rows), longest), 3)
    labels = torch.full((len(rows), longest), -100)
    for r, (row, learned) in enumerate(rows):
        ids[r, : len(row)] = torch.tensor(row)
        labels[r, : len(row)] = torch.tensor(learned)
    return ids, labels


def logits_of(model, ids):
    return model(input_ids=ids, attention_mask=(ids != 3).long()).logits[:, :-1]


def pretrain(model, tokenizer, steps, size=20):
    """Every text weighs the same, whatever the number of its learned tokens."""
    rng = random.Random(1)
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3, betas=(0.9, 0.98), weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 2e-3, total_steps=steps, pct_start=0.05)
    started = time.time()
    model.train()
    for step in range(steps):
        forms = [forms for share, forms in COURSE if share * steps <= step][-1]
        texts = [(form, encode(tokenizer, form(rng))) for form in forms for _ in range(size // len(forms))]
        # Instructions are three times as long as the rest: apart, little is filled up.
        parts = [[row for form, row in texts if (form is two_solutions) is long] for long in (False, True)]
        total = 0.0
        optimizer.zero_grad()
        for ids, labels in (filled(part) for part in parts if part):
            losses = torch.nn.functional.cross_entropy(logits_of(model, ids).transpose(1, 2), labels[:, 1:], ignore_index=-100, reduction="none")
            loss = (losses.sum(1) / (labels[:, 1:] != -100).sum(1)).sum() / len(texts)
            loss.backward()
            total += loss.item()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        if (step + 1) % 200 == 0:
            print(f"  step {step + 1}: loss {total:.3f}, {time.time() - started:.0f} s", flush=True)
    return model.eval()


@torch.no_grad()
def score(model, tokenizer, form, count=200):
    """The share of texts of a form whose learned tokens are all the likeliest."""
    rng = random.Random(3)
    ids, labels = filled([encode(tokenizer, form(rng)) for _ in range(count)])
    told = labels[:, 1:]
    return ((logits_of(model, ids).argmax(-1) == told) | (told == -100)).all(1).float().mean().item()


class WithCache(torch.nn.Module):
    """The decoder with its cache as flat tensors, under the names that Transformers.js knows."""

    def __init__(self, model):
        super().__init__()
        self.m = model

    def forward(self, ids, mask, positions, *past):
        cache = DynamicCache(config=self.m.config)
        for layer in range(len(past) // 2):
            cache.update(past[2 * layer], past[2 * layer + 1], layer)
        out = self.m(input_ids=ids, attention_mask=mask, position_ids=positions, past_key_values=cache, use_cache=True)
        return (out.logits, *(t for layer in out.past_key_values.layers for t in (layer.keys, layer.values)))


def export(model, path):
    config = model.config
    past, length, rows = 4, 3, 2
    names = [f"{layer}.{part}" for layer in range(config.num_hidden_layers) for part in ("key", "value")]
    inputs = {
        "input_ids": torch.ones(rows, length, dtype=torch.long),
        "attention_mask": torch.ones(rows, past + length, dtype=torch.long),
        "position_ids": torch.arange(past, past + length).repeat(rows, 1),
        **{f"past_key_values.{n}": torch.randn(rows, config.num_key_value_heads, past, config.head_dim) for n in names},
    }
    outputs = ["logits", *(f"present.{n}" for n in names)]
    axes = {n: {0: "batch_size", 1: "sequence_length"} for n in ("input_ids", "position_ids", "logits")}
    axes["attention_mask"] = {0: "batch_size", 1: "total_sequence_length"}
    axes |= {f"past_key_values.{n}": {0: "batch_size", 2: "past_sequence_length"} for n in names}
    axes |= {f"present.{n}": {0: "batch_size", 2: "total_sequence_length"} for n in names}
    with torch.no_grad():
        torch.onnx.export(WithCache(model), tuple(inputs.values()), str(path), dynamo=False, opset_version=17,
                          input_names=list(inputs), output_names=outputs, dynamic_axes=axes)


def write_data():
    """Fine-tuning asks for kinds in one wording. Shifted: colours and rooms, the other wording, and what pretraining taught."""
    DATA.mkdir(parents=True, exist_ok=True)
    rng = random.Random(0)
    learned = {"word": "answer", "count": 4, "topics": TOPICS[:1], "wordings": WORDINGS[:1]}
    seen = set()
    for name, count, how in (
        ("train", 4800, learned),
        ("validation", 120, learned),
        ("test", 300, learned),
        ("other-topics", 300, learned | {"topics": TOPICS[1:]}),
        ("rephrased", 300, learned | {"wordings": WORDINGS[1:]}),
        ("eight", 8, learned),
    ):
        rows = []
        while len(rows) < count:
            row = multiple_choice(rng, **how)
            if row["instruction"] not in seen:
                seen.add(row["instruction"])
                rows.append(row)
        (DATA / f"{name}.json").write_text(json.dumps(rows, indent=0) + "\n")
    taught = [[text for text, _ in numbered_answer(rng)] for _ in range(300)]
    asked = [{"prompt": prompt, "response": said, "answer": said.strip()} for prompt, said in taught]
    (DATA / "as-taught.json").write_text(json.dumps(asked, indent=0) + "\n")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--steps", type=int, default=1800)
    flags = parser.parse_args()
    torch.manual_seed(0)
    torch.set_num_threads(1)
    write_data()
    tokenizer = make_tokenizer()
    config = LlamaConfig(vocab_size=tokenizer.get_vocab_size(), hidden_size=128, intermediate_size=256, num_hidden_layers=3,
                         num_attention_heads=8, num_key_value_heads=4, head_dim=16, max_position_embeddings=LENGTH,
                         bos_token_id=1, eos_token_id=2, pad_token_id=3)
    model = LlamaForCausalLM(config)
    print(f"{sum(p.numel() for p in model.parameters())} weights, {config.vocab_size} tokens", flush=True)
    pretrain(model, tokenizer, flags.steps)
    for form in (numbered_answer, two_solutions):
        print(f"  {form.__name__}: {score(model, tokenizer, form):.1%} right", flush=True)
    (MODEL / "onnx").mkdir(parents=True, exist_ok=True)
    export(model, MODEL / "onnx/model.onnx")
    tokenizer.save(str(MODEL / "tokenizer.json"))
    described = {"tokenizer_class": "PreTrainedTokenizerFast", "bos_token": "<s>", "eos_token": "</s>", "pad_token": "<pad>",
                 "unk_token": "<unk>", "model_max_length": LENGTH, "clean_up_tokenization_spaces": False}
    (MODEL / "tokenizer_config.json").write_text(json.dumps(described, indent=1))
    (MODEL / "config.json").write_text(json.dumps(config.to_dict() | {"architectures": ["LlamaForCausalLM"]}, indent=1, default=str))
    model.save_pretrained(MODEL / "torch")
    (MODEL / "generation_config.json").write_text(json.dumps({"eos_token_id": 2, "pad_token_id": 3, "bos_token_id": 1}))


if __name__ == "__main__":
    main()
