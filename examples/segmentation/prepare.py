"""Writes a texture classifier (ONNX) and images of textures with masks, from photographs that scikit-image ships.

    pip install numpy pillow scikit-image torch onnx onnxscript
    python examples/segmentation/prepare.py [FOLDER]

The photographs `brick`, `grass` and `gravel` are CC0 (from CC0 Textures, see scikit-image's data/README.txt). The left
half of each teaches the classifier, the right half is what the segmentation data is cut out of, so that no pixel is in
both. Fourth class: a smooth gradient under noise, `plain`. About a minute on one core; 5 MB.
"""

import importlib.util
import pathlib
import shutil
import sys

import numpy as np
import torch
from PIL import Image

OUT = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "examples/segmentation/.cache")
PHOTOGRAPHS = pathlib.Path(importlib.util.find_spec("skimage").submodule_search_locations[0]) / "data"
NAMES = ["plain", "brick", "grass", "gravel"]
SIZE = 64
SETS = {"train": 96, "val": 32, "test": 64}
IGNORED = 255


def textures(half):
    """Grey textures, float 0 … 255, one half of each photograph, at half its size: 256 x 128."""
    found = {}
    for name in NAMES[1:]:
        image = Image.open(PHOTOGRAPHS / f"{name}.png").convert("L").resize((256, 256), Image.Resampling.BOX)
        pixels = np.asarray(image, np.float32)
        found[name] = pixels[:, :128] if half == "left" else pixels[:, 128:]
    return found


def patch(source, name, rng):
    """A SIZE x SIZE piece of a texture, mirrored at random, its light and contrast drawn."""
    if name == "plain":
        y, x = np.mgrid[0:SIZE, 0:SIZE] / SIZE
        a, b = rng.uniform(-60, 60, 2)
        piece = 128 + a * y + b * x + rng.normal(0, 4, (SIZE, SIZE))
    else:
        whole = source[name]
        top, left = (rng.integers(0, n - SIZE + 1) for n in whole.shape)
        piece = whole[top : top + SIZE, left : left + SIZE]
        piece = piece[:, ::-1] if rng.random() < 0.5 else piece
    return np.clip(128 + (piece - piece.mean()) * rng.uniform(0.7, 1.3) + rng.uniform(-25, 25), 0, 255)


def scene(source, rng):
    """Two to four textures, each nearest to a point of its own; a line of pixels between them does not count."""
    count = rng.integers(2, 5)
    classes = rng.permutation(len(NAMES))[:count]
    y, x = np.mgrid[0:SIZE, 0:SIZE]
    points = rng.uniform(0, SIZE, (count, 2))
    wave = 3 * np.sin(y / rng.uniform(4, 9) + rng.uniform(0, 6))
    distances = np.stack([np.hypot(y - py, x + wave - px) for py, px in points])
    order = np.sort(distances, 0)
    mask = classes[distances.argmin(0)].astype(np.uint8)
    image = np.zeros((SIZE, SIZE), np.float32)
    for c in classes:
        image[mask == c] = patch(source, NAMES[c], rng)[mask == c]
    mask[order[1] - order[0] < 1] = IGNORED
    return image.round().astype(np.uint8), mask


def write_scenes():
    source = textures("right")
    (OUT / "textures").mkdir(parents=True, exist_ok=True)
    (OUT / "textures" / "classes.txt").write_text("\n".join(NAMES) + "\n")
    palette = [90, 90, 90, 190, 60, 40, 60, 160, 60, 70, 90, 200] + [0] * (256 * 3 - 12)
    for seed, (part, count) in enumerate(SETS.items()):
        rng = np.random.default_rng(seed)
        for kind in ["images", "masks"]:
            (OUT / "textures" / part / kind).mkdir(parents=True, exist_ok=True)
        for i in range(count):
            image, mask = scene(source, rng)
            Image.fromarray(image).save(OUT / "textures" / part / "images" / f"{i:03}.png")
            indexed = Image.fromarray(mask, "P")
            indexed.putpalette(palette)
            indexed.save(OUT / "textures" / part / "masks" / f"{i:03}.png")
    # Eight of them to learn by heart.
    for kind in ["images", "masks"]:
        (OUT / "eight" / kind).mkdir(parents=True, exist_ok=True)
        for i in range(8):
            shutil.copy(OUT / "textures" / "train" / kind / f"{i:03}.png", OUT / "eight" / kind)
    shutil.copy(OUT / "textures" / "classes.txt", OUT / "eight")


class Classifier(torch.nn.Module):
    """Three convolutions of stride 2, so that the last map is an eighth of the image and the one before a quarter."""

    def __init__(self):
        super().__init__()
        blocks, before = [], 1
        for channels in [16, 32, 48]:
            blocks += [torch.nn.Conv2d(before, channels, 3, 2, 1), torch.nn.ReLU()]
            blocks += [torch.nn.Conv2d(channels, channels, 3, 1, 1), torch.nn.ReLU()]
            before = channels
        self.features = torch.nn.Sequential(*blocks)
        self.classifier = torch.nn.Linear(before, len(NAMES))

    def forward(self, image):
        return self.classifier(self.features(image).mean((2, 3)))


def write_classifier():
    torch.manual_seed(0)
    torch.set_num_threads(1)
    rng = np.random.default_rng(7)
    source = textures("left")
    model = Classifier()
    optimizer = torch.optim.Adam(model.parameters(), 2e-3)
    right = []
    for step in range(400):
        labels = rng.integers(0, len(NAMES), 32)
        images = np.stack([patch(source, NAMES[c], rng) for c in labels])[:, None] / 255
        logits = model(torch.tensor(images, dtype=torch.float32))
        loss = torch.nn.functional.cross_entropy(logits, torch.tensor(labels))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        right.append((logits.argmax(1).numpy() == labels).mean())
    print(f"the classifier of textures gets {100 * np.mean(right[-50:]):.1f} % of its last 1,600 patches right")
    (OUT / "classifier").mkdir(parents=True, exist_ok=True)
    torch.onnx.export(
        model.eval(),
        torch.zeros(2, 1, SIZE, SIZE),
        OUT / "classifier" / "model.onnx",
        input_names=["image"],
        output_names=["logits"],
        dynamic_axes={"image": {0: "batch"}, "logits": {0: "batch"}},
        opset_version=18,
        dynamo=False,
    )


write_scenes()
write_classifier()
