"""The models of bench/train-step.mjs and bench/predict.mjs: random weights, the same ones each time, and one batch."""

import torch
from torch import nn
from transformers import (
    BertConfig,
    BertForSequenceClassification,
    MobileNetV2Config,
    MobileNetV2ForImageClassification,
    ResNetConfig,
    ResNetForImageClassification,
    ViTConfig,
    ViTForImageClassification,
)


def mlp(batch):
    net = nn.Sequential(nn.Linear(784, 512), nn.ReLU(), nn.Linear(512, 256), nn.ReLU(), nn.Linear(256, 10))
    return net, {"input": torch.randn(batch, 784)}, 10


def bert(batch):
    """The encoder of all-MiniLM-L6-v2 with a classifier."""
    config = BertConfig(
        hidden_size=384, num_hidden_layers=6, num_attention_heads=12, intermediate_size=1536, num_labels=2
    )
    ids = torch.randint(0, config.vocab_size, (batch, 128))
    mask = torch.ones(batch, 128, dtype=torch.int64)
    mask[: batch // 2, 96:] = 0
    return BertForSequenceClassification(config), {"input_ids": ids, "attention_mask": mask}, 2


def resnet18(batch):
    """Batch norms keep their statistics, as when a deployed model is fine-tuned."""
    config = ResNetConfig(
        layer_type="basic", hidden_sizes=[64, 128, 256, 512], depths=[2, 2, 2, 2], num_labels=1000
    )
    return ResNetForImageClassification(config), {"pixel_values": torch.randn(batch, 3, 224, 224)}, 1000


def mobilenet(batch):
    config = MobileNetV2Config(tf_padding=False, num_labels=1000)
    return MobileNetV2ForImageClassification(config), {"pixel_values": torch.randn(batch, 3, 224, 224)}, 1000


def vit(width, depth):
    def make(batch):
        config = ViTConfig(
            hidden_size=width,
            num_hidden_layers=depth,
            num_attention_heads=width // 64,
            intermediate_size=4 * width,
            num_labels=1000,
        )
        return ViTForImageClassification(config), {"pixel_values": torch.randn(batch, 3, 224, 224)}, 1000

    return make


MODELS = {
    "mlp": (mlp, 64),
    "bert-6x384": (bert, 16),
    "mobilenet-v2": (mobilenet, 8),
    "resnet-18": (resnet18, 16),
    "vit-s": (vit(384, 12), 8),
    "vit-b": (vit(768, 12), 8),
}


class Logits(nn.Module):
    """A model that takes its inputs in order and gives logits alone."""

    def __init__(self, net, names):
        super().__init__()
        self.net = net
        self.names = names

    def forward(self, *inputs):
        if isinstance(self.net, nn.Sequential):
            return self.net(*inputs)
        return self.net(**dict(zip(self.names, inputs)), return_dict=True).logits


def build(name):
    """The model in evaluation mode (no dropout, frozen statistics), its inputs by name, and targets."""
    make, batch = MODELS[name]
    torch.manual_seed(0)
    net, inputs, classes = make(batch)
    with torch.no_grad():
        for p in net.parameters():
            p.add_(0.02 * torch.randn_like(p))  # no two tensors are equal, so that the exporter merges none
        for key, buffer in net.named_buffers():
            if key.endswith("running_mean"):
                buffer.normal_(0, 0.1)
            if key.endswith("running_var"):
                buffer.uniform_(0.8, 1.2)
    return Logits(net, list(inputs)).eval(), inputs, torch.randint(0, classes, (batch,))
