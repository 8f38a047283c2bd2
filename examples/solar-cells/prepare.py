"""Sorts the photographs of elpv-dataset into image folders: one folder per class, mono-crystalline cells for training.

    python examples/solar-cells/prepare.py

Writes `.cache/cells/mono/{train,val,test}/{functional,defective}/*.png` and `.cache/cells/poly/{functional,defective}/*.png`:
8-bit grey PNG files of 300x300 pixels, as the package has them. Needs nothing but Python.

The data set (Buerhop-Lutz and others, 2018; 92 MB) is CC BY-NC-SA 4.0: for local, non-commercial use, so nothing of it is
committed here. Its labels are probabilities of a defect in four steps (0, 1/3, 2/3, 1); a cell counts as defective from 1/2 on.
"""

import random
import shutil

from wheels import CACHE, unpacked

OUT = CACHE / "cells"
SEED = 2018
# Shares of each class of the mono-crystalline cells; what is left of them is for training.
VALIDATION, TEST = 0.12, 0.23


def cells(data):
    """(file, class, crystal) of each photograph, in the order of the package's list."""
    for line in (data / "labels.csv").read_text().splitlines():
        path, probability, crystal = line.split()
        yield data / path, "functional" if float(probability) < 0.5 else "defective", crystal


def split(members):
    """The parts of one class, drawn at random."""
    shuffled = members[:]
    random.Random(SEED).shuffle(shuffled)
    validation, test = round(VALIDATION * len(members)), round(TEST * len(members))
    return {
        "val": shuffled[:validation],
        "test": shuffled[validation : validation + test],
        "train": shuffled[validation + test :],
    }


def main():
    by_class = {}
    for file, name, crystal in cells(unpacked("elpv-dataset", "1.0.0.post1") / "elpv_dataset" / "data"):
        by_class.setdefault((crystal, name), []).append(file)
    shutil.rmtree(OUT, ignore_errors=True)
    for (crystal, name), members in sorted(by_class.items()):
        parts = {f"mono/{k}": v for k, v in split(members).items()} if crystal == "mono" else {"poly": members}
        for part, files in parts.items():
            folder = OUT / part / name
            folder.mkdir(parents=True)
            for file in files:
                shutil.copyfile(file, folder / file.name)
            print(f"{part}/{name}: {len(files)} images")


main()
