"""Adapters there and back between Python PEFT and Holdfast: writes src/peft/fixtures, and checks both ways on the way.

A tiny vision transformer (transformers, random weights) is exported by both of PyTorch's exporters, and a tiny table of
embeddings by one. PEFT trains adapters on them for a few steps and saves them; their logits are the goldens of
src/peft/peft-files.test.ts. Then Holdfast trains adapters on the exported file, and PEFT loads them: its logits must be
those of the merged ONNX model, and become goldens too.

    npm run build && python scripts/goldens/peft_roundtrip.py && npm run format

Needs torch, transformers, peft, onnx, onnxscript, onnxruntime, safetensors; written with peft 0.21.2, transformers 5.24.0.
"""

import json
import shutil
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from peft import IA3Config, LoraConfig, PeftModel, get_peft_model
from safetensors.numpy import save_file
from transformers import BertConfig, BertForTokenClassification, ViTConfig, ViTForImageClassification

ROOT = Path(__file__).resolve().parents[2]
OUT = ROOT / "src/peft/fixtures"
CLI = ROOT / "dist/cli/main.js"
# Of float32 sums over a few hundred products, relative to the largest logit.
TOLERANCE = 2e-5
ATTENTION = ["q_proj", "v_proj"]

CONFIGS = {
    "lora": LoraConfig(r=3, lora_alpha=6, target_modules=[*ATTENTION, "fc1", "projection"]),
    "rslora": LoraConfig(r=4, lora_alpha=4, use_rslora=True, target_modules=ATTENTION),
    "ranks": LoraConfig(
        r=2,
        lora_alpha=4,
        target_modules="all-linear",
        rank_pattern={"q_proj": 4},
        alpha_pattern={"layers.1.mlp.fc2": 1},
        modules_to_save=["classifier"],
    ),
    "dora": LoraConfig(r=2, lora_alpha=4, use_dora=True, target_modules=[*ATTENTION, "projection"]),
    "ia3": IA3Config(target_modules=["k_proj", "v_proj", "fc2"], feedforward_modules=["fc2"]),
}
# What Holdfast trains, and the flags for it.
TRAINED_HERE = {
    "here-lora": ["--method", "lora", "--peft.targets", "q_proj|v_proj|projection", "--peft.rank", "2"],
    "here-pissa": ["--method", "lora", "--peft.init", "pissa", "--peft.rank", "2"],
    "here-dora": ["--method", "dora", "--peft.rank", "2", "--peft.dropout", "0.1"],
    "here-ia3": ["--method", "ia3", "--peft.targets", "k_proj|v_proj|fc2", "--peft.feedforward", "fc2"],
}


class Tokens(torch.nn.Module):
    """[B, T] indices to [B, 3] logits."""

    def __init__(self):
        super().__init__()
        self.emb = torch.nn.Embedding(11, 6)
        self.head = torch.nn.Linear(6, 3)

    def forward(self, ids):
        return self.head(torch.tanh(self.emb(ids)).mean(1))


def vision() -> torch.nn.Module:
    torch.manual_seed(0)
    config = ViTConfig(
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        image_size=16,
        patch_size=4,
        num_channels=1,
        num_labels=3,
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
        attn_implementation="eager",
    )
    model = ViTForImageClassification(config).eval()
    # Freshly made biases are zero, and exporters keep one copy of equal tensors; a trained model has none.
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if name.endswith("bias"):
                parameter.normal_(0, 0.1)
    return model


def tokens() -> torch.nn.Module:
    torch.manual_seed(1)
    return Tokens().eval()


def text() -> torch.nn.Module:
    torch.manual_seed(4)
    config = BertConfig(
        vocab_size=30,
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=24,
        max_position_embeddings=32,
        num_labels=3,
        initializer_range=0.3,
        attn_implementation="eager",
    )
    return BertForTokenClassification(config).eval()


def export_text(path: Path) -> None:
    """input_ids, attention_mask and token_type_ids [batch, sequence] to logits [batch, sequence, 3]."""
    names = ["input_ids", "attention_mask", "token_type_ids"]
    inputs = tuple(torch.ones(2, 7, dtype=torch.int64) for _ in names)
    axes = {name: {0: "batch", 1: "sequence"} for name in [*names, "logits"]}
    torch.onnx.export(
        text(), inputs, str(path), input_names=names, output_names=["logits"], dynamic_axes=axes,
        opset_version=17, dynamo=False,
    )
    strip(path)


def export(model, inputs: torch.Tensor, name: str, path: Path, dynamo: bool) -> None:
    if dynamo:
        shapes = ({0: torch.export.Dim("batch")},)
        torch.onnx.export(
            model, (inputs,), str(path), input_names=[name], output_names=["logits"], dynamic_shapes=shapes,
            opset_version=18, dynamo=True, external_data=False,
        )
    else:
        axes = {name: {0: "batch"}, "logits": {0: "batch"}}
        torch.onnx.export(
            model, (inputs,), str(path), input_names=[name], output_names=["logits"], dynamic_axes=axes,
            opset_version=17, dynamo=False,
        )
    strip(path)


def strip(path: Path) -> None:
    """Takes out metadata but the modules' paths: it names the machine that exported."""
    proto = onnx.load(path)
    for node in proto.graph.node:
        node.doc_string = ""
        kept = [p for p in node.metadata_props if p.key == "pkg.torch.onnx.name_scopes"]
        del node.metadata_props[:]
        node.metadata_props.extend(kept)
    del proto.graph.value_info[:]
    onnx.save(proto, path)


def logits_of(model, x: torch.Tensor) -> np.ndarray:
    with torch.no_grad():
        out = model(x)
    return (out.logits if hasattr(out, "logits") else out).numpy()


def train(model, x: torch.Tensor, targets: torch.Tensor) -> None:
    parameters = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(parameters, lr=2e-2)
    for _ in range(6):
        out = model(x)
        loss = torch.nn.functional.cross_entropy(out.logits if hasattr(out, "logits") else out, targets)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


def save(model, folder: Path) -> None:
    """The two files of an adapter, without the model card and the paths of this machine."""
    with tempfile.TemporaryDirectory() as temporary:
        model.save_pretrained(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(Path(temporary) / "adapter_model.safetensors", folder)
        config = json.loads((Path(temporary) / "adapter_config.json").read_text())
    config["auto_mapping"] = None
    (folder / "adapter_config.json").write_text(json.dumps(config, indent=2, sort_keys=True) + "\n")


def onnx_logits(path: Path, feeds: dict) -> np.ndarray:
    return onnxruntime.InferenceSession(str(path)).run(["logits"], feeds)[0]


def check(got: np.ndarray, expected: np.ndarray, base: np.ndarray, what: str) -> None:
    error = np.abs(got - expected).max() / np.abs(expected).max()
    moved = np.abs(expected - base).max() / np.abs(expected).max()
    print(f"{what}: differs by {error:.1e} of the largest logit; the adapter moves them by {moved:.1e}")
    assert error <= TOLERANCE and moved > 1e-3, what


def holdfast(*words: str | Path) -> None:
    subprocess.run(["node", CLI, *map(str, words)], check=True, capture_output=True, text=True)


def main() -> None:
    torch.set_num_threads(1)
    shutil.rmtree(OUT, ignore_errors=True)
    OUT.mkdir(parents=True)
    torch.manual_seed(2)
    x, targets = torch.randn(6, 1, 16, 16), torch.randint(0, 3, (6,))
    ids = torch.randint(0, 11, (4, 5))
    export(vision(), x, "pixel_values", OUT / "vit-torchscript.onnx", dynamo=False)
    export(vision(), x, "pixel_values", OUT / "vit-dynamo.onnx", dynamo=True)
    export_text(OUT / "bert.onnx")  # for prompt.test.ts
    export(tokens(), ids, "ids", OUT / "tokens.onnx", dynamo=False)
    base = logits_of(vision(), x)
    goldens = {"pixel_values": x.numpy(), "ids": ids.numpy(), "base": base}

    # There: trained by PEFT, merged here.
    jobs = [(name, config, vision, x, targets, "pixel_values", "vit-torchscript.onnx") for name, config in CONFIGS.items()]
    table = LoraConfig(r=2, lora_alpha=4, target_modules=["emb", "head"])
    jobs.append(("embedding", table, tokens, ids, targets[:4], "ids", "tokens.onnx"))
    with tempfile.TemporaryDirectory() as temporary:
        for name, config, build, inputs, labels, feed, file in jobs:
            torch.manual_seed(3)
            model = get_peft_model(build(), config)
            train(model, inputs, labels)
            model.eval()
            save(model, OUT / name)
            goldens[name] = logits_of(model, inputs)
            merged = Path(temporary) / f"{name}.onnx"
            holdfast("merge", OUT / file, OUT / name, "--out", merged)
            check(onnx_logits(merged, {feed: inputs.numpy()}), goldens[name], logits_of(build(), inputs), f"{name}: PEFT → Holdfast")

        # And back: trained here, loaded by PEFT.
        rng = np.random.default_rng(0)
        labels = np.arange(60) % 3
        images = rng.integers(0, 120, (60, 16, 16)) + 60 * labels[:, None, None]
        np.savez(Path(temporary) / "data.npz", images=images.astype(np.uint8), labels=labels.astype(np.uint8))
        for name, flags in TRAINED_HERE.items():
            run = Path(temporary) / name
            holdfast(
                "finetune", "--model", OUT / "vit-torchscript.onnx", "--data", Path(temporary) / "data.npz", "--out", run,
                "--epochs", "3", "--batchSize", "10", "--optimizer.lr", "0.02", "--head.mode", "keep", "--no-report",
                "--evaluation.metric", "loss", *flags,
            )
            config = json.loads((run / "adapter/adapter_config.json").read_text())
            config["base_model_name_or_path"] = "vit-torchscript.onnx"
            (OUT / name).mkdir()
            (OUT / name / "adapter_config.json").write_text(json.dumps(config, indent=2) + "\n")
            shutil.copy(run / "adapter/adapter_model.safetensors", OUT / name)
            loaded = PeftModel.from_pretrained(vision(), OUT / name).eval()
            goldens[name] = logits_of(loaded, x)
            merged = onnx_logits(run / "model/onnx/model.onnx", {"pixel_values": x.numpy()})
            check(merged, goldens[name], base, f"{name}: Holdfast → PEFT")
    save_file({k: np.ascontiguousarray(v) for k, v in goldens.items()}, OUT / "goldens.safetensors")


if __name__ == "__main__":
    main()
