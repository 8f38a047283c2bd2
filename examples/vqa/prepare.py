"""A tiny PaliGemma that knows one half of a small world, and questions about the other half, for the VQA example.

    pip install torch transformers onnx onnxscript onnxruntime pillow && python examples/vqa/prepare.py

Writes .cache/vqa/model (one ONNX graph from pixels and tokens to logits, with tokenizer and settings) and .cache/vqa/data
(pictures, and questions with ten answers each). Pretraining asks for colours, shapes and presence; counting and sides are left to
fine-tuning. With --split the same model is written in three files as well, as Transformers.js takes it.
"""

import argparse
import json
import random
import time
from pathlib import Path

import torch
from transformers import GemmaConfig, PaliGemmaConfig, PaliGemmaForConditionalGeneration, SiglipVisionConfig

from export import export_split, export_whole
from world import CELL, COLOURS, KNOWN, NEW, SHAPES, SIZE, TAUGHT, WORDINGS, ask, draw, ten_answers

CACHE = Path(__file__).resolve().parents[2] / ".cache/vqa"
LENGTH = 32
SPECIAL = ["<pad>", "<eos>", "<bos>", "<unk>", "<image>"]
PAD, EOS, BOS, _, IMAGE = range(5)
IMAGE_TOKENS = (SIZE // CELL) ** 2


def vocabulary():
    said = " ".join(w.replace("{}", " ") for wordings in WORDINGS.values() for w in wordings)
    words = said.replace("?", " ").replace(",", " ").split()
    answers = [*SHAPES, *COLOURS, *"yes no left right 0 1 2 3 4".split()]
    return SPECIAL + sorted({"Question", "Answer", ":", "?", ",", *words, *answers})


def tokenizer_json(words):
    """Whole words and marks, with <bos> in front, as Gemma's tokenizer has it."""
    flags = {"special": True, "normalized": False, "single_word": False, "lstrip": False, "rstrip": False}
    single = [{"SpecialToken": {"id": "<bos>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}]
    bos = {"<bos>": {"id": "<bos>", "ids": [BOS], "tokens": ["<bos>"]}}
    return {
        "version": "1.0",
        "added_tokens": [{"id": i, "content": word, **flags} for i, word in enumerate(SPECIAL)],
        "normalizer": None,
        "pre_tokenizer": {"type": "Whitespace"},
        "post_processor": {"type": "TemplateProcessing", "single": single, "pair": single, "special_tokens": bos},
        "decoder": None,
        "model": {"type": "WordLevel", "vocab": {w: i for i, w in enumerate(words)}, "unk_token": "<unk>"},
    }


def make_model(words):
    vision = SiglipVisionConfig(hidden_size=64, intermediate_size=128, num_hidden_layers=1, num_attention_heads=4,
                                image_size=SIZE, patch_size=CELL, projection_dim=64, vision_use_head=False)
    text = GemmaConfig(vocab_size=len(words), hidden_size=64, intermediate_size=192, num_hidden_layers=3, num_attention_heads=4,
                       num_key_value_heads=2, head_dim=16, max_position_embeddings=LENGTH, initializer_range=0.08,
                       pad_token_id=PAD, eos_token_id=EOS, bos_token_id=BOS)
    config = PaliGemmaConfig(vision_config=vision, text_config=text, image_token_index=IMAGE, projection_dim=64, hidden_size=64,
                             vocab_size=len(words), pad_token_id=PAD, eos_token_id=EOS, bos_token_id=BOS)
    for part in (config, text, vision):
        part._attn_implementation = "eager"
    # Training mode would ask for token types, which the exported graph has not; nothing is dropped out.
    return PaliGemmaForConditionalGeneration(config).eval()


def split_words(text):
    return "".join(f" {c} " if c in ":?," else c for c in text).split()


def encode(words, question, answer):
    """Ids and how many of them are learned, the answer and <eos>."""
    said = split_words(f"Question: {question} Answer: {answer}")
    return [IMAGE] * IMAGE_TOKENS + [BOS] + [words.index(w) for w in said] + [EOS], len(answer.split()) + 1


def pixels_of(pictures):
    raw = torch.frombuffer(bytearray(b"".join(p.tobytes() for p in pictures)), dtype=torch.uint8)
    return raw.reshape(-1, SIZE, SIZE, 3).permute(0, 3, 1, 2).float() / 127.5 - 1


def batch(rng, words, size, kinds=TAUGHT):
    asked = [ask(rng, kinds, slice(None)) for _ in range(size)]
    rows = [encode(words, question, answer) for _, _, question, answer, _ in asked]
    ids = torch.full((size, max(len(r) for r, _ in rows)), PAD)
    labels = torch.full_like(ids, -100)
    for i, (row, learned) in enumerate(rows):
        ids[i, : len(row)] = torch.tensor(row)
        labels[i, len(row) - learned : len(row)] = torch.tensor(row[-learned:])
    return ids, labels, pixels_of([draw(rng, things) for things, *_ in asked])


def logits_of(model, ids, pixels):
    return model(input_ids=ids, attention_mask=(ids != PAD).long(), pixel_values=pixels, use_cache=False).logits


def pretrain(model, words, steps, size=64):
    rng = random.Random(1)
    optimizer = torch.optim.AdamW(model.parameters(), lr=5e-3, betas=(0.9, 0.98), weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 5e-3, total_steps=steps, pct_start=0.05)
    started = time.time()
    for step in range(steps):
        ids, labels, pixels = batch(rng, words, size)
        logits = logits_of(model, ids, pixels)[:, :-1]
        loss = torch.nn.functional.cross_entropy(logits.transpose(1, 2), labels[:, 1:], ignore_index=-100)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        if (step + 1) % 200 == 0:
            print(f"  step {step + 1}: loss {loss.item():.3f}, {time.time() - started:.0f} s", flush=True)


@torch.no_grad()
def score(model, words, kind, count=200):
    """The share of questions whose answer and end are the likeliest tokens."""
    ids, labels, pixels = batch(random.Random(3), words, count, (kind,))
    told = labels[:, 1:]
    return ((logits_of(model, ids, pixels)[:, :-1].argmax(-1) == told) | (told == -100)).all(1).float().mean().item()


def write_data(folder):
    """Fine-tuning asks for numbers and sides in one wording about plain pictures. Shifted: pictures, wording, kinds of question."""
    rng = random.Random(0)
    for name, count, kinds, wordings, style in (
        ("train", 800, NEW, slice(0, 1), "plain"),
        ("validation", 120, NEW, slice(0, 1), "plain"),
        ("test", 300, NEW, slice(0, 1), "plain"),
        ("rephrased", 200, NEW, slice(1, 2), "plain"),
        ("noise", 200, NEW, slice(0, 1), "noise"),
        ("rotated", 200, NEW, slice(0, 1), "rotated"),
        ("known", 200, KNOWN, slice(0, 1), "plain"),
        ("sixteen", 16, NEW, slice(0, 1), "plain"),
    ):
        (folder / name).mkdir(parents=True, exist_ok=True)
        rows = []
        for i in range(count):
            things, kind, question, answer, possible = ask(rng, kinds, wordings)
            image = f"{name}/{i}.png"
            draw(rng, things, style).save(folder / image)
            said = [{"answer_id": k + 1, "answer": a} for k, a in enumerate(ten_answers(rng, answer, possible))]
            rows.append({"question_id": i, "image": image, "question": question, "question_type": kind, "answers": said})
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))


def write_settings(folder, config, words):
    config.save_pretrained(folder)
    described = {"bos_token": "<bos>", "eos_token": "<eos>", "pad_token": "<pad>", "unk_token": "<unk>", "model_max_length": LENGTH,
                 "tokenizer_class": "PreTrainedTokenizerFast", "clean_up_tokenization_spaces": False}
    images = {"image_processor_type": "SiglipImageProcessor", "do_resize": True, "size": {"height": SIZE, "width": SIZE},
              "resample": 3, "do_rescale": True, "rescale_factor": 1 / 255, "do_normalize": True, "image_mean": [0.5] * 3,
              "image_std": [0.5] * 3, "image_seq_length": IMAGE_TOKENS}
    generation = {"eos_token_id": EOS, "pad_token_id": PAD, "bos_token_id": BOS}
    for name, content in (("tokenizer.json", tokenizer_json(words)), ("tokenizer_config.json", described),
                          ("preprocessor_config.json", images), ("generation_config.json", generation)):
        (folder / name).write_text(json.dumps(content, indent=1) + "\n")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--split", action="store_true", help="write .cache/vqa/split, the model in three files, too")
    flags = parser.parse_args()
    torch.manual_seed(0)
    torch.set_num_threads(1)
    write_data(CACHE / "data")
    words = vocabulary()
    model = make_model(words)
    print(f"{sum(p.numel() for p in model.parameters())} weights, {len(words)} tokens", flush=True)
    pretrain(model, words, flags.steps)
    for kind in (*KNOWN, *NEW):
        print(f"  {kind}: {score(model, words, kind):.1%} right", flush=True)
    ids, _, pixels = batch(random.Random(4), words, 2)
    folders = [(CACHE / "model", export_whole)] + [(CACHE / "split", export_split)] * flags.split
    for folder, export in folders:
        (folder / "onnx").mkdir(parents=True, exist_ok=True)
        export(model, folder / "onnx", ids, (ids != PAD).long(), pixels)
        write_settings(folder, model.config, words)
    model.save_pretrained(CACHE / "model/torch")


if __name__ == "__main__":
    main()
