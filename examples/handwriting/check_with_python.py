"""Runs a fine-tuned digits model with Python's stock onnxruntime and compares its accuracy with what the run states.

    pip install numpy pillow onnxruntime
    python examples/handwriting/check_with_python.py runs/digits

Reads nothing but the run's model folder (`model/onnx/model.onnx`, `config.json`, `preprocessor_config.json`), its
`summary.json`, and `test.npz` and `optdigits.npz` beside this script. Exit code 1 if an accuracy differs by more than one
example in a thousand, which rounding in another build of ONNX Runtime may turn; 2 if the run is not of this data.
"""

import argparse
import json
import pathlib
import sys

import numpy as np
import onnxruntime
from PIL import Image

DATA = pathlib.Path(__file__).parent / "data"
SETS = ("test", "optdigits")
TOLERANCE = 1e-3
BATCH = 100


def preprocess(image, how):
    """A grey image uint8 [H, W] as `preprocessor_config.json` wants it: float32 [channels, height, width]."""
    picture = Image.fromarray(image).convert("L" if how.get("do_convert_grayscale") else "RGB")
    if how["do_resize"]:
        size = (how["size"]["width"], how["size"]["height"])
        picture = picture.resize(size, Image.Resampling(how["resample"]))
    pixels = np.atleast_3d(np.asarray(picture)).astype(np.float64)
    # Mean and std are in the order of channels that the model takes.
    if how.get("do_flip_channel_order"):
        pixels = pixels[:, :, ::-1]
    if how["do_rescale"]:
        pixels = pixels * how["rescale_factor"]
    if how["do_normalize"]:
        pixels = (pixels - how["image_mean"]) / how["image_std"]
    channels_last = how.get("data_format") == "channels_last"
    return (pixels if channels_last else pixels.transpose(2, 0, 1)).astype(np.float32)


def accuracy(session, how, classes, file):
    """Share of the images of an `.npz` file whose largest logit is that of their label."""
    with np.load(file) as arrays:
        images, labels = arrays["images"], arrays["labels"]
    wanted = np.array([classes.index(str(label)) for label in labels])
    right = 0
    for start in range(0, len(images), BATCH):
        batch = np.stack([preprocess(image, how) for image in images[start : start + BATCH]])
        (logits, *_) = session.run(None, {session.get_inputs()[0].name: batch})
        right += int((logits.argmax(axis=-1) == wanted[start : start + BATCH]).sum())
    return right / len(images), len(images)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run", type=pathlib.Path, help="folder of a finished run")
    folder = parser.parse_args().run
    stated = {s["set"]: s for s in json.loads((folder / "summary.json").read_text()).get("sets", [])}
    missing = [name for name in SETS if name not in stated]
    if missing:
        print(f"{folder}: its summary has no set named {' or '.join(missing)}; it has {', '.join(stated) or 'none'}")
        return 2
    how = json.loads((folder / "model/preprocessor_config.json").read_text())
    labels = json.loads((folder / "model/config.json").read_text())["id2label"]
    classes = [labels[str(i)] for i in range(len(labels))]
    session = onnxruntime.InferenceSession(
        str(folder / "model/onnx/model.onnx"), providers=["CPUExecutionProvider"]
    )
    worst = 0.0
    print(f"{'set':<12}{'images':>8}{'Python':>10}{'the run':>10}")
    for name in SETS:
        got, count = accuracy(session, how, classes, DATA / f"{name}.npz")
        want = stated[name]["metrics"]["accuracy"]
        worst = max(worst, abs(got - want))
        print(f"{name:<12}{count:>8}{got:>10.4f}{want:>10.4f}")
    print(f"onnxruntime {onnxruntime.__version__}: {'the same' if worst <= TOLERANCE else 'NOT the same'}")
    return 0 if worst <= TOLERANCE else 1


sys.exit(main())
