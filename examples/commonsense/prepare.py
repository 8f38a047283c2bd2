"""A tiny LLaMA that knows a small world, and multiple-choice questions about it, for the commonsense example.

    pip install torch transformers onnx onnxscript tokenizers && python examples/commonsense/prepare.py

Writes .cache/commonsense/model (a decoder as Transformers.js has it: key–value cache, tokenizer) and examples/commonsense/data
(questions in the format of the eight commonsense sets). Pretraining takes about a quarter of an hour on one core: facts, questions
with an answer in words, and questions with two numbered solutions. Questions with four numbered answers are left to
fine-tuning; those with two, which the model answers already, are the shifted set.
"""

import argparse
import json
import random
import time
from pathlib import Path

import torch
from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import DynamicCache, LlamaConfig, LlamaForCausalLM

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT / "examples/commonsense/data"
MODEL = ROOT / ".cache/commonsense/model"
WORLD = {
    "animal": "cat dog horse cow sheep goat rabbit mouse".split(),
    "fruit": "apple pear plum cherry grape lemon melon peach".split(),
    "tool": "hammer saw drill file axe rake shovel chisel".split(),
    "colour": "red blue green yellow black white brown purple".split(),
    "garment": "coat shirt hat glove sock scarf shoe belt".split(),
    "vehicle": "car bus train ship plane truck bicycle tram".split(),
    "metal": "iron copper gold silver tin lead zinc nickel".split(),
    "bird": "eagle robin crow swan owl gull hawk stork".split(),
}
INTRO = (
    "Below is an instruction that describes a task. Write a response that appropriately completes the request.\n\n"
    "### Instruction:\n{}\n\n### Response:\n"
)
LENGTH = 128


def question(rng, word, count):
    """One item as LLM-Adapters has them: instruction, empty input, output, answer."""
    kind = rng.choice(list(WORLD))
    right = rng.choice(WORLD[kind])
    others = rng.sample([k for k in WORLD if k != kind], count - 1)
    options = [right, *(rng.choice(WORLD[k]) for k in others)]
    rng.shuffle(options)
    names = [f"{word.lower()}{i + 1}" for i in range(count)]
    listed = " ".join(f"{name.capitalize()}: {option}" for name, option in zip(names, options))
    answer = names[options.index(right)]
    return {
        "instruction": f"Please choose the correct {word} to the question: Which one is a {kind}?\n\n{listed}\n\nAnswer format: {'/'.join(names)}",
        "input": "",
        "output": f"the correct answer is {answer}",
        "answer": answer,
    }


def pretraining_text(rng):
    """A fact, a question with its answer in words, or one with two numbered solutions."""
    choice = rng.random()
    kind = rng.choice(list(WORLD))
    word = rng.choice(WORLD[kind])
    if choice < 0.15:
        return "", f"{word} is a {kind}."
    if choice < 0.4:
        names = [rng.choice(WORLD[k]) for k in rng.sample([k for k in WORLD if k != kind], rng.randint(1, 3))]
        names.insert(rng.randint(0, len(names)), word)
        return f"Which one is a {kind}? {' '.join(names)} ", word
    item = question(rng, "solution", 2)
    return INTRO.format(item["instruction"]), item["output"]


def make_tokenizer():
    """Byte-level BPE over whole words; the numbers of answers stand apart, so that positions generalise."""
    rng = random.Random(2)
    texts = ["".join(pretraining_text(rng)) for _ in range(3000)] + [question(rng, "answer", 4)["instruction"] for _ in range(500)]
    tokenizer = Tokenizer(models.BPE())
    split = pre_tokenizers.Split(Regex(r" ?[A-Za-z]+| ?[0-9]|\s+|[^\sA-Za-z0-9]+"), "isolated")
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([split, pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    special = ["<unk>", "<s>", "</s>", "<pad>"]
    tokenizer.train_from_iterator(texts, trainers.BpeTrainer(vocab_size=900, special_tokens=special, initial_alphabet=alphabet))
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.post_processor = processors.TemplateProcessing(single="<s> $A", pair="<s> $A $B", special_tokens=[("<s>", 1)])
    return tokenizer


def encode(tokenizer, prompt, response):
    before, whole = tokenizer.encode(prompt).ids, tokenizer.encode(prompt + response).ids + [2]
    return whole, len(before) if prompt else 1


def batch(tokenizer, rng, size):
    rows = [encode(tokenizer, *pretraining_text(rng)) for _ in range(size)]
    longest = max(len(ids) for ids, _ in rows)
    ids = torch.full((size, longest), 3)
    labels = torch.full((size, longest), -100)
    for r, (row, start) in enumerate(rows):
        ids[r, : len(row)] = torch.tensor(row)
        labels[r, start : len(row)] = torch.tensor(row[start:])
    return ids, (ids != 3).long(), labels


def pretrain(model, tokenizer, steps):
    rng = random.Random(1)
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 3e-3, total_steps=steps, pct_start=0.1)
    started = time.time()
    model.train()
    for step in range(steps):
        ids, mask, labels = batch(tokenizer, rng, 32)
        loss = model(input_ids=ids, attention_mask=mask, labels=labels).loss
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        if (step + 1) % 200 == 0:
            print(f"  step {step + 1}: loss {loss.item():.3f}, {time.time() - started:.0f} s", flush=True)
    return model.eval()


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
    DATA.mkdir(parents=True, exist_ok=True)
    rng = random.Random(0)
    seen = set()
    for name, word, answers, count in (("train", "answer", 4, 480), ("validation", "answer", 4, 120), ("test", "answer", 4, 200), ("two-solutions", "solution", 2, 200)):
        rows = []
        while len(rows) < count:
            row = question(rng, word, answers)
            if row["instruction"] not in seen:
                seen.add(row["instruction"])
                rows.append(row)
        (DATA / f"{name}.json").write_text(json.dumps(rows, indent=0) + "\n")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--steps", type=int, default=3000)
    flags = parser.parse_args()
    torch.manual_seed(0)
    torch.set_num_threads(1)
    write_data()
    tokenizer = make_tokenizer()
    config = LlamaConfig(vocab_size=tokenizer.get_vocab_size(), hidden_size=64, intermediate_size=160, num_hidden_layers=3,
                         num_attention_heads=4, num_key_value_heads=2, head_dim=16, max_position_embeddings=LENGTH,
                         bos_token_id=1, eos_token_id=2, pad_token_id=3)
    model = LlamaForCausalLM(config)
    print(f"{sum(p.numel() for p in model.parameters())} weights, {config.vocab_size} tokens", flush=True)
    pretrain(model, tokenizer, flags.steps)
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
