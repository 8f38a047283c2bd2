"""Writes the digits as an image folder, as a user's own data would lie on a disk: one folder per class, a file per image.

    pip install numpy pillow
    python examples/handwriting/as_images.py [--format png|jpeg] [--per-class N]

Writes `.cache/images/{train,val,test}/{0..9}/` and `.cache/optdigits/{0..9}/` beside this script. PNG files hold the very
pixels of the `.npz` files, so a model is as accurate on the one as on the other.
"""

import argparse
import pathlib
import shutil

import numpy as np
from PIL import Image

HERE = pathlib.Path(__file__).parent
PARTS = {"train": "images/train", "validation": "images/val", "test": "images/test", "optdigits": "optdigits"}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--format", choices=("png", "jpeg"), default="png")
    parser.add_argument("--per-class", type=int, help="images of each digit in each part; all if left out")
    options = parser.parse_args()
    for name, part in PARTS.items():
        folder = HERE / ".cache" / part
        shutil.rmtree(folder, ignore_errors=True)
        with np.load(HERE / "data" / f"{name}.npz") as arrays:
            images, labels = arrays["images"], arrays["labels"]
        count = 0
        for digit in range(10):
            (folder / str(digit)).mkdir(parents=True)
            for i in np.flatnonzero(labels == digit)[: options.per_class]:
                Image.fromarray(images[i]).save(folder / str(digit) / f"{i:04}.{options.format}", quality=95)
                count += 1
        print(f"{folder.relative_to(HERE)}: {count} images")


main()
