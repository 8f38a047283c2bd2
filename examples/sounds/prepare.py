"""A model of speech as one ONNX file, and spoken words as WAV files, for the example of sounds.

    pip install numpy onnx onnxruntime && apt install espeak-ng
    python examples/sounds/prepare.py

The model is Google's speech embedding as the package openwakeword 0.4.0 (Apache-2.0) ships it: one file from a wave to mel
energies, one from these to features. They are joined into speech/onnx/model.onnx, float32 [batch, 16000] to [batch, 96], and
the joined file must say what the two say by the package's own recipe. espeak-ng speaks ten words into words/: train,
validation and test by five voices, and as shifted sets other voices, accents, whisper, haste and noise. A minute on one core;
40 MB in examples/sounds/.cache, which git ignores.
"""

import io
import random
import shutil
import subprocess
import sys
import wave
import zipfile
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
from onnx import TensorProto, compose, helper, numpy_helper

CACHE = Path(__file__).parent / ".cache"
PACKAGE = "openwakeword==0.4.0"
SAMPLES = 16_000
"""A second at the model's rate: three windows of features."""
FULL_SCALE = 32_768.0
"""The package takes 16-bit numbers, Holdfast waves from −1 to 1."""
PREPROCESSOR = '{ "feature_extractor_type": "Wav2Vec2FeatureExtractor", "sampling_rate": 16000, "do_normalize": false }\n'

WORDS = ["yes", "no", "up", "down", "left", "right", "on", "off", "stop", "go"]
TRAINED = [f"en-us+{name}" for name in ("m1", "m3", "m7", "Andy", "Denis")]
CALM = (130, 190)
"""Words a minute."""
SETS = {  # voices, speeds, signal to noise in decibels, clips of each word
    "train": (TRAINED, CALM, None, 20),
    "validation": (TRAINED, CALM, None, 10),
    "test": (TRAINED, CALM, None, 20),
    "women": ([f"en-us+{name}" for name in ("f1", "f2", "f4", "Annie", "linda", "steph")], CALM, None, 20),
    "accents": (["en-gb-scotland", "en-029", "en-gb-x-gbcwmd", "en-us-nyc"], CALM, None, 20),
    "whisper": (["en-us+whisper", "en-us+whisperf"], CALM, None, 20),
    "haste": (TRAINED, (300, 400), None, 20),
    "noise": (TRAINED, CALM, 5.0, 20),
}


def package():
    """The two files of the package, from waves to mel energies and from these to features."""
    folder = CACHE / "packages"
    if not list(folder.glob("openwakeword*")):
        subprocess.run([sys.executable, "-m", "pip", "download", "--no-deps", "-q", "-d", str(folder), PACKAGE], check=True)
    with zipfile.ZipFile(next(folder.glob("openwakeword*"))) as wheel:
        inside = "openwakeword/resources/models/"
        return [wheel.read(f"{inside}{name}.onnx") for name in ("melspectrogram", "embedding_model")]


def mel_of_each(model):
    """The spectrogram's file, so that a batch is what its waves are one by one, from waves of −1 to 1.

    As it is, it cuts at 80 dB below the loudest of the whole batch.
    """
    graph = model.graph
    cut = next(node for node in graph.node if node.op_type == "ReduceMax")
    cut.attribute.extend([helper.make_attribute("axes", [1, 2, 3])])
    next(a for a in cut.attribute if a.name == "keepdims").i = 1
    last = graph.node[-1]  # Clip takes one bound for all
    assert last.op_type == "Clip" and last.input[1] != ""
    graph.initializer.remove(next(i for i in graph.initializer if i.name == last.input[2]))
    last.CopyFrom(helper.make_node("Max", last.input[:2], last.output, name="cut"))
    first = next(node for node in graph.node if "input" in node.input)
    first.input[0] = "wave_16_bit"
    graph.node.insert(0, helper.make_node("Mul", ["input", "full_scale"], ["wave_16_bit"], name="to_16_bit"))
    # The package's recipe: x / 10 + 2, and the four axes that the embedding takes.
    graph.node.extend(
        [
            helper.make_node("Div", [last.output[0], "ten"], ["tenth"], name="tenth"),
            helper.make_node("Add", ["tenth", "two"], ["shifted"], name="shifted"),
            helper.make_node("Transpose", ["shifted"], ["energies"], name="energies", perm=[0, 2, 3, 1]),
        ]
    )
    constants = {"full_scale": FULL_SCALE, "ten": 10.0, "two": 2.0}
    graph.initializer.extend(numpy_helper.from_array(np.array(v, np.float32), n) for n, v in constants.items())
    declare(graph.input, "input", ["batch", SAMPLES])
    declare(graph.output, "energies", ["batch", frames(), 32, 1])


def features_of_any_length(model):
    """The embedding's file for all windows of a second at once; their mean is the output, float32 [batch, 96]."""
    graph = model.graph
    for name, shape in {"new_shape__315": [-1, 1, frames(), 34], "new_shape__264": [0, 96, -1]}.items():
        old = next(i for i in graph.initializer if i.name == name)
        old.CopyFrom(numpy_helper.from_array(np.array(shape, np.int64), name))
    last = graph.node[-1]
    last.output[0] = "windows"
    graph.node.append(helper.make_node("ReduceMean", ["windows"], ["features"], name="features", axes=[2], keepdims=0))
    declare(graph.input, "input_1", ["batch", frames(), 32, 1])
    declare(graph.output, "features", ["batch", 96])


def frames():
    """Of 512 numbers, 160 apart."""
    return (SAMPLES - 512) // 160 + 1


def declare(values, name, dims):
    del values[:]
    values.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, dims))


def write_model():
    files = package()
    mel, embedding = (onnx.load_from_string(file) for file in files)
    mel_of_each(mel)
    features_of_any_length(embedding)
    joined = compose.merge_models(mel, embedding, io_map=[("energies", "input_1")])
    del joined.graph.value_info[:]
    onnx.checker.check_model(joined, full_check=True)
    folder = CACHE / "speech"
    (folder / "onnx").mkdir(parents=True, exist_ok=True)
    onnx.save(joined, folder / "onnx/model.onnx")
    (folder / "preprocessor_config.json").write_text(PREPROCESSOR)
    check(files, joined.SerializeToString())


def check(files, joined):
    """The joined file on a batch, against the two files on each wave and window, as openwakeword runs them."""
    mel, embedding, both = (ort.InferenceSession(f, providers=["CPUExecutionProvider"]) for f in [*files, joined])
    rng = np.random.default_rng(1)
    loudness = np.array([[0.5], [0.01], [0.2]])
    waves = (loudness * rng.normal(size=(3, SAMPLES)) * np.sin(np.arange(SAMPLES) / 2000)).clip(-1, 1).astype(np.float32)
    expected = []
    for one in waves:
        energies = mel.run(None, {"input": one[None] * np.float32(FULL_SCALE)})[0].squeeze() / 10 + 2
        windows = [energies[None, at : at + 76, :, None] for at in (0, 8, 16)]
        expected.append(np.mean([embedding.run(None, {"input_1": w})[0].squeeze() for w in windows], axis=0))
    found = both.run(None, {"input": waves})[0]
    error = np.abs(found - np.array(expected)).max()
    print(f"model: {found.shape[1]} features of {SAMPLES} numbers; at most {error:.1e} from the package's two files")
    assert error < 1e-3 * np.abs(found).max(), "the joined file says something else"


def spoken(word, voice, speed, pitch):
    """Float64 from −1 to 1, and the rate, as espeak-ng speaks a word."""
    command = ["espeak-ng", "-v", voice, "-s", str(speed), "-p", str(pitch), "--stdout", word]
    with wave.open(io.BytesIO(subprocess.run(command, check=True, capture_output=True).stdout)) as file:
        data = np.frombuffer(file.readframes(file.getnframes()), np.int16)
        return data / FULL_SCALE, file.getframerate()


def clip(sound, rate, rng, decibels):
    """At most a second: some silence, the word at some loudness, and noise if there is any."""
    at = np.flatnonzero(np.abs(sound) > 0.01)
    sound = sound[at[0] : at[-1] + 1][:rate]
    sound = sound * rng.uniform(0.2, 0.9) / np.abs(sound).max()
    silence = np.zeros(int(rng.uniform(0, max(0, rate - len(sound)))))
    whole = np.concatenate([silence, sound, np.zeros(max(0, rate - len(sound) - len(silence)))])
    if decibels is not None:
        noise = np.random.default_rng(rng.getrandbits(32)).normal(size=len(whole))
        whole = whole + noise * np.sqrt(np.mean(sound**2)) * 10 ** (-decibels / 20)
    return np.round(whole.clip(-1, 1) * (FULL_SCALE - 1)).astype(np.int16)


def write_words():
    for name, (voices, speeds, decibels, count) in SETS.items():
        rng = random.Random(name)
        for word in WORDS:
            folder = CACHE / "words" / name / word
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            for i in range(count):
                speed, pitch = rng.randint(*speeds), rng.randint(20, 80)
                sound, rate = spoken(word, voices[i % len(voices)], speed, pitch)
                with wave.open(str(folder / f"{i:02d}.wav"), "wb") as file:
                    file.setparams((1, 2, rate, 0, "NONE", ""))
                    file.writeframes(clip(sound, rate, rng, decibels).tobytes())
        print(f"{name}: {count * len(WORDS)} clips, {len(voices)} voices")


if __name__ == "__main__":
    write_model()
    write_words()
