"""Adapters of language models there and back: writes src/peft/language-fixtures, and checks both ways on the way.

A tiny LLaMA and a tiny GPT-2 (transformers, random weights) are exported as language models are: through a module that
gives the logits alone, by both of PyTorch's exporters, and once out of a PeftModel. So the paths of modules in the file have
a beginning that the model in Python lacks. PEFT trains adapters and Holdfast merges them into the files; Holdfast trains
adapters on the files and PEFT loads them onto the models. The logits must be the same.

    npm run build && python scripts/goldens/peft_language.py && npm run format

Needs torch, transformers, peft, onnx, onnxscript, onnxruntime, safetensors; written with peft 0.21.2, transformers 5.24.0.
"""

import gzip
import json
import shutil
import sys
import tempfile
import warnings
from pathlib import Path

sys.path.append(sys.path.pop(0))  # else the statistics.py beside this file stands for Python's

import numpy as np
import onnx
import torch
from onnxruntime.quantization.matmul_nbits_quantizer import MatMulNBitsQuantizer
from onnxruntime.transformers.float16 import convert_float_to_float16
from peft import IA3Config, LoraConfig, PeftModel, get_peft_model
from peft_roundtrip import ROOT, check, holdfast, onnx_logits, save, strip, train
from safetensors.numpy import save_file
from transformers import GPT2Config, GPT2LMHeadModel, LlamaConfig, LlamaForCausalLM

OUT = ROOT / "src/peft/language-fixtures"
LETTERS = "abcdefghijklmnopqrstuvwxyz .:"
SPECIAL = ["<pad>", "</s>", "<s>"]
VOCABULARY, LENGTH = len(SPECIAL) + len(LETTERS), 32

# Adapters by model: what PEFT trains, and the flags for Holdfast to train the same.
LLAMA = {
    "lora": (
        LoraConfig(r=2, lora_alpha=4, target_modules=["q_proj", "v_proj", "down_proj"]),
        "--peft.method lora --peft.rank 2 --peft.targets q_proj|v_proj|down_proj",
    ),
    "dora": (
        LoraConfig(r=2, lora_alpha=4, use_dora=True, target_modules=["q_proj", "v_proj"]),
        "--peft.method dora --peft.rank 2 --peft.targets q_proj|v_proj",
    ),
    "ia3": (
        IA3Config(target_modules=["k_proj", "v_proj", "down_proj"], feedforward_modules=["down_proj"]),
        "--peft.method ia3 --peft.targets k_proj|v_proj|down_proj --peft.feedforward down_proj",
    ),
}
GPT2 = {
    "lora": (
        LoraConfig(r=2, lora_alpha=4, fan_in_fan_out=True, target_modules=["c_attn", "c_fc"]),
        "--peft.method lora --peft.rank 2 --peft.targets c_attn|c_fc",
    ),
    "ia3": (
        IA3Config(target_modules=["c_attn", "mlp.c_proj"], feedforward_modules=["mlp.c_proj"], fan_in_fan_out=True),
        "--peft.method ia3 --peft.targets c_attn|mlp.c_proj --peft.feedforward mlp.c_proj",
    ),
}


class Logits(torch.nn.Module):
    """The logits of a decoder, as an export gives them."""

    def __init__(self, model):
        super().__init__()
        self.m = model

    def forward(self, input_ids, attention_mask):
        return self.m(input_ids=input_ids, attention_mask=attention_mask, use_cache=False).logits


def llama(tied=False):
    torch.manual_seed(0)
    config = LlamaConfig(vocab_size=VOCABULARY, hidden_size=16, intermediate_size=24, num_hidden_layers=2, num_attention_heads=4,
                         num_key_value_heads=2, head_dim=4, max_position_embeddings=LENGTH, tie_word_embeddings=tied,
                         initializer_range=0.2, attn_implementation="eager")
    return LlamaForCausalLM(config).eval()


def tied():
    return llama(tied=True)


def gpt2():
    torch.manual_seed(1)
    config = GPT2Config(vocab_size=VOCABULARY, n_embd=16, n_layer=2, n_head=4, n_positions=LENGTH, initializer_range=0.2,
                        resid_pdrop=0, embd_pdrop=0, attn_pdrop=0, attn_implementation="eager")
    model = GPT2LMHeadModel(config).eval()
    # Freshly made biases are zero, and exporters keep one copy of equal tensors; a trained model has none.
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if name.endswith("bias"):
                parameter.normal_(0, 0.1)
    return model


def from_peft():
    """A LLaMA with an adapter merged inside PEFT's modules, which keep their names."""
    model = get_peft_model(llama(), LoraConfig(r=2, target_modules=["q_proj", "down_proj"]))
    model.merge_adapter()
    return model.eval()


# File: what is exported, the model in Python, whether by the newer exporter, adapters.
FILES = {
    "llama-torchscript": (llama, llama, False, LLAMA),
    "llama-dynamo": (llama, llama, True, LLAMA),
    "llama-peft": (from_peft, llama, False, LLAMA),
    "tied": (tied, tied, False, LLAMA),
    "gpt2": (gpt2, gpt2, False, GPT2),
}


def export(model, path, dynamo):
    ids = torch.randint(3, VOCABULARY, (2, 7))
    names, inputs = ["input_ids", "attention_mask"], (ids, torch.ones_like(ids))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if dynamo:
            dims = {0: torch.export.Dim.DYNAMIC, 1: torch.export.Dim.DYNAMIC}
            torch.onnx.export(Logits(model), inputs, str(path), input_names=names, output_names=["logits"], dynamo=True, verbose=False,
                              dynamic_shapes=(dims, dims), opset_version=18, external_data=False)
        else:
            axes = {name: {0: "batch", 1: "sequence"} for name in [*names, "logits"]}
            torch.onnx.export(Logits(model), inputs, str(path), input_names=names, output_names=["logits"], dynamo=False,
                              dynamic_axes=axes, opset_version=17)
    strip(path)


def stored_otherwise(path):
    """The same graph with its weights in half floats, in four bits, and in four bits computed in half floats."""
    def half(model):
        return convert_float_to_float16(model, keep_io_types=True)

    def four_bits():
        quantizer = MatMulNBitsQuantizer(onnx.load(path), block_size=16, is_symmetric=True)
        quantizer.process()
        return quantizer.model.model

    return {"llama-half": half(onnx.load(path)), "llama-q4": four_bits(), "llama-q4-half": half(four_bits())}


def write_folder(folder, path):
    """A model folder, with a tokenizer whose tokens are letters."""
    (folder / "onnx").mkdir(parents=True)
    shutil.copy(path, folder / "onnx/model.onnx")
    tokens = [*SPECIAL, *LETTERS]
    flags = dict(special=True, normalized=False, single_word=False, lstrip=False, rstrip=False)
    first = [{"SpecialToken": {"id": "<s>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}]
    tokenizer = {
        "added_tokens": [{"id": i, "content": token, **flags} for i, token in enumerate(SPECIAL)],
        "normalizer": None,
        "pre_tokenizer": None,
        "post_processor": {"type": "TemplateProcessing", "single": first, "pair": first, "special_tokens": {"<s>": {"id": "<s>", "ids": [2], "tokens": ["<s>"]}}},
        "decoder": {"type": "Fuse"},
        "model": {"type": "BPE", "vocab": {token: i for i, token in enumerate(tokens)}, "merges": []},
    }
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer))
    settings = {"eos_token": "</s>", "bos_token": "<s>", "pad_token": "<pad>", "model_max_length": LENGTH}
    (folder / "tokenizer_config.json").write_text(json.dumps(settings))
    (folder / "config.json").write_text(json.dumps({"model_type": "llama", "eos_token_id": 1}))


def logits_of(model, ids):
    with torch.no_grad():
        return model(input_ids=ids, attention_mask=torch.ones_like(ids), use_cache=False).logits.numpy()


def train_there(model, ids):
    class Last(torch.nn.Module):
        def forward(self, x):
            return model(input_ids=x, attention_mask=torch.ones_like(x), use_cache=False).logits[:, -1]

        def parameters(self):
            return model.parameters()

    train(Last(), ids, torch.arange(len(ids)) + 5)


def main():
    torch.set_num_threads(1)
    shutil.rmtree(OUT, ignore_errors=True)
    OUT.mkdir(parents=True)
    torch.manual_seed(2)
    ids = torch.randint(3, VOCABULARY, (4, 9))
    feeds = {"input_ids": ids.numpy(), "attention_mask": np.ones(ids.shape, np.int64)}
    goldens = {"input_ids": ids.numpy()}
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        rows = [{"prompt": f"{letter}:", "response": "it is odd" if i % 2 else "it is even"} for i, letter in enumerate(LETTERS[:16])]
        (folder / "rows.jsonl").write_text("\n".join(json.dumps(row) for row in rows))
        for file, (exported, build, dynamo, adapters) in FILES.items():
            path = folder / f"{file}.onnx"
            export(exported(), path, dynamo)
            (OUT / f"{file}.onnx.gz").write_bytes(gzip.compress(path.read_bytes(), mtime=0))
            if file == "llama-torchscript":  # for test/language-adapters.test.ts
                for name, model in stored_otherwise(path).items():
                    (OUT / f"{name}.onnx.gz").write_bytes(gzip.compress(model.SerializeToString(), mtime=0))
            write_folder(folder / file, path)
            base = logits_of(build(), ids)
            assert np.abs(onnx_logits(path, feeds) - base).max() < 1e-4, file
            for name, (config, flags) in adapters.items():
                adapter = OUT / f"{build.__name__}-{name}"
                if not adapter.exists():
                    torch.manual_seed(3)
                    model = get_peft_model(build(), config)
                    train_there(model, ids)
                    save(model.eval(), adapter)
                    goldens[adapter.name] = logits_of(model, ids)
                merged = folder / f"{file}-{name}.onnx"
                holdfast("merge", path, adapter, "--out", merged)
                check(onnx_logits(merged, feeds), goldens[adapter.name], base, f"{file}, {name}: PEFT → Holdfast")
                run = folder / f"{file}-{name}-run"
                holdfast("finetune", "--task", "causal-lm", "--model", folder / file, "--data", folder / "rows.jsonl",
                         "--validation", folder / "rows.jsonl", "--out", run, "--epochs", "3", "--batchSize", "4", "--method", "adamw",
                         "--optimizer.lr", "0.02", "--runtime.threads", "1", "--generation.judge", "none", "--no-report", *flags.split())
                loaded = PeftModel.from_pretrained(build(), run / "adapter").eval()
                check(onnx_logits(run / "model/onnx/model.onnx", feeds), logits_of(loaded, ids), base, f"{file}, {name}: Holdfast → PEFT")
    save_file({k: np.ascontiguousarray(v) for k, v in goldens.items()}, OUT / "goldens.safetensors")


if __name__ == "__main__":
    main()
