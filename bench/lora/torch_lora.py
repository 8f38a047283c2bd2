"""LoRA training steps of PyTorch and PEFT on the same shape: python torch_lora.py FOLDER ROWS LENGTH RANK STEPS THREADS"""

import json
import resource
import sys
import time
from pathlib import Path

import torch
from peft import LoraConfig, get_peft_model
from transformers import LlamaConfig, LlamaForCausalLM

folder, (rows, length, rank, steps, threads) = sys.argv[1], map(int, sys.argv[2:7])
shape = json.loads((Path(folder) / "shape.json").read_text())
started = time.perf_counter()
torch.set_num_threads(threads)
torch.manual_seed(0)
config = LlamaConfig(
    vocab_size=shape["vocabulary"],
    hidden_size=shape["hidden"],
    intermediate_size=shape["inner"],
    num_hidden_layers=shape["layers"],
    num_attention_heads=shape["heads"],
    num_key_value_heads=shape["key_heads"],
    max_position_embeddings=shape["longest"],
    tie_word_embeddings=False,
)
model = get_peft_model(LlamaForCausalLM(config), LoraConfig(r=rank, lora_alpha=2 * rank, target_modules="all-linear"))
model.train()
trained = [p for p in model.parameters() if p.requires_grad]
optimizer = torch.optim.AdamW(trained, lr=1e-3)
ids = torch.randint(shape["vocabulary"], (rows, length))
mask = torch.ones_like(ids)
ready = time.perf_counter() - started
seconds, losses = [], []
for _ in range(steps):
    at = time.perf_counter()
    loss = model(input_ids=ids, attention_mask=mask, labels=ids, use_cache=False).loss
    loss.backward()
    optimizer.step()
    optimizer.zero_grad()
    losses.append(loss.item())
    seconds.append(time.perf_counter() - at)
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
print(json.dumps(dict(ready=ready, seconds=seconds, losses=losses, trained=sum(p.numel() for p in trained), peakBytes=peak)))
