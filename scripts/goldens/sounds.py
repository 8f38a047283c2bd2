"""Writes src/data/goldens/sounds.json: small WAV files of every encoding, and what libsndfile reads from them.

    pip install numpy soundfile && python scripts/goldens/sounds.py
"""

import base64
import io
import json
import pathlib

import numpy as np
import soundfile

OUT = pathlib.Path(__file__).parents[2] / "src" / "data" / "goldens" / "sounds.json"
rng = np.random.default_rng(0)

cases = []
for container in ["WAV", "WAVEX"]:
    for subtype in ["PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE"]:
        for channels in [1, 2]:
            wave = np.clip(rng.normal(0, 0.4, (9, channels)), -1, 0.999)
            wave[0], wave[1] = -1, 0
            file = io.BytesIO()
            soundfile.write(file, wave, 16000 if channels == 1 else 44100, subtype=subtype, format=container)
            file.seek(0)
            data, rate = soundfile.read(file, dtype="float64", always_2d=True)
            cases.append(
                {
                    "name": f"{container} {subtype} {channels}",
                    "sampleRate": rate,
                    "bytes": base64.b64encode(file.getvalue()).decode(),
                    "mono": data.mean(axis=1).tolist(),
                }
            )
OUT.write_text(json.dumps(cases, separators=(",", ":")) + "\n")
