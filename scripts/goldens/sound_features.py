"""Writes src/data/goldens/sound-features.json: what transformers' feature extractors make of two sounds.

    pip install numpy torch transformers && python scripts/goldens/sound_features.py
"""

import base64
import json
import pathlib

import numpy as np
from transformers import ASTFeatureExtractor, Wav2Vec2FeatureExtractor, WhisperFeatureExtractor

OUT = pathlib.Path(__file__).parents[2] / "src" / "data" / "goldens" / "sound-features.json"
RATE = 16000
rng = np.random.default_rng(0)


def sound(count):
    """A rising tone in noise, in whole steps of 2^-15."""
    t = np.arange(count) / RATE
    wave = 0.4 * np.sin(2 * np.pi * (300 + 2500 * t) * t) + rng.normal(0, 0.02, count)
    return np.round(wave * 2**15).astype(np.int16)


def text(array):
    return base64.b64encode(np.ascontiguousarray(array).tobytes()).decode()


SOUNDS = {"short": sound(5000), "long": sound(9000)}
CASES = [
    ("short", WhisperFeatureExtractor(feature_size=40, chunk_length=1), {}, [40, 100]),
    ("long", WhisperFeatureExtractor(feature_size=16, chunk_length=1, n_fft=256, hop_length=320), {}, [16, 50]),
    ("short", ASTFeatureExtractor(num_mel_bins=64, max_length=40), {}, [40, 64]),
    ("long", ASTFeatureExtractor(num_mel_bins=32, max_length=20, do_normalize=False), {}, [20, 32]),
    ("short", Wav2Vec2FeatureExtractor(return_attention_mask=True), {"max_length": 6000}, [6000]),
    ("short", Wav2Vec2FeatureExtractor(return_attention_mask=False), {"max_length": 6000}, [6000]),
    ("long", Wav2Vec2FeatureExtractor(do_normalize=False), {"max_length": 1000}, [1000]),
]

cases = []
for name, extractor, options, dims in CASES:
    if options:
        options = {**options, "padding": "max_length", "truncation": True}
    wave = SOUNDS[name].astype(np.float32) / np.float32(2**15)
    out = extractor(wave, sampling_rate=RATE, return_tensors="np", **options)
    features = np.asarray(out[extractor.model_input_names[0]][0], dtype=np.float32)
    assert list(features.shape) == dims, (features.shape, dims)
    cases.append({"sound": name, "json": json.loads(extractor.to_json_string()), "dims": dims, "features": text(features)})
    cases[-1]["json"].pop("mel_filters", None)
    cases[-1]["json"].pop("window", None)

OUT.write_text(json.dumps({"rate": RATE, "sounds": {k: text(v) for k, v in SOUNDS.items()}, "cases": cases}, indent=1) + "\n")
