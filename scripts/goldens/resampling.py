"""Writes src/data/goldens/resampling.json: what torchaudio makes of a sound at other rates.

    pip install numpy torch torchaudio && python scripts/goldens/resampling.py
"""

import base64
import json
import pathlib

import numpy as np
import torch
from torchaudio.functional import resample

OUT = pathlib.Path(__file__).parents[2] / "src" / "data" / "goldens" / "resampling.json"
rng = np.random.default_rng(0)
# Noise has every frequency that a rate can bear, and those that the other one cannot.
wave = np.round(np.clip(rng.normal(0, 0.3, 500), -1, 0.999) * 2**15).astype(np.int16)
sound = torch.from_numpy(wave.astype(np.float64) / 2**15)


def text(array):
    return base64.b64encode(np.ascontiguousarray(array).tobytes()).decode()


cases = []
for rates in [(44100, 16000), (8000, 16000), (22050, 16000), (48000, 16000), (16000, 11025)]:
    out = resample(sound, *rates, lowpass_filter_width=24, rolloff=0.95, resampling_method="sinc_interp_hann")
    cases.append({"from": rates[0], "to": rates[1], "resampled": text(out.numpy().astype(np.float32))})
OUT.write_text(json.dumps({"wave": text(wave), "cases": cases}, indent=1) + "\n")
