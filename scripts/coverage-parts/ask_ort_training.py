"""Asks onnxruntime-training for a gradient graph, with the calls that its generate_artifacts makes, and runs it."""

import numpy as np
import onnx
import onnxruntime as ort
from onnxruntime.capi._pybind_state import GradientGraphBuilder, get_optimized_model
from protocol import scratch_file, serve


def answer(question):
    model = onnx.load(question["model"])
    graph = model.graph
    feeds = dict(np.load(question["feeds"]))
    cotangent = feeds["cotangent"]
    graph.input.append(onnx.helper.make_tensor_value_info("cotangent", onnx.TensorProto.FLOAT, cotangent.shape))
    graph.node.extend(
        [
            onnx.helper.make_node("Mul", [question["output"], "cotangent"], ["coverage/weighted"]),
            onnx.helper.make_node("ReduceSum", ["coverage/weighted"], ["coverage/loss"], keepdims=0),
        ]
    )
    graph.output.insert(0, onnx.helper.make_tensor_value_info("coverage/loss", onnx.TensorProto.FLOAT, []))
    wrt = set(question["wrt"])
    options = ort.SessionOptions()
    options.log_severity_level = 4
    optimized = get_optimized_model(model.SerializeToString(), wrt, options)
    builder = GradientGraphBuilder(optimized, {"coverage/loss"}, wrt, "coverage/loss", options)
    builder.build()
    session = ort.InferenceSession(builder.get_model(), options, providers=["CPUExecutionProvider"])
    given = {o.name for o in session.get_outputs()}
    names = [name for name in question["wrt"] if f"{name}_grad" in given]
    asked = {i.name: feeds[i.name] for i in session.get_inputs()}
    results = session.run([f"{name}_grad" for name in names], asked)
    file = scratch_file(question, ".ort-training.npz")
    np.savez(file, **dict(zip(names, results)))
    return {"npz": file}


serve(answer)
