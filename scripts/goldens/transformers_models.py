"""Small models as the Hub has them, for test/transformers-js.test.ts.

    pip install torch transformers onnx tokenizers pillow
    OMP_NUM_THREADS=1 python scripts/goldens/transformers_models.py     # writes test/fixtures/transformers/

bert     BertModel with its tokenizer: token ids to `last_hidden_state`, no classifier
vit      ViTForImageClassification of four classes with its preprocessor, which resizes and crops
resnet   ResNetForImageClassification as an .onnx file alone: input `image`, output `scores` after a softmax
"""

import shutil
import sys
from pathlib import Path

sys.path.pop(0)  # Else statistics.py beside this file stands in for Python's own.

import torch
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import (
    BertConfig,
    BertModel,
    PreTrainedTokenizerFast,
    ResNetConfig,
    ResNetForImageClassification,
    ViTConfig,
    ViTForImageClassification,
    ViTImageProcessor,
)

TARGET = Path(__file__).parents[2] / "test/fixtures/transformers"
WORDS = (
    "the a this that film book was is and but not so very quite rather good fine great lovely warm bright "
    "bad poor dull awful cold dark Anna Boris lives works in at Paris Rome Oslo ."
)
LABELS = ["north", "east", "south", "west"]


class Outputs(torch.nn.Module):
    """A model of Transformers as a function of tensors to one of its outputs."""

    def __init__(self, model, inputs, output, softmax=False):
        super().__init__()
        self.model, self.inputs, self.output, self.softmax = model, inputs, output, softmax

    def forward(self, *tensors):
        value = self.model(**dict(zip(self.inputs, tensors)))[self.output]
        return value.softmax(-1) if self.softmax else value


def export(model, path, *, inputs, names, output, name, axes, softmax=False):
    path.parent.mkdir(parents=True, exist_ok=True)
    torch.onnx.export(
        Outputs(model.eval(), list(inputs), output, softmax),
        tuple(inputs.values()),
        str(path),
        input_names=names,
        output_names=[name],
        dynamic_axes={key: axes for key in [*names, *([name] if output == "last_hidden_state" else [])]} | (
            {} if output == "last_hidden_state" else {name: {0: "batch"}}
        ),
        opset_version=17,
        dynamo=False,
    )


def bert():
    folder = TARGET / "bert"
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=False)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.train_from_iterator([WORDS], trainers.WordPieceTrainer(vocab_size=180, special_tokens=special))
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    tokenizer.decoder = decoders.WordPiece()
    names = dict(pad_token="[PAD]", unk_token="[UNK]", cls_token="[CLS]", sep_token="[SEP]", mask_token="[MASK]")
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, model_max_length=32, **names).save_pretrained(folder)
    config = BertConfig(
        vocab_size=tokenizer.get_vocab_size(),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=64,
        max_position_embeddings=32,
    )
    model = BertModel(config, add_pooling_layer=False)
    model.config.architectures = ["BertModel"]
    model.config.save_pretrained(folder)
    ids = torch.randint(5, 60, (2, 9))
    export(
        model,
        folder / "onnx/model.onnx",
        inputs={"input_ids": ids, "attention_mask": torch.ones_like(ids), "token_type_ids": torch.zeros_like(ids)},
        names=["input_ids", "attention_mask", "token_type_ids"],
        output="last_hidden_state",
        name="last_hidden_state",
        axes={0: "batch", 1: "sequence"},
    )


def vit():
    folder = TARGET / "vit"
    config = ViTConfig(
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=64,
        image_size=16,
        patch_size=4,
        id2label=dict(enumerate(LABELS)),
        label2id={name: i for i, name in enumerate(LABELS)},
    )
    model = ViTForImageClassification(config)
    model.config.architectures = ["ViTForImageClassification"]
    model.config.save_pretrained(folder)
    ViTImageProcessor(
        size={"height": 16, "width": 16}, resample=2, image_mean=[0.5, 0.4, 0.3], image_std=[0.25, 0.25, 0.2]
    ).save_pretrained(folder)
    export(
        model,
        folder / "onnx/model.onnx",
        inputs={"pixel_values": torch.randn(2, 3, 16, 16)},
        names=["pixel_values"],
        output="logits",
        name="logits",
        axes={0: "batch"},
    )


def resnet():
    config = ResNetConfig(
        embedding_size=8, hidden_sizes=[8, 16], depths=[1, 1], layer_type="basic", num_labels=4, downsample_in_first_stage=False
    )
    export(
        ResNetForImageClassification(config),
        TARGET / "resnet/model.onnx",
        inputs={"pixel_values": torch.randn(2, 3, 16, 16)},
        names=["image"],
        output="logits",
        name="scores",
        axes={0: "batch"},
        softmax=True,
    )


if __name__ == "__main__":
    torch.manual_seed(0)
    shutil.rmtree(TARGET, ignore_errors=True)
    for make in (bert, vit, resnet):
        make()
