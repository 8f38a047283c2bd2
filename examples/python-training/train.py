"""Trains a model from Python with the files of `holdfast artifacts` and the stock onnxruntime: no framework, no training build.

    holdfast artifacts model.onnx --out artifacts --dim batch=32
    pip install onnxruntime numpy onnx
    python train.py artifacts batches.npz --lr 1e-3 --epochs 2 --model model.onnx --export trained.onnx

batches.npz (or .safetensors) holds the model's inputs and `targets`, each with one more axis in front: [batches, batch, ...].
"""

import argparse
import json
import pathlib

import numpy as np
import onnxruntime as ort


def read_safetensors(path):
    """The tensors of a .safetensors file: 8 bytes of length, a header in JSON, the data."""
    data = pathlib.Path(path).read_bytes()
    end = 8 + int.from_bytes(data[:8], "little")
    header = json.loads(data[8:end])
    header.pop("__metadata__", None)
    kinds = {"F32": np.float32, "F16": np.float16, "I64": np.int64, "I32": np.int32, "BOOL": np.bool_}
    return {
        name: np.frombuffer(data, kinds[t["dtype"]], offset=end + t["data_offsets"][0], count=int(np.prod(t["shape"])))
        .reshape(t["shape"])
        .copy()
        for name, t in header.items()
    }


class Trainer:
    """A model and its optimizer, from the folder that `holdfast artifacts` wrote."""

    def __init__(self, folder, threads=0):
        folder = pathlib.Path(folder)
        options = ort.SessionOptions()
        options.intra_op_num_threads = threads
        options.enable_mem_pattern = False  # for training graphs it costs memory and a slow second step
        session = lambda name: ort.InferenceSession(str(folder / name), options, providers=["CPUExecutionProvider"])
        self.training = session("training_model.onnx")
        self.evaluation = session("eval_model.onnx")
        self.optimizer = session("optimizer_model.onnx")
        self.about = json.loads((folder / "artifacts.json").read_text())
        stored = read_safetensors(folder / "checkpoint.safetensors")
        self.parameters = {p["name"]: stored[p["name"]] for p in self.about["parameters"]}
        self.states = {}  # zero before the first step
        self.anchors = {}  # the values that training starts from, or those of a file
        for p in self.about["parameters"]:
            for state in p["states"]:
                self.states[state["name"]] = np.zeros(state["shape"], np.float32)
            if p["anchorInput"]:
                self.anchors[p["anchorInput"]] = stored.get(p["anchorInput"], stored[p["name"]]).copy()
        self.steps = 0

    def step(self, inputs, targets, lr):
        """One optimizer step on a batch. Returns its loss before the step."""
        gradients = [p["gradient"] for p in self.about["parameters"]]
        loss, *values = self.training.run(["loss", *gradients], {**inputs, "targets": targets, **self.parameters})
        self.steps += 1
        feeds = {**self.parameters, **dict(zip(gradients, values)), **self.states, **self.anchors}
        feeds |= {"lr": np.array(lr, np.float32), "step": np.array(self.steps, np.int64)}
        names = [o.name for o in self.optimizer.get_outputs()]
        for name, value in zip(names, self.optimizer.run(names, feeds)):
            own = name.removesuffix("_next")
            (self.parameters if own in self.parameters else self.states)[own] = value
        return float(loss)

    def loss(self, inputs, targets):
        """The loss of a batch, nothing else changed."""
        return float(self.evaluation.run(["loss"], {**inputs, "targets": targets, **self.parameters})[0])

    def export(self, model, path):
        """Writes the source model with the trained weights in the place of its own."""
        import onnx
        from onnx import numpy_helper

        proto = onnx.load(model)
        stored = {i.name: i for i in proto.graph.initializer}
        for node in proto.graph.node:
            if node.op_type == "Constant" and node.attribute[0].name == "value":
                stored[node.output[0]] = node.attribute[0].t
        for name, value in self.parameters.items():
            before = stored[name]
            kind = onnx.helper.tensor_dtype_to_np_dtype(before.data_type)
            before.CopyFrom(numpy_helper.from_array(value.astype(kind), before.name))
        onnx.save(proto, path)


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("artifacts", help="folder that holdfast artifacts wrote")
    arguments.add_argument("batches", help="the model's inputs and targets, one more axis in front")
    arguments.add_argument("--lr", type=float, default=1e-4)
    arguments.add_argument("--epochs", type=int, default=1)
    arguments.add_argument("--threads", type=int, default=0)
    arguments.add_argument("--model", help="the source model, for --export")
    arguments.add_argument("--export", help="where the trained model goes")
    arguments.add_argument("--save", help=".npz for the trained parameters and the losses")
    given = arguments.parse_args()

    trainer = Trainer(given.artifacts, given.threads)
    batches = np.load(given.batches) if given.batches.endswith(".npz") else read_safetensors(given.batches)
    inputs = [i["name"] for i in trainer.about["inputs"]]
    losses = []
    for epoch in range(given.epochs):
        for i in range(len(batches["targets"])):
            losses.append(trainer.step({name: batches[name][i] for name in inputs}, batches["targets"][i], given.lr))
            print(f"epoch {epoch + 1} batch {i + 1}: loss {losses[-1]:.6f}", flush=True)
    if given.save:
        np.savez(given.save, losses=np.array(losses), **trainer.parameters)
    if given.export:
        trainer.export(given.model, given.export)


if __name__ == "__main__":
    main()
