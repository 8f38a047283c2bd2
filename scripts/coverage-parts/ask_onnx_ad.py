"""Asks onnx-ad for an adjoint model: onnx_ad.reverse, its public function."""

import onnx
from onnx_ad import reverse
from protocol import scratch_file, serve


def answer(question):
    model = onnx.load(question["model"])
    adjoint = reverse(model, inputs=question["wrt"], outputs=[question["output"]], prefix="adj_", layout="onnx")
    file = scratch_file(question, ".onnx-ad.onnx")
    onnx.save(adjoint, file)
    own = len(model.graph.input)
    primal = len(model.graph.output)
    return {
        "derivative": file,
        "cotangent": adjoint.graph.input[own].name,
        "gradients": dict(zip(question["wrt"], [o.name for o in adjoint.graph.output[primal:]])),
        "trailing": True,  # several cotangents lie along a last axis; here there is one
    }


serve(answer)
