"""The exports of prepare.py: a PaliGemma in one graph, and in three files as Transformers.js takes it."""

import numpy as np
import onnxruntime
import torch
from transformers import DynamicCache


class Whole(torch.nn.Module):
    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, input_ids, attention_mask, pixel_values):
        return self.model(input_ids=input_ids, attention_mask=attention_mask, pixel_values=pixel_values, use_cache=False).logits


class VisionEncoder(Whole):
    def forward(self, pixel_values):
        return self.model.get_image_features(pixel_values).pooler_output


class Decoder(torch.nn.Module):
    """The decoder behind embeddings of tokens and images, with its cache as flat tensors."""

    def __init__(self, model):
        super().__init__()
        self.language_model, self.lm_head = model.model.language_model, model.lm_head

    def forward(self, embeddings, mask, positions, *past):
        cache = DynamicCache(config=self.language_model.config)
        for layer in range(len(past) // 2):
            cache.update(past[2 * layer], past[2 * layer + 1], layer)
        out = self.language_model(inputs_embeds=embeddings, attention_mask=mask, position_ids=positions,
                                  past_key_values=cache, use_cache=True)
        present = (t for layer in out.past_key_values.layers for t in (layer.keys, layer.values))
        return (self.lm_head(out.last_hidden_state), *present)


def write(module, path, inputs, outputs, axes):
    with torch.no_grad():
        torch.onnx.export(module.eval(), tuple(inputs.values()), str(path), dynamo=False, opset_version=17,
                          input_names=list(inputs), output_names=outputs, dynamic_axes=axes)


def run(path, feeds):
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    return session.run(None, {name: np.asarray(value) for name, value in feeds.items()})


def check(model, logits, ids, mask, pixels):
    """ONNX Runtime gives PyTorch's logits, and no place sees a later one."""
    with torch.no_grad():
        expected = Whole(model)(ids, mask, pixels)
        changed = Whole(model)(torch.cat([ids[:, :-1], ids[:, -1:] * 0 + 3], 1), mask, pixels)
    assert np.abs((logits - expected.numpy())[mask.numpy() == 1]).max() < 1e-3
    assert (expected - changed)[:, :-1].abs().max() < 1e-4


def export_whole(model, folder, ids, mask, pixels):
    """onnx/model.onnx: input_ids and attention_mask int64 [B, T], pixel_values float32 [B, 3, H, W] to logits [B, T, V]."""
    inputs = {"input_ids": ids, "attention_mask": mask, "pixel_values": pixels}
    axes = {name: {0: "batch", 1: "sequence"} for name in ("input_ids", "attention_mask", "logits")} | {"pixel_values": {0: "batch"}}
    write(Whole(model), folder / "model.onnx", inputs, ["logits"], axes)
    check(model, run(folder / "model.onnx", inputs)[0], ids, mask, pixels)


def export_split(model, folder, ids, mask, pixels):
    """vision_encoder.onnx, embed_tokens.onnx and decoder_model_merged.onnx, whose cache may be empty."""
    text = model.config.text_config
    write(VisionEncoder(model), folder / "vision_encoder.onnx", {"pixel_values": pixels}, ["image_features"],
          {"pixel_values": {0: "batch"}, "image_features": {0: "batch"}})
    tokens = {0: "batch", 1: "sequence"}
    write(model.get_input_embeddings(), folder / "embed_tokens.onnx", {"input_ids": ids}, ["inputs_embeds"],
          {"input_ids": tokens, "inputs_embeds": tokens})
    names = [f"{layer}.{part}" for layer in range(text.num_hidden_layers) for part in ("key", "value")]
    rows, past, length = 2, 4, 3
    inputs = {
        "inputs_embeds": torch.randn(rows, length, text.hidden_size),
        "attention_mask": torch.ones(rows, past + length, dtype=torch.long),
        "position_ids": torch.arange(past, past + length).repeat(rows, 1),
        **{f"past_key_values.{n}": torch.randn(rows, text.num_key_value_heads, past, text.head_dim) for n in names},
    }
    axes = {n: tokens for n in ("inputs_embeds", "position_ids", "logits")} | {"attention_mask": {0: "batch", 1: "total_sequence"}}
    axes |= {f"past_key_values.{n}": {0: "batch", 2: "past_sequence"} for n in names}
    axes |= {f"present.{n}": {0: "batch", 2: "total_sequence"} for n in names}
    write(Decoder(model), folder / "decoder_model_merged.onnx", inputs, ["logits", *(f"present.{n}" for n in names)], axes)

    embeddings = run(folder / "embed_tokens.onnx", {"input_ids": ids})[0]
    embeddings[ids.numpy() == model.config.image_token_index] = (
        run(folder / "vision_encoder.onnx", {"pixel_values": pixels})[0].reshape(-1, text.hidden_size))
    empty = np.zeros((len(ids), text.num_key_value_heads, 0, text.head_dim), np.float32)
    feeds = {"inputs_embeds": embeddings, "attention_mask": mask, "position_ids": torch.arange(ids.shape[1]).repeat(len(ids), 1)}
    logits = run(folder / "decoder_model_merged.onnx", feeds | {f"past_key_values.{n}": empty for n in names})[0]
    check(model, logits, ids, mask, pixels)
