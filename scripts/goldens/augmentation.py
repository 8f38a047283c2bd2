"""Writes the goldens of src/data/augment and of masks: what torchvision makes of small images, and PNGs of every kind by Pillow.

    pip install numpy pillow==12.0.0 torch torchvision
    python -P scripts/goldens/augmentation.py    (-P: another script here bears the name of a module of Python)

Versions at the last run: numpy 2.4.6, pillow 12.0.0, torch 2.13.0, torchvision 0.28.0.
"""

import base64
import io
import json
import pathlib
import sys
import types

import numpy as np
from PIL import Image

# Only functions on Pillow's images are used: compiled operators, which may be built for another torch, are not needed.
sys.modules.setdefault("torchvision._meta_registrations", types.ModuleType("unused"))
from torchvision.transforms import InterpolationMode  # noqa: E402
from torchvision.transforms import functional as F  # noqa: E402
from torchvision.transforms.autoaugment import RandAugment, _apply_op  # noqa: E402

OUT = pathlib.Path(__file__).parents[2] / "src" / "data" / "goldens"
NAMES = {
    "Identity": "identity",
    "ShearX": "shear-x",
    "ShearY": "shear-y",
    "TranslateX": "translate-x",
    "TranslateY": "translate-y",
    "Rotate": "rotate",
    "Brightness": "brightness",
    "Color": "saturation",
    "Contrast": "contrast",
    "Sharpness": "sharpness",
    "Posterize": "posterize",
    "Solarize": "solarize",
    "AutoContrast": "auto-contrast",
    "Equalize": "equalize",
}


def picture(height, width, channels, seed):
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width]
    planes = []
    for c in range(channels):
        plane = 110 + 60 * np.sin((x + 2 * c) / 3.0) + 40 * np.cos(y / (2.0 + c)) + rng.integers(-15, 16, (height, width))
        plane[: height // 3, width // 2 :] = 230 - 60 * c
        planes.append(plane)
    return np.clip(np.stack(planes, -1), 0, 255).astype(np.uint8)


def pillow(pixels):
    return Image.fromarray(pixels if pixels.shape[2] == 3 else pixels[:, :, 0])


def as_json(pixels):
    pixels = np.asarray(pixels)
    if pixels.ndim == 2:
        pixels = pixels[:, :, None]
    height, width, channels = pixels.shape
    return {"height": height, "width": width, "channels": channels, "data": pixels.flatten().tolist()}


def write(name, value):
    (OUT / name).write_text(json.dumps(value, separators=(",", ":")) + "\n")


def operations():
    sources = [picture(11, 14, 3, 1), picture(11, 14, 1, 2)]
    cases = []
    for which, source in enumerate(sources):
        image = pillow(source)
        space = RandAugment()._augmentation_space(31, (source.shape[0], source.shape[1]))
        for operation, (magnitudes, signed) in space.items():
            for level in [9, 30]:
                magnitude = float(magnitudes[level]) if magnitudes.ndim else 0.0
                for sign in [1, -1] if signed else [1]:
                    out = _apply_op(image, operation, sign * magnitude, InterpolationMode.NEAREST, None)
                    cases.append({"source": which, "operation": NAMES[operation], "strength": sign * level / 30, "image": as_json(out)})
        for turn in [-0.5, -0.13, 0.07, 0.4]:
            cases.append({"source": which, "operation": "hue", "strength": turn, "image": as_json(F.adjust_hue(image, turn))})
    write("augmentation.json", {"sources": [as_json(s) for s in sources], "cases": cases})


def encoded(image, **options):
    out = io.BytesIO()
    image.save(out, "PNG", **options)
    return base64.b64encode(out.getvalue()).decode()


def masks():
    rng = np.random.default_rng(3)
    y, x = np.mgrid[0:11, 0:13]
    smooth = (y * 3 + x * 5) % 256
    cases = []

    def add(name, image, numbers, **options):
        numbers = np.asarray(numbers)
        cases.append({"name": name, "bytes": encoded(image, **options), "height": 11, "width": 13, "samples": numbers.flatten().tolist()})

    for bits in [1, 2, 4, 8]:
        index = (rng.integers(0, 2**bits, (11, 13)) if bits < 8 else smooth).astype(np.uint8)
        image = Image.fromarray(index, "P")
        image.putpalette(rng.integers(0, 256, 3 * 2**bits).astype(np.uint8).tobytes())
        add(f"palette of {bits} bits", image, index, bits=bits)
    add("grey of 8 bits", Image.fromarray(smooth.astype(np.uint8)), smooth)
    one = rng.integers(0, 2, (11, 13)).astype(bool)
    add("grey of 1 bit", Image.fromarray(one), one.astype(int))
    wide = (smooth * 257 + 3).astype(np.uint16)
    add("grey of 16 bits", Image.fromarray(wide), wide)
    colour = np.stack([smooth, 255 - smooth, rng.integers(0, 256, (11, 13))], -1).astype(np.uint8)
    add("red, green, blue", Image.fromarray(colour), colour)
    alpha = np.concatenate([colour, rng.integers(0, 256, (11, 13, 1)).astype(np.uint8)], -1)
    add("red, green, blue, alpha", Image.fromarray(alpha), alpha)
    add("grey with alpha", Image.fromarray(alpha[:, :, 2:], "LA"), alpha[:, :, 2:])
    write("masks.json", cases)


operations()
masks()
