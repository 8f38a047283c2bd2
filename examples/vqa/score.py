"""The VQA accuracy of a run's adapter by PyTorch, PEFT and a scorer of its own: what `holdfast evaluate` says, said again.

    pip install torch transformers peft tokenizers pillow && python examples/vqa/score.py [RUN] [--data FILE] [--against FILE]

Needs what prepare.py wrote. Reads the run's adapter, not its ONNX model; without a run it scores the pretrained model. FILE of
--against is what `holdfast evaluate RUN --data DATA --json` printed: its answers and their scores must be these, one by one.
"""

import argparse
import json
import re
from collections import defaultdict
from pathlib import Path

import torch
from peft import PeftModel
from PIL import Image
from tokenizers import Tokenizer
from transformers import PaliGemmaForConditionalGeneration

from export import Whole
from prepare import CACHE, EOS, IMAGE, IMAGE_TOKENS, pixels_of

LONGEST = 3
MARKS = ';/[]"{}()=+\\_-><@`,?!'
NUMBERS = {word: str(i) for i, word in enumerate("zero one two three four five six seven eight nine ten".split())} | {"none": "0"}


def without_marks(text):
    """A mark beside a space goes, as do all where a comma stands between digits; others become a space."""
    out = text
    for mark in MARKS:
        goes = f"{mark} " in text or f" {mark}" in text or re.search(r"\d,\d", text)
        out = out.replace(mark, "" if goes else " ")
    return re.sub(r"\.(?!\d)", "", out)


def normalised(answer):
    """As the official scorer has it, but for its contractions: nobody in this world says `isn't`."""
    if "'" in answer:
        raise ValueError(f"{answer}: this scorer knows no contractions")
    words = without_marks(answer.replace("\n", " ").replace("\t", " ").strip()).lower().split()
    return " ".join(NUMBERS.get(w, w) for w in words if w not in ("a", "an", "the"))


def accuracy(answer, people):
    """The mean, over ten people, of min(1, how many of the other nine say the same / 3)."""
    given = normalised(answer)
    said = [without_marks(p) for p in people] if len(set(people)) > 1 else people
    alike = [sum(other == given for j, other in enumerate(said) if j != i) for i in range(len(said))]
    return sum(min(1, n / 3) for n in alike) / len(said)


@torch.no_grad()
def written(model, tokenizer, rows, folder):
    """The likeliest token after token behind each question. Questions of one length are asked together, so that none is filled up."""
    prompts = [[IMAGE] * IMAGE_TOKENS + tokenizer.encode(f"Question: {row['question']} Answer:").ids for row in rows]
    by_length = defaultdict(list)
    for i, prompt in enumerate(prompts):
        by_length[len(prompt)].append(i)
    answers = [""] * len(rows)
    for which in by_length.values():
        ids = torch.tensor([prompts[i] for i in which])
        pixels = pixels_of([Image.open(folder / rows[i]["image"]).convert("RGB") for i in which])
        for _ in range(LONGEST):
            best = model(ids, torch.ones_like(ids), pixels)[:, -1].argmax(-1, keepdim=True)
            ids = torch.cat([ids, best], 1)
        for i, out in zip(which, ids[:, -LONGEST:].tolist(), strict=True):
            answers[i] = tokenizer.decode(out[: out.index(EOS)] if EOS in out else out)
    return answers


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("run", type=Path, nargs="?")
    parser.add_argument("--data", type=Path, default=CACHE / "data/test.jsonl")
    parser.add_argument("--against", type=Path)
    flags = parser.parse_args()
    torch.set_num_threads(1)
    model = PaliGemmaForConditionalGeneration.from_pretrained(CACHE / "model/torch", attn_implementation="eager")
    if flags.run:
        model = PeftModel.from_pretrained(model, flags.run / "adapter")
    model = Whole(model).eval()
    rows = [json.loads(line) for line in flags.data.read_text().splitlines()]
    answers = written(model, Tokenizer.from_file(str(CACHE / "model/tokenizer.json")), rows, flags.data.parent)
    scores = [accuracy(a, [p["answer"] for p in row["answers"]]) for a, row in zip(answers, rows, strict=True)]
    print(f"VQA accuracy {100 * sum(scores) / len(scores):.4f} % of {len(scores)} answers")
    if flags.against:
        theirs = json.loads(flags.against.read_text())["answers"]
        wrong = [(a, s, t) for a, s, t in zip(answers, scores, theirs, strict=True)
                 if a != t["written"] or abs(s - t["score"]) > 1e-12]
        print(f"{len(wrong)} of them differ from {flags.against}", *wrong[:10], sep="\n")
        raise SystemExit(len(wrong) > 0)


if __name__ == "__main__":
    main()
