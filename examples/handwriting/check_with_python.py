"""Runs a fine-tuned model with Python's stock onnxruntime and compares its accuracy with what the run states.

    pip install numpy pillow onnxruntime
    python examples/handwriting/check_with_python.py runs/quickstart/spd
    python examples/handwriting/check_with_python.py runs/mine --set test=my-images/test

Reads nothing but the run's model folder (`model/onnx/model.onnx`, `config.json`, `preprocessor_config.json`), its
`summary.json`, and the images: `.npz` files as in `data/`, or folders with a folder per class. Without `--set` it takes
the digits' `test` and `optdigits`. Exit code 1 if an accuracy differs by more than one example in a thousand, which
rounding in another build of ONNX Runtime may turn; 2 if the run has no set of a name.
"""

import argparse
import json
import pathlib
import sys

import numpy as np
import onnxruntime
from PIL import Image

DATA = pathlib.Path(__file__).parent / "data"
SETS = {"test": DATA / "test.npz", "optdigits": DATA / "optdigits.npz"}
TOLERANCE = 1e-3
BATCH = 100


def examples(where):
    """Pairs of a picture and the name of its class, from an `.npz` file or a folder of class folders."""
    if where.suffix == ".npz":
        with np.load(where) as arrays:
            images, labels = arrays["images"], arrays["labels"]
        return [(Image.fromarray(image), str(label)) for image, label in zip(images, labels)]
    return [(Image.open(file), folder.name) for folder in sorted(where.iterdir()) for file in sorted(folder.iterdir())]


def preprocess(picture, how):
    """A picture as `preprocessor_config.json` wants it: float32 [channels, height, width]."""
    picture = picture.convert("L" if how.get("do_convert_grayscale") else "RGB")
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


def accuracy(session, how, classes, where):
    """Share of the images whose largest logit is that of their class, and their number."""
    pairs = examples(where)
    right = 0
    for start in range(0, len(pairs), BATCH):
        pictures, names = zip(*pairs[start : start + BATCH])
        batch = np.stack([preprocess(picture, how) for picture in pictures])
        (logits, *_) = session.run(None, {session.get_inputs()[0].name: batch})
        right += int((logits.argmax(axis=-1) == [classes.index(name) for name in names]).sum())
    return right / len(pairs), len(pairs)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run", type=pathlib.Path, help="folder of a finished run")
    parser.add_argument("--set", action="append", metavar="NAME=PATH", help="a set of the run and its images")
    options = parser.parse_args()
    folder = options.run
    sets = SETS if options.set is None else {n: pathlib.Path(p) for n, p in (s.split("=", 1) for s in options.set)}
    stated = {s["set"]: s for s in json.loads((folder / "summary.json").read_text()).get("sets", [])}
    missing = [name for name in sets if name not in stated]
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
    for name, where in sets.items():
        got, count = accuracy(session, how, classes, where)
        want = stated[name]["metrics"]["accuracy"]
        worst = max(worst, abs(got - want))
        print(f"{name:<12}{count:>8}{got:>10.4f}{want:>10.4f}")
    print(f"onnxruntime {onnxruntime.__version__}: {'the same' if worst <= TOLERANCE else 'NOT the same'}")
    return 0 if worst <= TOLERANCE else 1


sys.exit(main())
