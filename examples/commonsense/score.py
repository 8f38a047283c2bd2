"""The accuracy of a run's adapter by PyTorch, PEFT and transformers' own generation: what `holdfast evaluate` says, said again.

    pip install torch transformers peft tokenizers && python examples/commonsense/score.py RUN [--data FILE] [--beams 4]

Needs what prepare.py wrote. Reads the run's adapter, not its ONNX model, writes to every prompt and takes the first
answer in the text, as LLM-Adapters' evaluation does.
"""

import argparse
import json
import re
import tempfile
from pathlib import Path

import torch
from peft import PeftModel
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer
from transformers import LlamaForCausalLM

from prepare import DATA, INTRO, MODEL


def adapter_of(run, folder):
    """The run's adapter without the name of the module that prepare.py wrapped the decoder in."""
    config = (run / "adapter/adapter_config.json").read_text()
    (folder / "adapter_config.json").write_text(config.replace('"m.model.', '"model.'))
    tensors = load_file(run / "adapter/adapter_model.safetensors")
    save_file({k.replace(".m.model.", ".model."): v for k, v in tensors.items()}, folder / "adapter_model.safetensors")
    return folder


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("run", type=Path)
    parser.add_argument("--data", type=Path, default=DATA / "test.json")
    parser.add_argument("--beams", type=int, default=1)
    flags = parser.parse_args()
    torch.set_num_threads(1)
    tokenizer = Tokenizer.from_file(str(MODEL / "tokenizer.json"))
    base = LlamaForCausalLM.from_pretrained(MODEL / "torch")
    with tempfile.TemporaryDirectory() as folder:
        model = PeftModel.from_pretrained(base, adapter_of(flags.run, Path(folder))).eval()
    rows = json.loads(flags.data.read_text())
    right = 0
    for start in range(0, len(rows), 20):
        part = rows[start : start + 20]
        prompts = [tokenizer.encode(INTRO.format(row["instruction"])).ids for row in part]
        longest = max(map(len, prompts))
        ids = torch.tensor([[3] * (longest - len(p)) + p for p in prompts])
        mask = torch.tensor([[0] * (longest - len(p)) + [1] * len(p) for p in prompts])
        with torch.no_grad():
            out = model.generate(input_ids=ids, attention_mask=mask, num_beams=flags.beams, do_sample=False, max_new_tokens=32)
        for row, written in zip(part, out[:, longest:].tolist(), strict=True):
            found = re.search("answer[1-5]|solution[1-2]", tokenizer.decode(written))
            right += found is not None and found.group() == row["answer"]
    print(f"{right} of {len(rows)} right: {right / len(rows):.4f}")


if __name__ == "__main__":
    main()
