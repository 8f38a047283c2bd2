"""Writes the goldens of src/data: what NumPy, Pillow, OpenCV and Transformers make of small made-up images.

    pip install numpy pillow==12.0.0 opencv-python-headless transformers
    python scripts/goldens/data.py

Versions at the last run: numpy 2.4.6, pillow 12.0.0 (13 may run the passes of a resize in the other order), opencv 5.0.0, transformers 5.24.0.
"""

import base64
import colorsys
import hashlib
import io
import json
import pathlib

import cv2
import numpy as np
import transformers
from PIL import Image

OUT = pathlib.Path(__file__).parents[2] / "src" / "data" / "goldens"
transformers.logging.set_verbosity_error()


def picture(height, width, channels, seed):
    """A smooth ramp with noise and a hard edge, uint8."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width]
    planes = []
    for c in range(channels):
        plane = 90 + 70 * np.sin((x + 2 * c) / 3.0) + 50 * np.cos(y / (2.0 + c)) + rng.integers(-20, 21, (height, width))
        plane[: height // 3, width // 2 :] = 255 - 60 * c
        planes.append(plane)
    planes = np.clip(np.stack(planes, -1), 0, 255).astype(np.uint8)
    planes[-1, 0] = 0
    return planes


def as_json(image):
    height, width, channels = image.shape
    return {"height": height, "width": width, "channels": channels, "data": image.flatten().tolist()}


def text(data):
    return base64.b64encode(data).decode()


def write(name, value):
    OUT.mkdir(exist_ok=True)
    (OUT / name).write_text(json.dumps(value, separators=(",", ":")) + "\n")


def resizes():
    filters = ["nearest", "lanczos", "bilinear", "bicubic", "box", "hamming"]
    source = picture(13, 17, 3, 1)
    cases = []
    for code, name in enumerate(filters):
        for height, width in [(7, 9), (20, 31), (13, 5), (40, 17)]:
            result = np.asarray(Image.fromarray(source).resize((width, height), code))
            cases.append({"resample": name, "image": as_json(result)})
    grey = picture(9, 11, 1, 2)
    small = np.asarray(Image.fromarray(grey[..., 0]).resize((6, 5), 3))[..., None]
    luma = np.asarray(Image.fromarray(source).convert("L"))[..., None]
    return {
        "source": as_json(source),
        "cases": cases,
        "grey": as_json(grey),
        "greySmall": as_json(small),
        "luma": as_json(luma),
        "photographs": photographs(),
    }


def noise(count):
    """The high bytes of a linear congruential generator, which a test makes again."""
    state, out = 1, bytearray()
    for _ in range(count):
        state = (state * 1664525 + 1013904223) % 2**32
        out.append(state >> 24)
    return np.frombuffer(bytes(out), np.uint8)


def photographs():
    """Digests of resizes at the sizes of photographs: noise over- and undershoots more than any picture."""
    cases = []
    for (height, width, channels), (to_height, to_width), code, name in [
        ((480, 640, 3), (224, 224), 2, "bilinear"),
        ((427, 640, 3), (256, 383), 3, "bicubic"),
        ((333, 501, 3), (384, 384), 1, "lanczos"),
        ((480, 640, 1), (97, 640), 5, "hamming"),
        ((600, 400, 1), (600, 211), 1, "lanczos"),
    ]:
        pixels = noise(height * width * channels).reshape(height, width, channels)
        image = Image.fromarray(pixels if channels == 3 else pixels[..., 0])
        result = np.asarray(image.resize((to_width, to_height), code))
        source = {"height": height, "width": width, "channels": channels}
        to = {"height": to_height, "width": to_width}
        cases.append({"source": source, "to": to, "resample": name, "sha256": hashlib.sha256(result.tobytes()).hexdigest()})
    return cases


def processors():
    source = picture(13, 17, 3, 3)
    tall = picture(21, 12, 3, 4)
    grey = picture(10, 10, 1, 5)
    mean, std = [0.48145466, 0.4578275, 0.40821073], [0.26862954, 0.26130258, 0.27577711]
    clip = {"size": {"shortest_edge": 9}, "crop_size": {"height": 8, "width": 8}, "image_mean": mean, "image_std": std}
    recipes = [
        ("ViTImageProcessorPil", {"size": {"height": 8, "width": 8}}, source),
        ("ViTImageProcessorPil", {"size": {"height": 6, "width": 10}, "do_rescale": False, "do_normalize": False}, tall),
        ("ViTImageProcessorPil", {"size": {"height": 8, "width": 8}}, np.repeat(grey, 3, -1)),
        ("CLIPImageProcessorPil", clip, source),
        ("CLIPImageProcessorPil", clip, tall),
        ("CLIPImageProcessorPil", {**clip, "size": {"shortest_edge": 5}}, source),
        ("ConvNextImageProcessorPil", {"size": {"shortest_edge": 8}, "crop_pct": 0.875}, tall),
        ("ConvNextImageProcessorPil", {"size": {"shortest_edge": 384}, "crop_pct": 0.875}, picture(3, 4, 3, 6)),
    ]
    cases = []
    for name, options, image in recipes:
        processor = getattr(transformers, name)(**options)
        values = processor(Image.fromarray(image), return_tensors="np")["pixel_values"][0]
        case = {"config": json.loads(processor.to_json_string()), "image": as_json(image), "dims": list(values.shape)}
        if values.size <= 1000:
            case["values"] = [float(v) for v in values.astype(np.float32).flatten()]
        else:  # Too large to keep whole: every 997th number.
            case["every997"] = [float(v) for v in values.astype(np.float32).flatten()[::997]]
        cases.append(case)
    return cases


def disk(radius, alias_blur):
    reach = np.arange(-8, 9) if radius <= 8 else np.arange(-radius, radius + 1)
    side = (3, 3) if radius <= 8 else (5, 5)
    x, y = np.meshgrid(reach, reach)
    aliased = np.array((x**2 + y**2) <= radius**2, dtype=np.float64)
    return cv2.GaussianBlur(aliased / aliased.sum(), ksize=side, sigmaX=alias_blur)


def plasma(size, decay, rng, drawn):
    grid = np.zeros((size, size))
    step, wibble = size, 100.0

    def wibbled(total):
        u = rng.random(total.shape)
        drawn.extend(u.flatten().tolist())
        return total / 4 + wibble * (-wibble + 2 * wibble * u)

    while step >= 2:
        half = step // 2
        corners = grid[0::step, 0::step]
        corners = corners + np.roll(corners, -1, axis=0)
        corners = corners + np.roll(corners, -1, axis=1)
        grid[half::step, half::step] = wibbled(corners)
        centres, corners = grid[half::step, half::step], grid[0::step, 0::step]
        across = centres + np.roll(centres, 1, axis=0) + corners + np.roll(corners, -1, axis=1)
        down = centres + np.roll(centres, 1, axis=1) + corners + np.roll(corners, -1, axis=0)
        grid[0::step, half::step] = wibbled(across)
        grid[half::step, 0::step] = wibbled(down)
        step, wibble = half, wibble / decay
    grid -= grid.min()
    return grid / grid.max()


def corruptions():
    colour, grey = picture(12, 20, 3, 7), picture(20, 12, 1, 8)
    blur = []
    for radius, sigma in [(0.3, 0.4), (0.5, 0.6), (1.5, 0.1), (3, 0.1), (4, 0.5), (8, 0.5), (10, 0.5)]:
        for image in (colour, grey):
            planes = [cv2.filter2D(image[..., c] / 255.0, -1, disk(radius, sigma)) for c in range(image.shape[2])]
            blur.append({"constants": [radius, sigma], "values": np.stack(planes, -1).flatten().round(9).tolist()})
    bright = []
    for b in (0.1, 0.3, 0.5):
        for image in (colour, grey):
            out = []
            for pixel in (image / 255.0).reshape(-1, image.shape[2]):
                if len(pixel) == 1:
                    out.append(float(np.clip(pixel[0] + b, 0, 1)))
                    continue
                h, s, v = colorsys.rgb_to_hsv(*pixel)
                out.extend(colorsys.hsv_to_rgb(h, s, min(1.0, v + b)))
            bright.append({"constants": b, "values": np.round(out, 9).tolist()})
    fog = []
    for factor, decay in [(0.2, 3), (1.5, 1.75), (2.5, 1.7)]:
        for image in (colour, grey):
            drawn = []
            cloud = plasma(32, decay, np.random.default_rng(9), drawn)
            x = image / 255.0
            height, width, _ = x.shape
            top = x.max()
            x = (x + factor * cloud[:height, :width, None]) * top / (top + factor)
            fog.append({"constants": [factor, decay], "values": x.flatten().round(9).tolist()})
    drawn = [float(u) for u in np.random.default_rng(9).random(2)]
    uniforms = []
    plasma(32, 2, np.random.default_rng(9), uniforms)
    assert uniforms[:2] == drawn
    return {
        "colour": as_json(colour),
        "grey": as_json(grey),
        "uniforms": np.round(uniforms, 12).tolist(),
        "defocusBlur": blur,
        "brightness": bright,
        "fog": fog,
    }


def encoded(image, kind, **options):
    out = io.BytesIO()
    Image.fromarray(image if image.shape[2] > 1 else image[..., 0]).save(out, kind, **options)
    return text(out.getvalue())


def image_files():
    colour, grey = picture(6, 9, 3, 10), picture(5, 7, 1, 11)
    alpha = np.concatenate([colour, np.full((6, 9, 1), 100, np.uint8)], -1)
    palette = io.BytesIO()
    quantised = Image.fromarray(colour).quantize(16)
    quantised.save(palette, "png")
    turned = Image.Exif()
    turned[0x0112] = 6  # The camera was held upright: turn by 90 degrees clockwise to view.
    deep = io.BytesIO()
    Image.fromarray(grey[..., 0].astype(np.uint16) * 257).save(deep, "png")
    smooth = np.asarray(Image.fromarray(picture(4, 6, 3, 12)).resize((48, 32), 2))
    decoded = np.asarray(Image.open(io.BytesIO(base64.b64decode(encoded(smooth, "jpeg", quality=95)))))
    return [
        {"name": "colour.png", "bytes": encoded(colour, "png"), "image": as_json(colour), "within": 0},
        {"name": "grey.png", "bytes": encoded(grey, "png"), "image": as_json(grey), "within": 0},
        {"name": "alpha.png", "bytes": encoded(alpha, "png"), "image": as_json(colour), "within": 0},
        {"name": "palette.png", "bytes": text(palette.getvalue()), "image": as_json(np.asarray(quantised.convert("RGB"))), "within": 0},
        {"name": "deep.png", "bytes": text(deep.getvalue()), "image": as_json(grey), "within": 0},
        {"name": "colour.webp", "bytes": encoded(colour, "webp", lossless=True), "image": as_json(colour), "within": 0},
        {"name": "turned.png", "bytes": encoded(colour, "png", exif=turned), "image": as_json(np.ascontiguousarray(np.rot90(colour, -1))), "within": 0},
        {"name": "smooth.jpg", "bytes": encoded(smooth, "jpeg", quality=95), "image": as_json(decoded), "within": 3},
    ]


def arrays():
    values = {
        "f4": np.arange(6, dtype=np.float32).reshape(2, 3) / 3,
        "f8": np.array([1.5, -2.25]),
        "f2": np.array([0.5, 3], np.float16),
        "i8": np.array([[-1], [2**40]]),
        "u1": np.arange(12, dtype=np.uint8).reshape(2, 2, 3),
        "b1": np.array([True, False]),
        "scalar": np.array(7, np.int32),
        "text": np.array(["null", "eins", "zwölf"]),
        "fortran1d": np.asfortranarray(np.array([1, 2], np.int16)),
    }
    stored, packed = io.BytesIO(), io.BytesIO()
    np.savez(stored, **values)
    np.savez_compressed(packed, **values)
    bad = io.BytesIO()
    np.savez(bad, fortran=np.asfortranarray(np.ones((2, 3))), big=np.ones(2, ">f4"), complex=np.ones(2, complex))
    return {
        "stored": text(stored.getvalue()),
        "packed": text(packed.getvalue()),
        "bad": text(bad.getvalue()),
        "values": {k: {"dims": list(v.shape), "values": v.flatten().tolist()} for k, v in values.items()},
    }


write("resize.json", resizes())
write("processors.json", processors())
write("corruptions.json", corruptions())
write("images.json", image_files())
write("arrays.json", arrays())
