"""Prepares a model for packages that want it simple: onnxsim's simplifier with every input shape fixed, without and with
its optimisations."""

import numpy as np
import onnx
import onnxsim
from protocol import scratch_file, serve


def answer(question):
    feeds = np.load(question["feeds"])
    model = onnx.load(question["model"])
    shapes = {v.name: list(feeds[v.name].shape) for v in model.graph.input}
    files = []
    for optimizes in (False, True):
        simple, _ = onnxsim.simplify(model, overwrite_input_shapes=shapes, perform_optimization=optimizes)
        files.append(scratch_file(question, f".simplified{int(optimizes)}.onnx"))
        onnx.save(simple, files[-1])
    return {"models": files}


serve(answer)
