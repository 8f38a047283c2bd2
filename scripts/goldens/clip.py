"""A CLIP-shaped pair of towers, and the zero-shot logits that Python computes with them.

    python -P scripts/goldens/clip.py    # -P: statistics.py beside it is not the standard one; needs torch, onnx and transformers; writes src/training/fixtures/clip/

A transformers CLIPModel of two small transformers is trained for a moment on squares of one colour and captions of them, so that
zero-shot classification is better than chance. Written are, as Transformers.js has them, the towers
(onnx/vision_model.onnx with image_embeds, onnx/text_model.onnx with text_embeds), the model in one file
(onnx/model.onnx), tokenizer.json, tokenizer_config.json, preprocessor_config.json, config.json; and golden.json: class names,
templates, the logit scale, `images` uint8 [N, 16, 16, 3], their `labels`, the zero-shot classifier [C, D] before the scale,
and `logits` [N, C]. The recipe is open_clip's: the mean over templates of normalised text embeddings, normalised.
Written with torch 2.13.0 and transformers 5.24.0 (opset 17).
"""

import json
import shutil
from pathlib import Path

import numpy as np
import torch
from transformers import CLIPConfig, CLIPModel, CLIPTokenizer

FOLDER = Path(__file__).parents[2] / "src/training/fixtures/clip"
SIZE, STEPS = 16, 250
COLOURS = {"red": (220, 40, 40), "green": (40, 200, 60), "dark_blue": (30, 40, 160), "yellow": (230, 220, 50)}
CAPTIONS = ["a photo of a {}.", "a {} square", "something {}", "the {} one"]
TEMPLATES = ["a photo of a {}.", "a blurry picture of something {}"]
MEAN, STD = [0.48, 0.46, 0.41], [0.27, 0.26, 0.28]


def make_tokenizer():
    """CLIP's own tokenizer with an alphabet of letters, and merges of the most usual words."""
    letters = "abcdefghijklmnopqrstuvwxyz.,"
    symbols = [*letters, *(f"{c}</w>" for c in letters)]
    merges = [("p", "h"), ("ph", "o"), ("t", "o</w>"), ("pho", "to</w>"), ("r", "e"), ("re", "d</w>"), ("b", "l"), ("bl", "u")]
    words = [*symbols, *("".join(m) for m in merges), "<|startoftext|>", "<|endoftext|>"]
    tokenizer = CLIPTokenizer(vocab={w: i for i, w in enumerate(words)}, merges=merges, model_max_length=48)
    return tokenizer, len(words)


def make_images(labels, random):
    """uint8 [N, SIZE, SIZE, 3]: a square of the colour somewhere on grey noise."""
    images = random.integers(90, 150, (len(labels), SIZE, SIZE, 3))
    for image, label in zip(images, labels):
        side = random.integers(7, 13)
        top, left = random.integers(0, SIZE - side, 2)
        colour = np.array(list(COLOURS.values())[label]) + random.integers(-25, 25, 3)
        image[top : top + side, left : left + side] = colour + random.integers(-15, 15, (side, side, 3))
    return images.clip(0, 255).astype(np.uint8)


def pixels(images):
    x = torch.from_numpy(images).float() / 255
    return ((x - torch.tensor(MEAN)) / torch.tensor(STD)).permute(0, 3, 1, 2)


def tower(size):
    return {
        "hidden_size": size,
        "intermediate_size": 2 * size,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "projection_dim": 12,
    }


def train(model, tokenizer, random):
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3)
    for _ in range(STEPS):
        order = random.permutation(len(COLOURS))
        names = [list(COLOURS)[i].replace("_", " ") for i in order]
        texts = [CAPTIONS[random.integers(len(CAPTIONS))].format(name) for name in names]
        inputs = tokenizer(texts, padding=True, return_tensors="pt")
        loss = model(**inputs, pixel_values=pixels(make_images(order, random)), return_loss=True).loss
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    print(f"loss {loss.item():.3f}")


class Vision(torch.nn.Module):
    def __init__(self, clip):
        super().__init__()
        self.vision_model, self.visual_projection = clip.vision_model, clip.visual_projection

    def forward(self, pixel_values):
        return self.visual_projection(self.vision_model(pixel_values=pixel_values).pooler_output)


class Text(torch.nn.Module):
    def __init__(self, clip):
        super().__init__()
        self.text_model, self.text_projection = clip.text_model, clip.text_projection

    def forward(self, input_ids, attention_mask):
        out = self.text_model(input_ids=input_ids, attention_mask=attention_mask)
        return self.text_projection(out.pooler_output)


class Whole(torch.nn.Module):
    def __init__(self, clip):
        super().__init__()
        self.clip = clip

    def forward(self, input_ids, pixel_values, attention_mask):
        out = self.clip(input_ids=input_ids, pixel_values=pixel_values, attention_mask=attention_mask)
        return out.logits_per_image, out.logits_per_text, out.text_embeds, out.image_embeds


def export(module, inputs, outputs, file):
    axes = {name: {0: "image_batch" if name == "pixel_values" else "text_batch"} for name in inputs}
    for name in inputs:
        if name != "pixel_values":
            axes[name][1] = "sequence"
    torch.onnx.export(
        module,
        tuple(inputs.values()),
        str(FOLDER / "onnx" / file),
        input_names=list(inputs),
        output_names=outputs,
        dynamic_axes={**axes, "image_embeds": {0: "image_batch"}, "text_embeds": {0: "text_batch"}},
        opset_version=17,
        dynamo=False,
    )


def numbers(tensor):
    return [float(f"{v:.9g}") for v in tensor.detach().double().flatten().tolist()]


torch.manual_seed(0)
random = np.random.default_rng(0)
shutil.rmtree(FOLDER, ignore_errors=True)
(FOLDER / "onnx").mkdir(parents=True)
tokenizer, words = make_tokenizer()
config = CLIPConfig(
    text_config={
        **tower(16),
        "vocab_size": words,
        "max_position_embeddings": 48,
        "bos_token_id": words - 2,
        "eos_token_id": words - 1,
        "pad_token_id": words - 1,
    },
    vision_config={**tower(20), "image_size": SIZE, "patch_size": 4},
    projection_dim=12,
)
config._attn_implementation = "eager"
clip = CLIPModel(config)
train(clip, tokenizer, random)
clip.eval()

labels = random.integers(0, len(COLOURS), 24)
images = make_images(labels, random)
with torch.no_grad():
    weights = []
    for name in COLOURS:
        texts = [t.format(name.replace("_", " ")) for t in TEMPLATES]
        embeds = Text(clip)(**tokenizer(texts, padding=True, return_tensors="pt"))
        mean = (embeds / embeds.norm(dim=-1, keepdim=True)).mean(0)
        weights.append(mean / mean.norm())
    weights = torch.stack(weights)
    embeds = Vision(clip)(pixels(images))
    scale = clip.logit_scale.exp()
    logits = scale * (embeds / embeds.norm(dim=-1, keepdim=True)) @ weights.T
print("zero-shot accuracy", (logits.argmax(-1).numpy() == labels).mean(), "scale", scale.item())

ids = tokenizer(["a photo of a red.", "a {}"], padding=True, return_tensors="pt")
text_inputs = {"input_ids": ids["input_ids"], "attention_mask": ids["attention_mask"]}
image_input = {"pixel_values": pixels(images[:2])}
export(Vision(clip), image_input, ["image_embeds"], "vision_model.onnx")
export(Text(clip), text_inputs, ["text_embeds"], "text_model.onnx")
whole = {"input_ids": ids["input_ids"], **image_input, "attention_mask": ids["attention_mask"]}
export(Whole(clip), whole, ["logits_per_image", "logits_per_text", "text_embeds", "image_embeds"], "model.onnx")
tokenizer.save_pretrained(FOLDER)
config.save_pretrained(FOLDER)
preprocessor = {
    "image_processor_type": "CLIPImageProcessor",
    "do_resize": True,
    "size": {"shortest_edge": SIZE},
    "resample": 3,
    "do_center_crop": True,
    "crop_size": {"height": SIZE, "width": SIZE},
    "do_rescale": True,
    "rescale_factor": 1 / 255,
    "do_normalize": True,
    "image_mean": MEAN,
    "image_std": STD,
}
(FOLDER / "preprocessor_config.json").write_text(json.dumps(preprocessor, indent=2) + "\n")
golden = {
    "classes": list(COLOURS),
    "templates": TEMPLATES,
    "scale": scale.item(),
    "images": images.flatten().tolist(),
    "labels": labels.tolist(),
    "classifier": numbers(weights),
    "logits": numbers(logits),
}
(FOLDER / "golden.json").write_text(json.dumps(golden) + "\n")
