"""The accuracy of a run's adapter by PyTorch, PEFT and transformers' own generation: what `holdfast evaluate` says, said again.

    pip install torch transformers peft tokenizers
    python examples/commonsense/score.py [RUN] [--data FILE] [--beams 4 | --likelihood] [--against JSON]

Needs what prepare.py wrote. Reads the run's adapter, not its ONNX model; without a run it scores the pretrained model. Writes to every
prompt and takes the first answer in the text, as LLM-Adapters' evaluation does, or the answer with the likeliest response.
With `--against` the two are compared example by example.
"""

import argparse
import json
import re
from pathlib import Path

import torch
from peft import PeftModel
from tokenizers import Tokenizer
from transformers import LlamaForCausalLM

from prepare import DATA, MODEL
from world import INTRO

ANSWER = re.compile("answer[1-5]|solution[1-2]|option[1-4]")


def prompt_of(row):
    return row.get("prompt") or INTRO.format(row["instruction"])


def written_answers(model, tokenizer, rows, beams):
    """What is found first in the text behind each prompt; None where no answer is."""
    for start in range(0, len(rows), 20):
        prompts = [tokenizer.encode(prompt_of(row)).ids for row in rows[start : start + 20]]
        longest = max(map(len, prompts))
        ids = torch.tensor([[3] * (longest - len(p)) + p for p in prompts])
        mask = torch.tensor([[0] * (longest - len(p)) + [1] * len(p) for p in prompts])
        out = model.generate(input_ids=ids, attention_mask=mask, num_beams=beams, do_sample=False, max_new_tokens=32)
        for written in out[:, longest:].tolist():
            found = ANSWER.search(tokenizer.decode(written))
            yield found and found.group()


def likeliest_answers(model, tokenizer, rows):
    """Of the answers that a prompt names the one whose response has the highest mean log-probability."""
    for row in rows:
        prompt = tokenizer.encode(prompt_of(row)).ids
        weights = {}
        for answer in ANSWER.findall(row["instruction"].rpartition("Answer format: ")[2]):
            said = tokenizer.encode(f"the correct answer is {answer}", add_special_tokens=False).ids
            logits = model(input_ids=torch.tensor([prompt + said])).logits[0, len(prompt) - 1 : -1]
            weights[answer] = logits.log_softmax(-1).gather(1, torch.tensor([said]).T).mean().item()
        yield max(weights, key=weights.get)


@torch.no_grad()
def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("run", type=Path, nargs="?")
    parser.add_argument("--data", type=Path, default=DATA / "test.json")
    parser.add_argument("--beams", type=int, default=1)
    parser.add_argument("--likelihood", action="store_true")
    parser.add_argument("--against", type=Path, help="what `holdfast evaluate --json` said of the same data")
    flags = parser.parse_args()
    torch.set_num_threads(1)
    tokenizer = Tokenizer.from_file(str(MODEL / "tokenizer.json"))
    model = LlamaForCausalLM.from_pretrained(MODEL / "torch").eval()
    if flags.run:
        model = PeftModel.from_pretrained(model, flags.run / "adapter").eval()
    rows = json.loads(flags.data.read_text())
    said = likeliest_answers(model, tokenizer, rows) if flags.likelihood else written_answers(model, tokenizer, rows, flags.beams)
    right = [answer == row["answer"] for answer, row in zip(said, rows, strict=True)]
    print(f"{sum(right)} of {len(rows)} right: {sum(right) / len(rows):.4f}")
    if flags.against:
        theirs = [answer["right"] for answer in json.loads(flags.against.read_text())["answers"]]
        print(f"{sum(a == b for a, b in zip(right, theirs, strict=True))} of {len(rows)} judged alike")


if __name__ == "__main__":
    main()
