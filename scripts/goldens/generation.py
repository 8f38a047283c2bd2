"""What transformers' `generate` gives on tiny decoders, and the decoders as ONNX, for src/generation.

    pip install torch transformers onnx && python scripts/goldens/generation.py    # writes src/generation/goldens/

Three architectures with other ways of telling positions (LLaMA and Gemma rotate, GPT-2 learns them), trained for some
seconds to go on with a repeated pattern and to end it, so that what they write is neither constant nor random. Each is
exported in the forms that are met: with a cache and position ids, with a cache and no position ids, both branches in one
file, and without a cache. The files are gzipped, since most of them is node names.
"""

import gzip
import json
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import helper, numpy_helper
from transformers import DynamicCache, GemmaConfig, GemmaForCausalLM, GPT2Config, GPT2LMHeadModel, LlamaConfig, LlamaForCausalLM

TARGET = Path(__file__).parents[2] / "src/generation/goldens"
VOCABULARY, PAD, EOS, LENGTH = 40, 0, 1, 48
PROMPTS = [[5, 9, 7, 5, 9, 7, 5], [12, 30, 12], [21, 22, 23, 24, 21, 22, 23, 24, 21, 22], [33]]
CONTINUATIONS = [[9, 7, 5, 9], [30, 1], [23, 24, 21], [8, 3, 33, 2, 1]]
SETTINGS = {
    "greedy": dict(num_beams=1),
    "greedy, at least 14": dict(num_beams=1, min_new_tokens=14),
    "4 beams": dict(num_beams=4),
    "4 beams, at least 6": dict(num_beams=4, min_new_tokens=6),
    "4 beams, long ones preferred": dict(num_beams=4, length_penalty=2.0),
    "4 beams, sums": dict(num_beams=4, length_penalty=0.0),
    "3 beams, early stopping": dict(num_beams=3, early_stopping=True),
    "3 beams, never early": dict(num_beams=3, early_stopping="never", length_penalty=1.5),
}


def models():
    shared = dict(vocab_size=VOCABULARY, hidden_size=16, intermediate_size=32, num_hidden_layers=2,
                  num_attention_heads=4, num_key_value_heads=2, head_dim=4, max_position_embeddings=LENGTH,
                  bos_token_id=2, eos_token_id=EOS, pad_token_id=PAD)
    return {
        "llama": LlamaForCausalLM(LlamaConfig(**shared)),
        "gemma": GemmaForCausalLM(GemmaConfig(**shared)),
        "gpt2": GPT2LMHeadModel(GPT2Config(vocab_size=VOCABULARY, n_embd=16, n_layer=2, n_head=4, n_positions=LENGTH,
                                           bos_token_id=2, eos_token_id=EOS, pad_token_id=PAD, resid_pdrop=0,
                                           embd_pdrop=0, attn_pdrop=0)),
    }


def batch(size, length=32):
    """A pattern of two to four tokens again and again, ended by EOS at some point; after it, nothing counts."""
    rows = torch.full((size, length), PAD)
    for row in rows:
        pattern = torch.randint(3, VOCABULARY, (int(torch.randint(2, 5, ())),))
        end = int(torch.randint(6, length, ()))
        row[:end] = pattern.repeat(length)[:end]
        row[end] = EOS
    return rows


def pretrain(model):
    model.train()
    steps = 400
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 1e-2, total_steps=steps)
    for _ in range(steps):
        ids = batch(32)
        loss = model(input_ids=ids, attention_mask=(ids != PAD).long(), labels=ids.masked_fill(ids == PAD, -100)).loss
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    print(f"  loss {float(loss.detach()):.3f}")
    return model.eval()


class Exported(torch.nn.Module):
    """A decoder with a cache as flat tensors, under the names that Transformers.js knows."""

    def __init__(self, model, cached, positions):
        super().__init__()
        self.m, self.cached, self.positions = model, cached, positions

    def forward(self, ids, mask, *rest):
        rest = list(rest)
        positions = rest.pop(0) if self.positions else None
        cache = DynamicCache(config=self.m.config)
        for layer in range(len(rest) // 2):
            cache.update(rest[2 * layer], rest[2 * layer + 1], layer)
        out = self.m(input_ids=ids, attention_mask=mask, position_ids=positions,
                     past_key_values=cache if self.cached else None, use_cache=self.cached)
        present = [t for layer in out.past_key_values.layers for t in (layer.keys, layer.values)] if self.cached else []
        return (out.logits, *present)


def export(model, path, *, cached, positions, past=4):
    """One graph: `past` tokens in the cache while tracing, none where it is 0 and the cache is only given out."""
    config = model.config
    layers = config.num_hidden_layers
    heads = getattr(config, "num_key_value_heads", None) or config.num_attention_heads
    size = config.hidden_size // config.num_attention_heads
    length = 3
    inputs = {"input_ids": torch.randint(3, VOCABULARY, (2, length)), "attention_mask": torch.ones(2, past + length, dtype=torch.long)}
    if positions:
        inputs["position_ids"] = torch.arange(past, past + length).repeat(2, 1)
    names = [f"{layer}.{part}" for layer in range(layers) for part in ("key", "value")]
    for name in names if cached and past else []:
        inputs[f"past_key_values.{name}"] = torch.randn(2, heads, past, size)
    outputs = ["logits", *(f"present.{name}" for name in names if cached)]
    axes = {"input_ids": {0: "batch_size", 1: "sequence_length"}, "position_ids": {0: "batch_size", 1: "sequence_length"},
            "attention_mask": {0: "batch_size", 1: "total_sequence_length"}, "logits": {0: "batch_size", 1: "sequence_length"}}
    for name in names:
        axes[f"past_key_values.{name}"] = {0: "batch_size", 2: "past_sequence_length"}
        axes[f"present.{name}"] = {0: "batch_size", 2: "total_sequence_length"}
    kept = {name: axes[name] for name in [*inputs, *outputs]}
    with torch.no_grad():
        torch.onnx.export(Exported(model, cached, positions), tuple(inputs.values()), str(path), dynamo=False, opset_version=17,
                          input_names=list(inputs), output_names=outputs, dynamic_axes=kept)
    exported = onnx.load(str(path))
    for value in [*exported.graph.input, *exported.graph.output]:  # the tracer leaves some dimensions of outputs unnamed
        if value.name.startswith(("past", "present")):
            for axis, dim in zip((1, 3), (heads, size), strict=True):
                value.type.tensor_type.shape.dim[axis].dim_value = dim
    return exported


def merged(first, later):
    """One file that picks a branch by `use_cache_branch`, as optimum merges them; equal weights are stored once."""
    stored = {}
    branches = []
    for prefix, model in (("first", first), ("later", later)):
        graph = onnx.GraphProto()
        graph.CopyFrom(model.graph)
        shared = {}
        for initializer in graph.initializer:
            key = (initializer.data_type, tuple(initializer.dims), numpy_helper.to_array(initializer).tobytes())
            shared[initializer.name] = stored.setdefault(key, (f"weight_{len(stored)}", initializer))[0]
        outer = {i.name for i in graph.input}
        rename = lambda name: shared.get(name) or (name if name in outer or not name else f"{prefix}/{name}")
        for node in graph.node:
            node.input[:] = [rename(n) for n in node.input]
            node.output[:] = [rename(n) for n in node.output]
            node.name = f"{prefix}/{node.name}"
        outputs = [helper.make_tensor_value_info(rename(o.name), o.type.tensor_type.elem_type, None) for o in graph.output]
        branches.append(helper.make_graph(list(graph.node), prefix, [], outputs))
    flag = helper.make_tensor_value_info("use_cache_branch", onnx.TensorProto.BOOL, [1])
    chosen = helper.make_node("If", ["use_cache_branch"], [o.name for o in later.graph.output], then_branch=branches[1], else_branch=branches[0])
    weights = []
    for name, initializer in stored.values():
        weight = onnx.TensorProto()
        weight.CopyFrom(initializer)
        weight.name = name
        weights.append(weight)
    graph = helper.make_graph([chosen], "merged", [*later.graph.input, flag], list(later.graph.output), weights)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def write(name, model):
    for holder in [model.graph, *(a.g for n in model.graph.node for a in n.attribute if a.type == onnx.AttributeProto.GRAPH)]:
        del holder.value_info[:]
        for node in holder.node:
            node.ClearField("doc_string")
    onnx.checker.check_model(model)
    data = gzip.compress(model.SerializeToString(), 9, mtime=0)
    (TARGET / f"{name}.onnx.gz").write_bytes(data)
    print(f"  {name}: {len(data)} bytes")


def expected(model):
    longest = max(map(len, PROMPTS))
    ids = torch.tensor([[PAD] * (longest - len(p)) + p for p in PROMPTS])
    mask = torch.tensor([[0] * (longest - len(p)) + [1] * len(p) for p in PROMPTS])
    runs = []
    for name, settings in SETTINGS.items():
        beams = settings["num_beams"]
        with torch.no_grad():
            out = model.generate(ids, attention_mask=mask, do_sample=False, max_new_tokens=14, num_return_sequences=beams,
                                 return_dict_in_generate=True, output_scores=True, output_logits=True, **settings)
        new = out.sequences[:, longest:].tolist()
        if beams == 1:
            logits = torch.stack(out.logits, 1).log_softmax(-1)  # [B, T, V]
            scores = [sum(float(logits[b, t, token]) for t, token in enumerate(trimmed(row))) for b, row in enumerate(new)]
        else:
            scores = out.sequences_scores.tolist()
        rows = [{"ids": trimmed(row), "score": score} for row, score in zip(new, scores, strict=True)]
        runs.append({"name": name, "settings": settings, "sequences": [rows[i : i + beams] for i in range(0, len(rows), beams)]})
    likelihoods = []
    for prompt, continuation in zip(PROMPTS, CONTINUATIONS, strict=True):
        with torch.no_grad():
            logs = model(torch.tensor([prompt + continuation])).logits[0].double().log_softmax(-1)
        likelihoods.append([float(logs[len(prompt) - 1 + t, token]) for t, token in enumerate(continuation)])
    return {"runs": runs, "likelihoods": likelihoods}


def trimmed(row):
    """The tokens up to the first EOS, it included."""
    return row[: row.index(EOS) + 1] if EOS in row else row


def main():
    torch.manual_seed(7)
    torch.set_num_threads(1)
    TARGET.mkdir(parents=True, exist_ok=True)
    scratch = TARGET / "scratch.onnx"
    goldens = {"pad": PAD, "eos": EOS, "maxNewTokens": 14, "prompts": PROMPTS, "continuations": CONTINUATIONS, "models": {}}
    for name, model in models().items():
        print(name)
        pretrain(model)
        model.set_attn_implementation("eager")
        goldens["models"][name] = expected(model)
        make = lambda **how: export(model, scratch, **how)
        if name == "llama":
            write("llama-cache-positions", make(cached=True, positions=True))
            write("llama-cache", make(cached=True, positions=False))
        elif name == "gpt2":
            write("gpt2-merged", merged(make(cached=True, positions=True, past=0), make(cached=True, positions=True)))
            write("gpt2-plain", make(cached=False, positions=False, past=0))
        else:
            write("gemma-plain", make(cached=False, positions=True, past=0))
    scratch.unlink(missing_ok=True)
    lines = json.dumps(goldens, separators=(",", ":")).replace('{"name"', '\n{"name"')
    (TARGET / "generation.json").write_text(lines + "\n")


if __name__ == "__main__":
    main()
