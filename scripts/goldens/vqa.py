"""A PaliGemma-shaped model of a few thousand weights, whole and in parts, for visual question answering.

    python -P scripts/goldens/vqa.py    # needs torch, onnx and transformers; writes test/fixtures/vqa/

A transformers PaliGemmaForConditionalGeneration (SigLIP tower, projector, Gemma) with random weights, exported as one
graph: input_ids [B, T], attention_mask [B, T] and pixel_values [B, 3, 16, 16] to logits [B, T, V]. Every prompt begins
with four image tokens, as PaliGemma's processor puts them. Beside it tokenizer.json (whole words), tokenizer_config.json,
preprocessor_config.json and config.json; and golden.json: the answers that `generate` writes greedily behind two
prompts with images, and the logits of one of them, from PyTorch.
The same weights in parts, as Transformers.js takes them, are in parts/: vision_encoder.onnx, embed_tokens.onnx and
decoder_model_merged.onnx with its key-value cache.
Written with torch 2.13.0 and transformers 5.24.0 (opset 17).
"""

import gzip
import json
import shutil
import sys
from pathlib import Path

import torch
from transformers import (
    GemmaConfig,
    PaliGemmaConfig,
    PaliGemmaForConditionalGeneration,
    SiglipVisionConfig,
)

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "examples/vqa"))
from export import Decoder, VisionEncoder, Whole  # noqa: E402

FOLDER = ROOT / "test/fixtures/vqa"
SIZE, PATCH, LENGTH = 16, 8, 24
IMAGE_TOKENS = (SIZE // PATCH) ** 2
WORDS = ["<pad>", "<eos>", "<bos>", "<unk>", "<image>", *"Question Answer : ? .".split()]
WORDS += "what colour is the square how many squares red green blue yellow 0 1 2 yes no".split()
IMAGE = WORDS.index("<image>")


def make_tokenizer():
    """Words and marks, with <bos> in front, as Gemma's tokenizer has it."""
    special = [
        {"id": i, "content": WORDS[i], "special": True, "normalized": False, "single_word": False, "lstrip": False, "rstrip": False}
        for i in range(5)
    ]
    single = [{"SpecialToken": {"id": "<bos>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}]
    return {
        "version": "1.0",
        "added_tokens": special,
        "normalizer": None,
        "pre_tokenizer": {"type": "Whitespace"},
        "post_processor": {
            "type": "TemplateProcessing",
            "single": single,
            "pair": single,
            "special_tokens": {"<bos>": {"id": "<bos>", "ids": [2], "tokens": ["<bos>"]}},
        },
        "decoder": None,
        "model": {"type": "WordLevel", "vocab": {w: i for i, w in enumerate(WORDS)}, "unk_token": "<unk>"},
    }


def write(module, file, inputs, outputs, dynamic_axes):
    torch.onnx.export(
        module,
        tuple(inputs.values()),
        str(file),
        input_names=list(inputs),
        output_names=outputs,
        dynamic_axes=dynamic_axes,
        opset_version=17,
        dynamo=False,
    )
    print(file.name, file.stat().st_size, "bytes;", len(gzip.compress(file.read_bytes())), "zipped")


torch.manual_seed(0)
shutil.rmtree(FOLDER, ignore_errors=True)
(FOLDER / "onnx").mkdir(parents=True)
(FOLDER / "parts").mkdir()
config = PaliGemmaConfig(
    vision_config=SiglipVisionConfig(
        hidden_size=16,
        intermediate_size=24,
        num_hidden_layers=1,
        num_attention_heads=2,
        image_size=SIZE,
        patch_size=PATCH,
        projection_dim=16,
        vision_use_head=False,
    ),
    text_config=GemmaConfig(
        vocab_size=len(WORDS),
        hidden_size=16,
        intermediate_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=1,
        head_dim=8,
        max_position_embeddings=LENGTH,
        pad_token_id=0,
        eos_token_id=1,
        bos_token_id=2,
    ),
    image_token_index=IMAGE,
    projection_dim=16,
    hidden_size=16,
    pad_token_id=0,
    eos_token_id=1,
    bos_token_id=2,
)
config._attn_implementation = "eager"
config.text_config._attn_implementation = "eager"
config.vision_config._attn_implementation = "eager"
model = PaliGemmaForConditionalGeneration(config).eval()

prompts = [
    "Question : what colour is the square ? Answer :".split(),
    "Question : how many squares ? Answer :".split(),
]
images = torch.linspace(-1, 1, 2 * 3 * SIZE * SIZE).reshape(2, 3, SIZE, SIZE)
images = torch.stack([images[0], images[1].flip(-1)])
ids = [torch.tensor([[IMAGE] * IMAGE_TOKENS + [2] + [WORDS.index(w) for w in p]]) for p in prompts]
inputs = {
    "input_ids": torch.nn.functional.pad(ids[0], (0, LENGTH - ids[0].shape[1])).repeat(2, 1),
    "attention_mask": torch.nn.functional.pad(torch.ones_like(ids[0]), (0, LENGTH - ids[0].shape[1])).repeat(2, 1),
    "pixel_values": images,
}
tokens = {0: "batch", 1: "sequence"}
axes = {name: tokens for name in ("input_ids", "attention_mask", "logits")} | {"pixel_values": {0: "batch"}}
write(Whole(model), FOLDER / "onnx/model.onnx", inputs, ["logits"], axes)

text = config.text_config
axes = {"pixel_values": {0: "batch"}, "image_features": {0: "batch"}}
write(VisionEncoder(model), FOLDER / "parts/vision_encoder.onnx", {"pixel_values": images}, ["image_features"], axes)
axes = {"input_ids": tokens, "inputs_embeds": tokens}
write(
    model.get_input_embeddings(),
    FOLDER / "parts/embed_tokens.onnx",
    {"input_ids": inputs["input_ids"]},
    ["inputs_embeds"],
    axes,
)
rows, seen, new = 2, 4, 3
names = [f"{layer}.{part}" for layer in range(text.num_hidden_layers) for part in ("key", "value")]
past = {f"past_key_values.{n}": torch.randn(rows, text.num_key_value_heads, seen, text.head_dim) for n in names}
axes = {name: tokens for name in ("inputs_embeds", "position_ids", "logits")}
axes |= {"attention_mask": {0: "batch", 1: "total_sequence"}}
axes |= {f"past_key_values.{n}": {0: "batch", 2: "past_sequence"} for n in names}
axes |= {f"present.{n}": {0: "batch", 2: "total_sequence"} for n in names}
write(
    Decoder(model).eval(),
    FOLDER / "parts/decoder_model_merged.onnx",
    {
        "inputs_embeds": torch.randn(rows, new, text.hidden_size),
        "attention_mask": torch.ones(rows, seen + new, dtype=torch.long),
        "position_ids": torch.arange(seen, seen + new).repeat(rows, 1),
        **past,
    },
    ["logits", *(f"present.{n}" for n in names)],
    axes,
)
config.save_pretrained(FOLDER)
(FOLDER / "tokenizer.json").write_text(json.dumps(make_tokenizer(), indent=1) + "\n")
settings = {"bos_token": "<bos>", "eos_token": "<eos>", "pad_token": "<pad>", "model_max_length": LENGTH}
(FOLDER / "tokenizer_config.json").write_text(json.dumps(settings, indent=1) + "\n")
preprocessor = {
    "image_processor_type": "SiglipImageProcessor",
    "do_resize": True,
    "size": {"height": SIZE, "width": SIZE},
    "resample": 3,
    "do_rescale": True,
    "rescale_factor": 1 / 255,
    "do_normalize": True,
    "image_mean": [0.5, 0.5, 0.5],
    "image_std": [0.5, 0.5, 0.5],
    "image_seq_length": IMAGE_TOKENS,
}
(FOLDER / "preprocessor_config.json").write_text(json.dumps(preprocessor, indent=1) + "\n")


def greedy(tokens, image, count=3):
    """Without a cache: everything is computed anew for each token."""
    own = tokens
    for _ in range(count):
        logits = model(
            input_ids=own, attention_mask=torch.ones_like(own), pixel_values=image[None], use_cache=False
        ).logits
        own = torch.cat([own, logits[:, -1:].argmax(-1)], 1)
    return own[0, tokens.shape[1] :].tolist()


with torch.no_grad():
    logits = Whole(model)(ids[0], torch.ones_like(ids[0]), images[:1])
    golden = {
        "prompts": [t[0].tolist() for t in ids],
        "images": [float(f"{v:.6g}") for v in images.flatten().tolist()],
        "answers": [greedy(t, image) for t, image in zip(ids, images)],
        "logits": [float(f"{v:.7g}") for v in logits.flatten().tolist()],
    }
(FOLDER / "golden.json").write_text(json.dumps(golden) + "\n")
