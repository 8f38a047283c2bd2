"""Optdigits as training, validation and test set, for the way back to MNIST.

    python examples/handwriting/split_optdigits.py

Writes `.cache/optdigits/{train,validation,test}.npz` from data/optdigits.npz. The parts are stretches of the file and not
drawn at random: neighbours in it are often by the same of its 13 writers, whom parts drawn at random would share.
"""

import pathlib

import numpy as np

HERE = pathlib.Path(__file__).parent
OUT = HERE / ".cache" / "optdigits"
ENDS = {"train": 1200, "validation": 1300, "test": 1797}

digits = np.load(HERE / "data" / "optdigits.npz")
OUT.mkdir(parents=True, exist_ok=True)
start = 0
for part, end in ENDS.items():
    np.savez_compressed(OUT / f"{part}.npz", images=digits["images"][start:end], labels=digits["labels"][start:end])
    print(part, np.bincount(digits["labels"][start:end]))
    start = end
