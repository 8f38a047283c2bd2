"""Writes JPEGs that cost what photographs cost: make_photos.py FOLDER COUNT

640x480, quality 90, about 160 kB each: colours whose spectrum falls with frequency as that of natural images does.
"""

import pathlib
import sys

import numpy as np
from PIL import Image

HEIGHT, WIDTH = 480, 640


def plane(rng, frequency):
    """Noise of mean 0 and variance 1 whose amplitudes fall as frequency^-1.2."""
    spectrum = np.fft.rfft2(rng.standard_normal((HEIGHT, WIDTH))) / frequency**1.2
    values = np.fft.irfft2(spectrum, s=(HEIGHT, WIDTH))
    return values / values.std()


def photo(seed):
    rng = np.random.default_rng(seed)
    frequency = np.hypot(np.fft.fftfreq(HEIGHT)[:, None], np.fft.rfftfreq(WIDTH)[None, :])
    frequency[0, 0] = 1
    luma, warm, cool = (plane(rng, frequency) for _ in range(3))
    colours = np.stack([luma + 0.4 * warm, luma - 0.2 * warm - 0.2 * cool, luma + 0.4 * cool], -1)
    return Image.fromarray(np.clip(118 + 55 * colours, 0, 255).astype(np.uint8))


if __name__ == "__main__":
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for i in range(int(sys.argv[2])):
        photo(i).save(folder / f"{i:04}.jpg", quality=90)
